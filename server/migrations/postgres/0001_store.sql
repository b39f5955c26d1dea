-- Everything that the service remembers. Times are seconds since 1970-01-01T00:00:00Z; of secrets only the SHA-256 is kept. What the
-- tables mean stands in the SQLite store's migrations; here they are the same.
--
-- Words are compared byte by byte, whatever the database's language is. Tables whose rows are changed soon after they are made have room
-- for that on each page.

CREATE TABLE accounts (
    id          text COLLATE "C" PRIMARY KEY,
    nickname    text NOT NULL,
    picture     text,
    created_at  bigint NOT NULL,
    updated_at  bigint NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE identities (
    appid       text COLLATE "C" NOT NULL,
    openid      text COLLATE "C" NOT NULL,
    unionid     text COLLATE "C",
    account_id  text COLLATE "C" NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (appid, openid)
);
CREATE INDEX identities_by_unionid ON identities (unionid) WHERE unionid IS NOT NULL;
CREATE INDEX identities_by_account ON identities (account_id);

CREATE TABLE subjects (
    client_id   text COLLATE "C" NOT NULL,
    account_id  text COLLATE "C" NOT NULL REFERENCES accounts (id),
    sub         text COLLATE "C" NOT NULL,
    PRIMARY KEY (client_id, account_id),
    UNIQUE (client_id, sub)
);
CREATE INDEX subjects_by_account ON subjects (account_id, sub);
CREATE INDEX subjects_by_sub ON subjects (sub);

CREATE TABLE sessions (
    sid          text COLLATE "C" PRIMARY KEY,
    secret_hash  bytea NOT NULL UNIQUE,
    account_id   text COLLATE "C" NOT NULL REFERENCES accounts (id),
    client_id    text COLLATE "C",
    device       text NOT NULL,
    browser_hash bytea,
    browser_salt text,
    auth_time    bigint NOT NULL,
    idle_until   bigint NOT NULL,
    expires_at   bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_idleness ON sessions (idle_until);
CREATE INDEX sessions_by_account ON sessions (account_id, auth_time);
CREATE INDEX sessions_by_login ON sessions (auth_time);

CREATE TABLE session_clients (
    sid       text COLLATE "C" NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
    client_id text COLLATE "C" NOT NULL,
    sub       text COLLATE "C" NOT NULL,
    PRIMARY KEY (sid, client_id)
);

CREATE TABLE logouts (
    id        text COLLATE "C" PRIMARY KEY,
    sid       text COLLATE "C" NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    sub       text COLLATE "C" NOT NULL,
    ended_at  bigint NOT NULL,
    due_at    bigint NOT NULL,
    tries     integer NOT NULL
);
CREATE INDEX logouts_by_due ON logouts (due_at);

CREATE TABLE grants (
    id         text COLLATE "C" PRIMARY KEY,
    client_id  text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    sub        text COLLATE "C" NOT NULL,
    sid        text COLLATE "C" NOT NULL,
    scope      text NOT NULL,
    auth_time  bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint
);
CREATE INDEX grants_by_session ON grants (sid);
CREATE INDEX grants_by_account ON grants (account_id);
CREATE INDEX grants_by_client ON grants (client_id);
CREATE INDEX grants_by_expiry ON grants (expires_at);

CREATE TABLE refresh_tokens (
    hash       bytea PRIMARY KEY,
    grant_id   text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL,
    used_at    bigint,
    tagged     boolean NOT NULL
);
CREATE INDEX refresh_tokens_by_grant ON refresh_tokens (grant_id);

CREATE TABLE signing_keys (
    kid         text COLLATE "C" PRIMARY KEY,
    algorithm   text NOT NULL,
    sealed      bytea NOT NULL,
    created_at  bigint NOT NULL,
    active_from bigint NOT NULL
);

CREATE TABLE attempts (
    id             text COLLATE "C" PRIMARY KEY,
    kind           text NOT NULL,
    product        text NOT NULL,
    scene_id       text,
    state_hash     bytea NOT NULL UNIQUE,
    secret_hash    bytea NOT NULL,
    client_id      text NOT NULL,
    origin         text,
    result         text,
    code_challenge text,
    nonce          text,
    return_to      text,
    "authorization" text,
    lang           text,
    expires_at     bigint NOT NULL,
    taken_at       bigint,
    outcome        text
) WITH (fillfactor = 70);
CREATE INDEX attempts_by_expiry ON attempts (expires_at);

CREATE TABLE scenes (
    id         text COLLATE "C" PRIMARY KEY,
    number     text NOT NULL,
    computer   text NOT NULL,
    started_at bigint NOT NULL,
    progress   text NOT NULL,
    tries_left integer NOT NULL,
    leg_id     text,
    account_id text,
    expires_at bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX scenes_by_expiry ON scenes (expires_at);

CREATE TABLE codes (
    code_hash      bytea PRIMARY KEY,
    redeem_at      text NOT NULL,
    client_id      text NOT NULL,
    redirect_uri   text NOT NULL,
    code_challenge text,
    nonce          text,
    scope          text NOT NULL,
    account_id     text NOT NULL,
    sid            text,
    grant_id       text NOT NULL,
    auth_time      bigint NOT NULL,
    expires_at     bigint NOT NULL,
    used_at        bigint
);
CREATE INDEX codes_by_expiry ON codes (expires_at);
CREATE INDEX codes_unused_by_expiry ON codes (expires_at) WHERE used_at IS NULL;

-- What is written to see that something can be written.
CREATE TABLE readiness (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    written_at timestamptz NOT NULL
) WITH (fillfactor = 10);
INSERT INTO readiness (written_at) VALUES (now());
