-- Who is who. Times are seconds since 1970-01-01T00:00:00Z; of secrets only the SHA-256 is kept.

CREATE TABLE accounts (
    id          TEXT PRIMARY KEY,
    nickname    TEXT NOT NULL,
    picture     TEXT,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

-- A person as one app of WeChat's sees them.
CREATE TABLE identities (
    appid       TEXT NOT NULL,
    openid      TEXT NOT NULL,
    unionid     TEXT,
    account_id  TEXT NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (appid, openid)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_by_unionid ON identities (unionid) WHERE unionid IS NOT NULL;

-- What a client has once been told as `sub` of an account; never changed, never given to somebody else.
CREATE TABLE subjects (
    client_id   TEXT NOT NULL,
    account_id  TEXT NOT NULL REFERENCES accounts (id),
    sub         TEXT NOT NULL,
    PRIMARY KEY (client_id, account_id),
    UNIQUE (client_id, sub)
) STRICT, WITHOUT ROWID;

-- One login of one browser. client_id NULL: the SSO session of the service itself.
CREATE TABLE sessions (
    sid         TEXT PRIMARY KEY,
    secret_hash BLOB NOT NULL UNIQUE,
    account_id  TEXT NOT NULL REFERENCES accounts (id),
    client_id   TEXT,
    auth_time   INTEGER NOT NULL,
    idle_until  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- One try, from start to callback. A finished one stays as a tombstone until it expires.
CREATE TABLE attempts (
    id             TEXT PRIMARY KEY,
    kind           TEXT NOT NULL,
    state_hash     BLOB NOT NULL UNIQUE,
    secret_hash    BLOB NOT NULL,
    client_id      TEXT NOT NULL,
    origin         TEXT,
    result         TEXT,
    code_challenge TEXT,
    nonce          TEXT,
    return_to      TEXT,
    -- The client's authorization request, as JSON.
    authorization  TEXT,
    lang           TEXT,
    expires_at     INTEGER NOT NULL,
    taken_at       INTEGER,
    outcome        TEXT
) STRICT;
CREATE INDEX attempts_by_expiry ON attempts (expires_at);

-- Our own authorization codes; a used one stays as a tombstone until it expires.
CREATE TABLE codes (
    code_hash      BLOB PRIMARY KEY,
    redeem_at      TEXT NOT NULL,
    client_id      TEXT NOT NULL,
    redirect_uri   TEXT NOT NULL,
    code_challenge TEXT,
    nonce          TEXT,
    scope          TEXT NOT NULL,
    account_id     TEXT NOT NULL,
    sid            TEXT,
    grant_id       TEXT NOT NULL,
    auth_time      INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    used_at        INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_by_expiry ON codes (expires_at);
