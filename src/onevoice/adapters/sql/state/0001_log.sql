CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,             -- write | secret
    name TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,     -- a write key as it is (it is public); a secret key as its SHA-256
    hint TEXT NOT NULL,             -- the last four characters, to recognise it
    scopes TEXT NOT NULL,           -- space separated
    created_at {big} NOT NULL,
    revoked_at {big}
);

CREATE TABLE cursors (
    consumer TEXT PRIMARY KEY,
    seq {big} NOT NULL,
    moved_at {big} NOT NULL
);

CREATE TABLE definitions (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version {big} NOT NULL,
    body {bytes} NOT NULL,
    created_at {big} NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (kind, name, version)
);

-- The log. Everything below can be rebuilt from it.
CREATE TABLE events (
    seq {serial},
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    channel TEXT NOT NULL,
    node {big} NOT NULL,            -- the anchor's node
    occurred_at {big} NOT NULL,
    received_at {big} NOT NULL,
    derived {big} NOT NULL,         -- 1: written by the house itself; a rebuild makes it anew
    body {bytes} NOT NULL           -- JSON of domain.event.Event
);
-- Wide enough to find a page of a rare channel in a long history without reading its events.
CREATE INDEX events_timeline ON events (node, occurred_at, seq, channel);

-- Message ids and business keys already taken, a row for each batch: pairs of 64 bits of hash and the event's number.
-- The resolver keeps them in memory; a B-tree of hashes would cost a page write for each key.
CREATE TABLE seen (
    id {big} PRIMARY KEY,
    mark {big} NOT NULL,            -- tells two rows of one id apart, should one have been rolled back
    entries {bytes} NOT NULL
);

-- Later copies of a fact already in the log: how often each source said it again.
CREATE TABLE duplicates (
    seq {big} NOT NULL,             -- the first copy, the one in events
    source TEXT NOT NULL,
    count {big} NOT NULL,
    last_at {big} NOT NULL,
    PRIMARY KEY (seq, source)
) {norowid};

CREATE TABLE rejected (
    id {serial},
    received_at {big} NOT NULL,
    source TEXT NOT NULL,
    library TEXT NOT NULL,
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    path TEXT NOT NULL,
    detail TEXT NOT NULL,
    raw {bytes} NOT NULL,
    fingerprint TEXT NOT NULL,      -- groups rejects with one cause
    state TEXT NOT NULL,            -- open | fixed | replayed | discarded
    meta {bytes} NOT NULL,          -- JSON: trust, path, the door's meta, what the batch said for all: for the replay
    replay_of {big} NOT NULL        -- id of the row whose replay was refused again; 0: none
);
CREATE INDEX rejected_state ON rejected (state, id);
CREATE INDEX rejected_fingerprint ON rejected (fingerprint, state, id);
