-- When an account is to be forgotten, where its person has asked for that. A login before then brings it back, by whichever verb: what
-- WeChat says of the person at a login is kept in these columns.
ALTER TABLE accounts ADD COLUMN delete_at INTEGER;
CREATE INDEX accounts_by_deletion ON accounts (delete_at) WHERE delete_at IS NOT NULL;
CREATE TRIGGER accounts_are_kept_by_a_login AFTER UPDATE OF nickname ON accounts WHEN old.delete_at IS NOT NULL
BEGIN
    UPDATE accounts SET delete_at = NULL WHERE id = new.id;
    INSERT INTO audit (account_id, what, by, at) VALUES (new.id, 'restored', 'login', new.updated_at);
END;
