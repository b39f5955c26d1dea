-- When an account is to be forgotten, where its person has asked for that. A login before then brings it back, by whichever verb: what
-- WeChat says of the person at a login is kept in these columns.
ALTER TABLE accounts ADD COLUMN delete_at bigint;
CREATE INDEX accounts_by_deletion ON accounts (delete_at) WHERE delete_at IS NOT NULL;
CREATE FUNCTION keep_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.delete_at := NULL;
    PERFORM note(NEW.id, 'restored', 'login', NULL, NEW.updated_at);
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_are_kept_by_a_login BEFORE UPDATE OF nickname ON accounts
FOR EACH ROW WHEN (OLD.delete_at IS NOT NULL) EXECUTE FUNCTION keep_account();

-- Ends every session and grant of an account now, and has it forgotten later. NULL where there is no such account.
CREATE FUNCTION delete_later(p_account text, p_delete_at bigint, p_by text, p_offline boolean, p_tell text[], p_due_at bigint, p_now bigint,
    OUT sessions_ended bigint, OUT logouts jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    ended record;
BEGIN
    PERFORM 1 FROM accounts WHERE id = p_account FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    ended := end_account(p_account, p_offline, p_tell, p_due_at, p_now);
    sessions_ended := ended.sessions_ended;
    logouts := ended.logouts;
    UPDATE accounts SET delete_at = p_delete_at WHERE id = p_account;
    PERFORM note(p_account, 'deleted', p_by, NULL, p_now);
END $$;

-- Forgets an account whose time has come; NULL where a login has brought it back.
CREATE FUNCTION delete_if_due(p_account text, p_offline boolean, p_tell text[], p_due_at bigint, p_now bigint,
    OUT sessions_ended bigint, OUT logouts jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    ended record;
BEGIN
    PERFORM 1 FROM accounts WHERE id = p_account AND delete_at <= p_now FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    ended := forget_account(p_account, 'person', p_offline, p_tell, p_due_at, p_now);
    sessions_ended := ended.sessions_ended;
    logouts := ended.logouts;
END $$;

-- Takes an identity from an account, unless it is the last: nobody could log in to that any more.
CREATE FUNCTION unlink_identity(p_account text, p_appid text, p_openid text, p_now bigint) RETURNS boolean LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM 1 FROM accounts WHERE id = p_account FOR UPDATE;
    DELETE FROM identities WHERE account_id = p_account AND appid = p_appid AND openid = p_openid
    AND EXISTS (SELECT 1 FROM identities other WHERE other.account_id = p_account
        AND (other.appid, other.openid) <> (p_appid, p_openid));
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM note(p_account, 'unlinked', 'person', p_appid, p_now);
    RETURN true;
END $$;
