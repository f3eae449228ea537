-- What the gateway has acknowledged: raw bodies in arrival order. In a file of its own on SQLite, so that gateway and
-- worker never wait for one lock.
CREATE TABLE intake (
    seq {serial},
    received_at {big} NOT NULL,
    key TEXT NOT NULL,           -- id of the key that spoke, or the name of a room of the house
    trust {big} NOT NULL,        -- domain.identifier.Trust granted to what it says
    path TEXT NOT NULL,          -- endpoint type: batch, track, identify, pixel, import, emit …
    meta {bytes} NOT NULL,       -- JSON: ip, user agent, retry count, content type, query
    body {bytes} NOT NULL
);
