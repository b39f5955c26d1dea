-- What is left of accounts that were merged, and what has happened to whom. Times are seconds since 1970-01-01T00:00:00Z.

-- What WeChat says of an identity whose app has moved to another open-platform account, where that unionid is another account's: it is
-- kept here, and joins nobody.
ALTER TABLE identities ADD COLUMN other_unionid TEXT;
CREATE INDEX identities_by_other_unionid ON identities (other_unionid) WHERE other_unionid IS NOT NULL;

-- An account that was merged into another one, for ever: a code, a scene or an operator may still name it.
CREATE TABLE account_aliases (
    id          TEXT    NOT NULL PRIMARY KEY,
    account_id  TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    merged_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_aliases_by_account ON account_aliases (account_id);

-- What a client has called an account that was merged into one which it calls otherwise, for ever. Client '': what `first_subjects` had.
CREATE TABLE retired_subjects (
    client_id   TEXT NOT NULL,
    sub         TEXT NOT NULL,
    account_id  TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    PRIMARY KEY (client_id, sub)
) STRICT, WITHOUT ROWID;
CREATE INDEX retired_subjects_by_account ON retired_subjects (account_id);
CREATE INDEX retired_subjects_by_sub ON retired_subjects (sub);

-- What a client hears at its first sight of an account, where an import has said it.
CREATE TABLE first_subjects (
    account_id  TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    sub         TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

-- Of each `sub` of an account that was deleted the SHA-256: no import gives it to somebody else.
CREATE TABLE spent_subjects (
    sub_hash    BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What has happened to whom, by whom. It names accounts, apps and kinds, and no person: it may stay when the person goes.
CREATE TABLE audit (
    id          INTEGER PRIMARY KEY,
    account_id  TEXT    NOT NULL,
    what        TEXT    NOT NULL,
    by          TEXT    NOT NULL,
    -- An app, a kind of contact, another account: what `what` says.
    detail      TEXT,
    at          INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_by_account ON audit (account_id, id);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;
