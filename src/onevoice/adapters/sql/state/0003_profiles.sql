-- What each node's own events say; a profile is the merge of its nodes' facets.
CREATE TABLE facets (
    node {big} PRIMARY KEY,
    body {bytes} NOT NULL           -- MessagePack of domain.profile.Facet
) {norowid};

-- The consent ledger: only ever appended to.
CREATE TABLE consents (
    node {big} NOT NULL,            -- the address
    channel TEXT NOT NULL,
    purpose TEXT NOT NULL,
    at {big} NOT NULL,
    event TEXT NOT NULL,            -- the proof
    state TEXT NOT NULL,            -- granted | withdrawn
    source TEXT NOT NULL,
    text_version TEXT NOT NULL,
    actor TEXT NOT NULL,
    trust {big} NOT NULL,
    PRIMARY KEY (node, channel, purpose, at, event)
) {norowid};

-- One line a person for lists and search, written in a deferred pass over those who changed.
CREATE TABLE people (
    person TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    initials TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    city TEXT NOT NULL,
    household TEXT NOT NULL,
    known {big} NOT NULL,           -- 1: somebody we trust vouched for an identifier
    identifiers {big} NOT NULL,
    channels {big} NOT NULL,        -- bit n: the n-th of domain.event.CHANNELS
    first_at {big} NOT NULL,
    last_at {big} NOT NULL,
    events {big} NOT NULL,
    orders {big} NOT NULL,
    revenue {big} NOT NULL,         -- millionths, of the currency most was spent in
    currency TEXT NOT NULL,
    consent TEXT NOT NULL,          -- channels granted for marketing, space separated; withdrawn ones start with -
    tags TEXT NOT NULL,             -- one a line
    terms TEXT NOT NULL             -- what of people_terms is theirs, one a line
);
CREATE INDEX people_last ON people (last_at, person, channels, known);

-- Words of names, and tags (after a #), to the people who have them.
CREATE TABLE people_terms (
    term TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (term, person)
) {norowid};

-- The vocabulary of names: pieces of a word to the word, for search as you type and in spite of typos.
CREATE TABLE people_grams (
    gram TEXT NOT NULL,             -- =word, ^beginning, ~word less a letter, or three letters of ^word$
    word TEXT NOT NULL,
    PRIMARY KEY (gram, word)
) {norowid};

-- Erasures asked for: they can be taken back until they are due.
CREATE TABLE erasures (
    id {serial},
    person TEXT NOT NULL,
    asked_at {big} NOT NULL,
    due_at {big} NOT NULL,
    actor TEXT NOT NULL,
    state TEXT NOT NULL,            -- waiting | running | cancelled | done
    target {bytes} NOT NULL,        -- JSON of domain.erasure.Target while running, so that a crash loses no place
    receipt {bytes} NOT NULL        -- JSON of domain.erasure.Receipt once done; names nobody
);
CREATE INDEX erasures_due ON erasures (state, due_at);
