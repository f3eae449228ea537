-- Who is, and was, in which audience: one row a stay. Rows are never deleted by a refresh.
CREATE TABLE members (
    audience TEXT NOT NULL,
    person TEXT NOT NULL,
    stay {big} NOT NULL,            -- 1 for the first time in, 2 for the second …
    version {big} NOT NULL,         -- of the audience when they entered
    entered_at {big} NOT NULL,
    left_at {big},                  -- null: still in
    left_version {big},
    untold {big} NOT NULL,          -- 1: a change of this row has not reached the log yet
    told {big} NOT NULL,            -- changes of this row that the log has: 0, 1 (entered), 2 (entered and left)
    PRIMARY KEY (audience, person, stay)
) {norowid};
CREATE INDEX members_in ON members (audience, person) WHERE left_at IS NULL;
CREATE INDEX members_person ON members (person);
CREATE INDEX members_untold ON members (audience) WHERE untold = 1;

-- The trend of an audience: one row a refresh.
CREATE TABLE audience_sizes (
    audience TEXT NOT NULL,
    at {big} NOT NULL,
    version {big} NOT NULL,
    size {big} NOT NULL,
    entered {big} NOT NULL,
    gone {big} NOT NULL,
    PRIMARY KEY (audience, at)
) {norowid};
