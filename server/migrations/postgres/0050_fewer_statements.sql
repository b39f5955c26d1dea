-- The end of a login in fewer statements: what a browser that is new here has not is not looked for. Each is what it was but for that.

CREATE OR REPLACE FUNCTION begin_session(p_new jsonb, p_account text, p_client text, p_tell text[], p_at_once bigint, p_now bigint,
    OUT session jsonb, INOUT logouts jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    earlier sessions;
    its_sid text := p_new ->> 'sid';
    its_before bytea := hash_of(p_new ->> 'before');
    its_browser bytea := hash_of(p_new -> 'browser' ->> 'hash');
BEGIN
    IF jsonb_typeof(p_new) <> 'object' THEN
        RETURN;
    END IF;
    IF its_before IS NOT NULL THEN
        SELECT * INTO earlier FROM sessions
        WHERE secret_hash = its_before AND client_id IS NOT DISTINCT FROM p_client
        AND idle_until > p_now AND expires_at > p_now FOR UPDATE;
    END IF;
    IF earlier.sid IS NOT NULL THEN
        IF p_client IS NULL AND earlier.account_id = p_account THEN
            its_sid := earlier.sid;
        ELSE
            logouts := logouts || end_session(earlier.sid, false, p_tell, p_now, p_now);
        END IF;
    ELSIF its_browser IS NOT NULL THEN
        -- Another callback of the same browser, just now.
        SELECT * INTO earlier FROM sessions
        WHERE account_id = p_account AND client_id IS NOT DISTINCT FROM p_client
        AND auth_time >= (p_new ->> 'auth_time')::bigint - p_at_once AND idle_until > p_now AND expires_at > p_now
        AND browser_hash = its_browser
        ORDER BY auth_time DESC, sid LIMIT 1;
        IF FOUND THEN
            session := session_json(earlier);
            RETURN;
        END IF;
    END IF;
    session := session_json(keep_session(p_new, its_sid, p_account, p_client));
END $$;

CREATE OR REPLACE FUNCTION finish_login(p jsonb, p_new_id text, p_new_sub text, p_at_once bigint, p_outcome text, p_now bigint) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    logged_in jsonb := log_in(p -> 'log_in', p_new_id, p_new_sub, p_at_once, p_now);
BEGIN
    IF logged_in IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE attempts SET outcome = p_outcome WHERE id = p ->> 'attempt_id';
    IF jsonb_typeof(p -> 'code') = 'object' AND (logged_in ->> 'is_expected')::boolean THEN
        PERFORM keep_code(p -> 'code' || jsonb_build_object(
            'client_id', p -> 'log_in' -> 'client_id',
            'account_id', logged_in -> 'account' -> 'id',
            'sid', logged_in -> 'sso' -> 'sid',
            'auth_time', coalesce((logged_in -> 'sso' ->> 'auth_time')::bigint, p_now)));
    END IF;
    RETURN logged_in;
END $$;
