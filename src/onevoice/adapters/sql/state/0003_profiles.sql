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
