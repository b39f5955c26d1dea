-- Phone numbers and email addresses that people have proven to be theirs, and logins that wait for one. Times are seconds since
-- 1970-01-01T00:00:00Z.

-- Each is one account's, or nobody's.
CREATE TABLE contacts (
    -- `phone` or `email`.
    kind        TEXT    NOT NULL,
    -- In its one form: E.164, or an address whose domain is in small letters and in ASCII.
    value       TEXT    NOT NULL,
    account_id  TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    verified_at INTEGER NOT NULL,
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX contacts_by_account ON contacts (account_id);

-- Whoever makes one account of two: what it had proven goes with it.
CREATE TRIGGER contacts_follow_their_account AFTER INSERT ON account_aliases BEGIN
    UPDATE contacts SET account_id = NEW.account_id WHERE account_id = NEW.id;
END;

-- WeChat has said who it is, and nothing is made yet. The row is JSON, and changes as a whole.
CREATE TABLE bindings (
    id          TEXT    NOT NULL PRIMARY KEY,
    changes     INTEGER NOT NULL,
    binding     TEXT    NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX bindings_by_expiry ON bindings (expires_at);
