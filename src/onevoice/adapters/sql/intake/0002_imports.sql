-- How far each file has been taken in, so that an interrupted import goes on where it stopped.
CREATE TABLE imports (
    fingerprint TEXT PRIMARY KEY,   -- of the file's bytes and the mapping
    path TEXT NOT NULL,
    mapping TEXT NOT NULL,
    done {big} NOT NULL,            -- rows, or groups of rows, taken in so far
    events {big} NOT NULL,
    rejected {big} NOT NULL,
    reject_bytes {big} NOT NULL,    -- size of the reject file at that point
    state TEXT NOT NULL,            -- running | finished
    started_at {big} NOT NULL,
    moved_at {big} NOT NULL
);
