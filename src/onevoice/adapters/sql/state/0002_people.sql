-- Every identifier is a node; which person it belongs to is a projection that can be made anew from the log.
CREATE TABLE nodes (
    node {big} PRIMARY KEY,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    person TEXT NOT NULL,
    component {big} NOT NULL,       -- the nodes that evidence could join share this label, the number of one of them
    status {big} NOT NULL,          -- 0 open | 1 crowded | 2 shared | 3 blocked
    trust {big} NOT NULL,           -- domain.identifier.Trust: the best that vouched for it
    first_at {big} NOT NULL,        -- the earliest moment at which it was seen
    marks TEXT NOT NULL,            -- names and birth date told with it, one a line
    neighbours {big} NOT NULL,      -- how many other nodes it was ever seen with
    founded {big} NOT NULL,         -- how many person ids were made from it
    dormant TEXT NOT NULL,          -- the person id made from it that is absorbed at present
    held {big} NOT NULL,            -- 1: it labels a component into which more wants than the rules allow
    UNIQUE (kind, value)
);
CREATE INDEX nodes_component ON nodes (component);
CREATE INDEX nodes_person ON nodes (person);

-- Evidence, summed by pair, basis and trust.
CREATE TABLE edges (
    a {big} NOT NULL,               -- the smaller node
    b {big} NOT NULL,
    slot {big} NOT NULL,            -- 0-2 event, 3-5 alias (plus trust), 6 linkage, 7 human
    count {big} NOT NULL,
    first_at {big} NOT NULL,
    last_at {big} NOT NULL,
    via TEXT NOT NULL,              -- id of the first event that said so; of the last, for linkage and humans
    probability {real} NOT NULL,
    verdict TEXT NOT NULL,          -- same | not_same | withdrawn, by humans
    actor TEXT NOT NULL,
    live {big} NOT NULL,            -- 1, 2: more of it could change who belongs together
    PRIMARY KEY (a, b, slot)
) {norowid};
CREATE INDEX edges_b ON edges (b);

CREATE TABLE persons (
    id TEXT PRIMARY KEY,
    founded_at {big} NOT NULL,
    founder {big} NOT NULL,         -- the node from which the id was made
    household TEXT NOT NULL,
    redirect TEXT NOT NULL          -- the person that absorbed this one, for ever
);
CREATE INDEX persons_household ON persons (household);
CREATE INDEX persons_redirect ON persons (redirect, id);

CREATE TABLE households (
    id TEXT PRIMARY KEY,
    node {big} NOT NULL             -- the oldest identifier that its people share
);

-- The identity rules in force, as the last "Identity Rules Changed" event put them.
CREATE TABLE identity_rules (
    id {big} PRIMARY KEY,           -- 1
    version {big} NOT NULL,
    body {bytes} NOT NULL           -- JSON of resolve.rules.Rules
);
