-- Who has logged in within a session: a fact of the session, which lives and goes with it. Grants end sooner.
CREATE TABLE session_clients (
    sid       TEXT NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    -- What the client calls the person.
    sub       TEXT NOT NULL,
    PRIMARY KEY (sid, client_id)
) STRICT, WITHOUT ROWID;
INSERT INTO session_clients (sid, client_id, sub)
    SELECT grants.sid, grants.client_id, max(grants.sub)
    FROM grants JOIN sessions ON sessions.sid = grants.sid
    WHERE grants.client_id <> ''
    GROUP BY grants.sid, grants.client_id;

-- Clients that are still to be told of a session's end. The id is the logout token's `jti` at each try.
CREATE TABLE logouts (
    id        TEXT    NOT NULL PRIMARY KEY,
    sid       TEXT    NOT NULL,
    client_id TEXT    NOT NULL,
    sub       TEXT    NOT NULL,
    ended_at  INTEGER NOT NULL,
    -- When it is tried next.
    due_at    INTEGER NOT NULL,
    tries     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX logouts_by_due ON logouts (due_at);
