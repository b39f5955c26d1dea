-- The clients that hear by a webhook what becomes of their people: the service writes them at its start, as it is configured.
CREATE TABLE webhook_clients (
    client_id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What a client is still to hear, in the order in which it happened. Written in the transaction that makes it true; of one account a
-- client hears the next one when it has heard the one before.
CREATE TABLE webhook_events (
    seq         INTEGER PRIMARY KEY,
    -- The same at each try: who hears it twice knows it again.
    id          TEXT    NOT NULL UNIQUE,
    client_id   TEXT    NOT NULL,
    account_id  TEXT    NOT NULL,
    -- What the client calls the person, also where that row is gone.
    sub         TEXT    NOT NULL,
    event       TEXT    NOT NULL,
    -- What there is to say beside the `sub`, as JSON.
    data        TEXT    NOT NULL,
    happened_at INTEGER NOT NULL,
    -- When it is tried next; not before the ones of the same client and account that come first.
    due_at      INTEGER NOT NULL,
    tries       INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_events_by_due ON webhook_events (client_id, due_at);
CREATE INDEX webhook_events_by_account ON webhook_events (account_id, client_id, seq);
CREATE INDEX webhook_events_by_time ON webhook_events (happened_at);
