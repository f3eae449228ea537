-- Codes of offers. `used` counts reservations and redemptions together, so the limit holds under concurrent tills.
CREATE TABLE codes (
    code TEXT PRIMARY KEY,          -- canonical: upper case, without hyphens
    offer TEXT NOT NULL,
    holder TEXT NOT NULL,           -- the person it was made for; empty for bulk and shared codes
    uses {big} NOT NULL,            -- how often it may be redeemed; 0: without limit
    used {big} NOT NULL,
    made_at {big} NOT NULL
) {norowid};
CREATE INDEX codes_holder ON codes (offer, holder);

CREATE TABLE redemptions (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    offer TEXT NOT NULL,
    reference TEXT NOT NULL,        -- the till's own name of the transaction: a repeat is the same redemption
    state TEXT NOT NULL,            -- reserved | committed | released
    at {big} NOT NULL,
    expires_at {big} NOT NULL,      -- a reservation's end
    order_id TEXT NOT NULL,
    UNIQUE (code, reference)
) {norowid};

-- One run of a campaign, its documents pinned.
CREATE TABLE sends (
    id TEXT PRIMARY KEY,
    campaign TEXT NOT NULL,
    version {big} NOT NULL,
    occurrence TEXT NOT NULL,
    title TEXT NOT NULL,
    brief TEXT NOT NULL,
    brief_version {big} NOT NULL,
    offer TEXT NOT NULL,
    offer_version {big} NOT NULL,
    brand TEXT NOT NULL,
    brand_version {big} NOT NULL,
    purpose TEXT NOT NULL,
    target TEXT NOT NULL,           -- where the call to action leads
    state TEXT NOT NULL,            -- running | paused | cancelled
    planned_at {big} NOT NULL,
    UNIQUE (campaign, occurrence)
);

-- The ledger. Its states and moves are in deliver/ledger.py.
CREATE TABLE deliveries (
    send_key TEXT PRIMARY KEY,
    piece TEXT NOT NULL UNIQUE,     -- public id of the piece, in its links
    send TEXT NOT NULL,
    campaign TEXT NOT NULL,
    channel TEXT NOT NULL,
    person TEXT NOT NULL,
    household TEXT NOT NULL,
    anchor_kind TEXT NOT NULL,
    anchor_value TEXT NOT NULL,
    address TEXT NOT NULL,
    guard TEXT NOT NULL UNIQUE,     -- hash of send, channel and address; a loser carries its own key
    code TEXT NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    wake_at {big} NOT NULL,         -- not before
    expires_at {big} NOT NULL,      -- not after
    attempts {big} NOT NULL,
    fence {big} NOT NULL,           -- grows with every claim; a stale worker's write misses it
    lease_until {big} NOT NULL,
    provider_id TEXT NOT NULL,
    planned_at {big} NOT NULL,
    updated_at {big} NOT NULL,
    accepted_at {big} NOT NULL,
    resends {big} NOT NULL,
    told {big} NOT NULL             -- 1 once its event is in the intake
);
CREATE INDEX deliveries_due ON deliveries (state, wake_at);
CREATE INDEX deliveries_send ON deliveries (send, state);
CREATE INDEX deliveries_campaign ON deliveries (campaign, state);
CREATE INDEX deliveries_person ON deliveries (person, planned_at);
CREATE INDEX deliveries_untold ON deliveries (planned_at) WHERE told = 0;

CREATE TABLE suppressions (
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    purpose TEXT NOT NULL,          -- *: every purpose
    reason TEXT NOT NULL,
    at {big} NOT NULL,
    event TEXT NOT NULL,            -- id of the event that is the proof
    PRIMARY KEY (channel, address, purpose)
);

-- Letters of the rehearsal channel.
CREATE TABLE paper (
    piece TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    body TEXT NOT NULL,
    at {big} NOT NULL
);
CREATE INDEX paper_at ON paper (at);
