-- The service account's ways in. Times are seconds since 1970-01-01T00:00:00Z.

-- Which app of ours WeChat is asked for, and the scene that a phone answers by this attempt.
ALTER TABLE attempts ADD COLUMN product TEXT NOT NULL DEFAULT 'website';
ALTER TABLE attempts ADD COLUMN scene_id TEXT;

-- Our own QR code on a computer, beside its attempt. It goes with that.
CREATE TABLE scenes (
    id         TEXT    NOT NULL PRIMARY KEY,
    number     TEXT    NOT NULL,
    computer   TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    progress   TEXT    NOT NULL,
    tries_left INTEGER NOT NULL,
    leg_id     TEXT,
    account_id TEXT,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX scenes_by_expiry ON scenes (expires_at);
