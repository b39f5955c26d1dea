-- 1: the token says by itself whose it was, so that its row may go once its successor was used. The others stay as long as their grant.
ALTER TABLE refresh_tokens ADD COLUMN tagged INTEGER NOT NULL DEFAULT 0;
