-- What clients were granted, the refresh tokens of it, and the keys that sign. Times are seconds since 1970.

CREATE TABLE grants (
    id         TEXT    NOT NULL PRIMARY KEY,
    client_id  TEXT    NOT NULL,
    account_id TEXT    NOT NULL,
    sub        TEXT    NOT NULL,
    sid        TEXT    NOT NULL,
    scope      TEXT    NOT NULL,
    auth_time  INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- Set: nothing that came from this grant is good any more. A grant may be revoked before it is made, when its code comes
    -- twice at once; the row then stands with empty names.
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_by_session ON grants (sid);
CREATE INDEX grants_by_account ON grants (account_id);
CREATE INDEX grants_by_expiry ON grants (expires_at);

CREATE TABLE refresh_tokens (
    hash       BLOB    NOT NULL PRIMARY KEY,
    grant_id   TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_by_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE signing_keys (
    kid         TEXT    NOT NULL PRIMARY KEY,
    algorithm   TEXT    NOT NULL,
    -- PKCS #8 under the master key.
    sealed      BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    active_from INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
