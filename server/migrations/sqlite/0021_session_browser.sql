-- Which browser a callback has made a session in: by the hash of what that proves to be itself with, two callbacks that come at once are
-- known to be one browser's, and by the salt each can give the same cookie.
ALTER TABLE sessions ADD COLUMN browser_hash BLOB;
ALTER TABLE sessions ADD COLUMN browser_salt TEXT;
