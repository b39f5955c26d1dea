-- The verbs that are more than one statement: a function each, so that a store far away costs one journey. Each statement of a function
-- sees what was committed before it began, and a function is one transaction.
--
-- Two versions of the service share these: what changes gets a new name, and the old one goes a version later.
--
-- Who changes several rows locks the account's first, then sessions, grants, refresh tokens. What deadlocks nevertheless is tried again.

-- A hash as JSON has it: base64url.
CREATE FUNCTION hash_of(text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT decode(translate($1, '-_', '+/') || '=', 'base64') $$;
CREATE FUNCTION hash_text(bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT rtrim(translate(encode($1, 'base64'), '+/', '-_'), '=') $$;

-- 122 random bits, for names.
CREATE FUNCTION random_name() RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT hash_text(uuid_send(gen_random_uuid())) $$;

CREATE FUNCTION account_of_identity(p_identity jsonb, p_new_id text, p_now bigint, OUT account_found text, OUT same_unionid text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    p_appid text := p_identity ->> 'appid';
    p_openid text := p_identity ->> 'openid';
    p_unionid text := p_identity ->> 'unionid';
    is_known boolean;
    is_news boolean;
BEGIN
    same_unionid := '{}';
    LOOP
        SELECT account_id, p_unionid IS NOT NULL AND unionid IS DISTINCT FROM p_unionid INTO account_found, is_news
        FROM identities WHERE appid = p_appid AND openid = p_openid;
        is_known := FOUND;
        IF NOT is_known OR is_news THEN
            -- Of several that come at once with the same identity or the same unionid, each finds what the one before has made.
            PERFORM pg_advisory_xact_lock(hashtextextended('identity ' || p_appid || ' ' || p_openid, 0));
            IF p_unionid IS NOT NULL THEN
                PERFORM pg_advisory_xact_lock(hashtextextended('unionid ' || p_unionid, 0));
            END IF;
            SELECT account_id, p_unionid IS NOT NULL AND unionid IS DISTINCT FROM p_unionid INTO account_found, is_news
            FROM identities WHERE appid = p_appid AND openid = p_openid;
            is_known := FOUND;
            IF NOT is_known THEN
                SELECT account_id INTO account_found FROM identities WHERE unionid = p_unionid ORDER BY appid, openid LIMIT 1;
                is_news := false;
            END IF;
        END IF;
        IF account_found IS NULL THEN
            account_found := p_new_id;
            INSERT INTO accounts (id, nickname, picture, created_at, updated_at)
            VALUES (p_new_id, p_identity ->> 'nickname', p_identity ->> 'picture', p_now, p_now);
            EXIT;
        END IF;
        UPDATE accounts SET nickname = p_identity ->> 'nickname', picture = p_identity ->> 'picture', updated_at = p_now
        WHERE id = account_found;
        -- Else it was merged or deleted a moment ago, and its identities with it.
        EXIT WHEN FOUND;
    END LOOP;
    IF NOT is_known OR is_news THEN
        INSERT INTO identities (appid, openid, unionid, account_id) VALUES (p_appid, p_openid, p_unionid, account_found)
        ON CONFLICT (appid, openid) DO UPDATE SET unionid = coalesce(p_unionid, identities.unionid);
    END IF;
    IF is_news THEN
        SELECT coalesce(array_agg(DISTINCT account_id ORDER BY account_id), '{}') INTO same_unionid
        FROM identities WHERE unionid = p_unionid AND account_id <> account_found;
    END IF;
END $$;

CREATE FUNCTION subject_of(p_client text, p_account text, p_new_sub text) RETURNS text LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    its_sub text;
BEGIN
    SELECT sub INTO its_sub FROM subjects WHERE client_id = p_client AND account_id = p_account;
    IF NOT FOUND THEN
        -- Of first sights at once the first one's word stays, for all clients.
        PERFORM 1 FROM accounts WHERE id = p_account FOR NO KEY UPDATE;
        INSERT INTO subjects (client_id, account_id, sub)
        VALUES (p_client, p_account, coalesce((SELECT min(sub) FROM subjects WHERE account_id = p_account), p_new_sub))
        ON CONFLICT (client_id, account_id) DO UPDATE SET sub = subjects.sub RETURNING sub INTO its_sub;
    END IF;
    RETURN its_sub;
END $$;

CREATE FUNCTION session_json(sessions) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'sid', $1.sid, 'secret_hash', hash_text($1.secret_hash), 'account_id', $1.account_id, 'client_id', $1.client_id,
        'device', $1.device, 'auth_time', $1.auth_time, 'idle_until', $1.idle_until, 'expires_at', $1.expires_at,
        'browser', CASE WHEN $1.browser_hash IS NOT NULL
            THEN jsonb_build_object('hash', hash_text($1.browser_hash), 'salt', $1.browser_salt) END)
$$;

-- Ends a session: whom to tell, or NULL where there is no such session.
CREATE FUNCTION end_session(p_sid text, p_offline boolean, p_tell text[], p_due_at bigint, p_now bigint) RETURNS jsonb
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    logouts jsonb;
BEGIN
    PERFORM 1 FROM sessions WHERE sid = p_sid FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- Whoever is not due now is told by who ended it.
    WITH told AS (
        INSERT INTO logouts (id, sid, client_id, sub, ended_at, due_at, tries)
        SELECT random_name(), sid, client_id, sub, p_now, p_due_at, (p_due_at > p_now)::integer
        FROM session_clients WHERE sid = p_sid AND client_id = ANY (p_tell)
        RETURNING id, sid, client_id, sub, ended_at, tries)
    SELECT coalesce(jsonb_agg(to_jsonb(told) ORDER BY client_id), '[]') INTO logouts FROM told;
    DELETE FROM sessions WHERE sid = p_sid;
    UPDATE grants SET revoked_at = p_now WHERE sid = p_sid AND revoked_at IS NULL
    AND (p_offline OR NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE grant_id = grants.id));
    RETURN logouts;
END $$;

-- Ends every session and every grant of an account, which nobody else changes meanwhile.
CREATE FUNCTION end_account(p_account text, p_offline boolean, p_tell text[], p_due_at bigint, p_now bigint,
    OUT sessions_ended bigint, OUT logouts jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    its_sid text;
    told jsonb;
BEGIN
    sessions_ended := 0;
    logouts := '[]';
    PERFORM 1 FROM accounts WHERE id = p_account FOR UPDATE;
    FOR its_sid IN SELECT sid FROM sessions WHERE account_id = p_account ORDER BY sid LOOP
        told := end_session(its_sid, p_offline, p_tell, p_due_at, p_now);
        IF told IS NOT NULL THEN
            sessions_ended := sessions_ended + 1;
            logouts := logouts || told;
        END IF;
    END LOOP;
    -- Those too that have outlived their session.
    UPDATE grants SET revoked_at = p_now WHERE account_id = p_account AND revoked_at IS NULL;
END $$;

CREATE FUNCTION merge_accounts(p_from text, p_into text, p_offline boolean, p_tell text[], p_due_at bigint, p_now bigint,
    OUT sessions_ended bigint, OUT logouts jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    ended record;
BEGIN
    PERFORM 1 FROM accounts WHERE id IN (p_from, p_into) ORDER BY id FOR UPDATE;
    ended := end_account(p_from, p_offline, p_tell, p_due_at, p_now);
    sessions_ended := ended.sessions_ended;
    logouts := ended.logouts;
    UPDATE identities SET account_id = p_into WHERE account_id = p_from;
    UPDATE subjects SET account_id = p_into WHERE account_id = p_from
    AND NOT EXISTS (SELECT 1 FROM subjects other WHERE other.client_id = subjects.client_id AND other.account_id = p_into);
    DELETE FROM subjects WHERE account_id = p_from;
    DELETE FROM accounts WHERE id = p_from;
END $$;

CREATE FUNCTION delete_account(p_account text, p_offline boolean, p_tell text[], p_due_at bigint, p_now bigint,
    OUT sessions_ended bigint, OUT logouts jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    ended record;
BEGIN
    ended := end_account(p_account, p_offline, p_tell, p_due_at, p_now);
    sessions_ended := ended.sessions_ended;
    logouts := ended.logouts;
    DELETE FROM refresh_tokens WHERE grant_id IN (SELECT id FROM grants WHERE account_id = p_account);
    DELETE FROM grants WHERE account_id = p_account;
    DELETE FROM subjects WHERE account_id = p_account;
    DELETE FROM identities WHERE account_id = p_account;
    DELETE FROM accounts WHERE id = p_account;
END $$;

CREATE FUNCTION keep_session(p_new jsonb, p_sid text, p_account text, p_client text) RETURNS sessions LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    kept sessions;
BEGIN
    INSERT INTO sessions (sid, secret_hash, account_id, client_id, device, browser_hash, browser_salt, auth_time, idle_until, expires_at)
    VALUES (p_sid, hash_of(p_new ->> 'secret_hash'), p_account, p_client, p_new ->> 'device',
        hash_of(p_new -> 'browser' ->> 'hash'), p_new -> 'browser' ->> 'salt',
        (p_new ->> 'auth_time')::bigint, (p_new ->> 'idle_until')::bigint, (p_new ->> 'expires_at')::bigint)
    ON CONFLICT (sid) DO UPDATE SET secret_hash = excluded.secret_hash, account_id = excluded.account_id,
        client_id = excluded.client_id, device = excluded.device, browser_hash = excluded.browser_hash,
        browser_salt = excluded.browser_salt, auth_time = excluded.auth_time, idle_until = excluded.idle_until,
        expires_at = excluded.expires_at
    RETURNING * INTO kept;
    RETURN kept;
END $$;

-- A session of an account in a browser, of a client or (NULL) of the service itself. The account is locked.
CREATE FUNCTION begin_session(p_new jsonb, p_account text, p_client text, p_tell text[], p_at_once bigint, p_now bigint,
    OUT session jsonb, INOUT logouts jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    earlier sessions;
    its_sid text := p_new ->> 'sid';
BEGIN
    IF jsonb_typeof(p_new) <> 'object' THEN
        RETURN;
    END IF;
    SELECT * INTO earlier FROM sessions
    WHERE secret_hash = hash_of(p_new ->> 'before') AND client_id IS NOT DISTINCT FROM p_client
    AND idle_until > p_now AND expires_at > p_now FOR UPDATE;
    IF FOUND THEN
        IF p_client IS NULL AND earlier.account_id = p_account THEN
            its_sid := earlier.sid;
        ELSE
            logouts := logouts || end_session(earlier.sid, false, p_tell, p_now, p_now);
        END IF;
    ELSE
        -- Another callback of the same browser, just now.
        SELECT * INTO earlier FROM sessions
        WHERE account_id = p_account AND client_id IS NOT DISTINCT FROM p_client
        AND auth_time >= (p_new ->> 'auth_time')::bigint - p_at_once AND idle_until > p_now AND expires_at > p_now
        AND browser_hash = hash_of(p_new -> 'browser' ->> 'hash')
        ORDER BY auth_time DESC, sid LIMIT 1;
        IF FOUND THEN
            session := session_json(earlier);
            RETURN;
        END IF;
    END IF;
    session := session_json(keep_session(p_new, its_sid, p_account, p_client));
END $$;

CREATE FUNCTION log_in(p jsonb, p_new_id text, p_new_sub text, p_at_once bigint, p_now bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    its_account accounts;
    who record;
    same_unionid text[] := '{}';
    its_sub text;
    sso record;
    site record;
    tell text[] := ARRAY(SELECT jsonb_array_elements_text(p -> 'tell'));
BEGIN
    IF p -> 'person' ? 'identity' THEN
        who := account_of_identity(p -> 'person' -> 'identity', p_new_id, p_now);
        same_unionid := who.same_unionid;
        SELECT * INTO its_account FROM accounts WHERE id = who.account_found;
    ELSE
        SELECT * INTO its_account FROM accounts WHERE id = p -> 'person' ->> 'account' FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    its_sub := subject_of(p ->> 'client_id', its_account.id, p_new_sub);
    sso := begin_session(p -> 'sso', its_account.id, NULL, tell, p_at_once, p_now, '[]');
    site := begin_session(p -> 'site', its_account.id, p ->> 'client_id', tell, p_at_once, p_now, sso.logouts);
    RETURN jsonb_build_object(
        'account', jsonb_build_object('id', its_account.id, 'nickname', its_account.nickname, 'picture', its_account.picture),
        'same_unionid', to_jsonb(same_unionid),
        'sub', its_sub,
        'is_expected', coalesce(p ->> 'expected_sub' = its_sub, true),
        'sso', sso.session,
        'site', site.session,
        'logouts', site.logouts);
END $$;

CREATE FUNCTION keep_code(p jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO codes (code_hash, redeem_at, client_id, redirect_uri, code_challenge, nonce, scope, account_id, sid, grant_id,
        auth_time, expires_at)
    VALUES (hash_of(p ->> 'code_hash'), p ->> 'redeem_at', p ->> 'client_id', p ->> 'redirect_uri', p ->> 'code_challenge',
        p ->> 'nonce', p ->> 'scope', p ->> 'account_id', p ->> 'sid', p ->> 'grant_id', (p ->> 'auth_time')::bigint,
        (p ->> 'expires_at')::bigint)
$$;

CREATE FUNCTION end_attempt(p_id text, p_outcome text, p_code jsonb) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    UPDATE attempts SET outcome = p_outcome WHERE id = p_id;
    IF jsonb_typeof(p_code) = 'object' THEN
        PERFORM keep_code(p_code);
    END IF;
END $$;

CREATE FUNCTION finish_login(p jsonb, p_new_id text, p_new_sub text, p_at_once bigint, p_outcome text, p_now bigint) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    logged_in jsonb := log_in(p -> 'log_in', p_new_id, p_new_sub, p_at_once, p_now);
    code jsonb;
BEGIN
    IF logged_in IS NULL THEN
        RETURN NULL;
    END IF;
    IF (logged_in ->> 'is_expected')::boolean AND jsonb_typeof(p -> 'code') = 'object' THEN
        code := p -> 'code' || jsonb_build_object(
            'client_id', p -> 'log_in' -> 'client_id',
            'account_id', logged_in -> 'account' -> 'id',
            'sid', logged_in -> 'sso' -> 'sid',
            'auth_time', coalesce((logged_in -> 'sso' ->> 'auth_time')::bigint, p_now));
    END IF;
    PERFORM end_attempt(p ->> 'attempt_id', p_outcome, code);
    RETURN logged_in;
END $$;

CREATE FUNCTION grant_json(grants) RETURNS jsonb LANGUAGE sql STABLE AS
$$ SELECT to_jsonb($1) - 'revoked_at' $$;

-- A grant with its first refresh token (a hash, or NULL), while its session lives.
CREATE FUNCTION keep_grant(p jsonb, p_token bytea, p_token_expires_at bigint) RETURNS boolean LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    its_expiry bigint := (p ->> 'expires_at')::bigint;
    now bigint := (p ->> 'created_at')::bigint;
BEGIN
    PERFORM 1 FROM sessions WHERE sid = p ->> 'sid' AND account_id = p ->> 'account_id' AND idle_until > now AND expires_at > now
    FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO grants (id, client_id, account_id, sub, sid, scope, auth_time, created_at, expires_at)
    VALUES (p ->> 'id', p ->> 'client_id', p ->> 'account_id', p ->> 'sub', p ->> 'sid', p ->> 'scope',
        (p ->> 'auth_time')::bigint, now, its_expiry)
    ON CONFLICT (id) DO UPDATE SET client_id = excluded.client_id, account_id = excluded.account_id, sub = excluded.sub,
        sid = excluded.sid, scope = excluded.scope, auth_time = excluded.auth_time, created_at = excluded.created_at,
        expires_at = excluded.expires_at;
    INSERT INTO session_clients (sid, client_id, sub) VALUES (p ->> 'sid', p ->> 'client_id', p ->> 'sub')
    ON CONFLICT (sid, client_id) DO UPDATE SET sub = excluded.sub;
    IF p_token IS NOT NULL THEN
        INSERT INTO refresh_tokens (hash, grant_id, expires_at, tagged)
        VALUES (p_token, p ->> 'id', least(p_token_expires_at, its_expiry), true);
    END IF;
    RETURN true;
END $$;

CREATE FUNCTION begin_grant(p jsonb, p_new_sub text, p_now bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    its_account text := p ->> 'account_id';
    its_sid text := p -> 'session' ->> 'of_login';
    new_session jsonb := p -> 'session' -> 'new';
    its_grant jsonb;
BEGIN
    PERFORM 1 FROM accounts WHERE id = its_account FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    its_grant := p - 'session' - 'refresh_token'
        || jsonb_build_object('sub', subject_of(p ->> 'client_id', its_account, p_new_sub), 'created_at', p_now);
    IF new_session IS NOT NULL THEN
        its_sid := new_session ->> 'sid';
        PERFORM keep_session(new_session, its_sid, its_account, p ->> 'client_id');
    END IF;
    its_grant := its_grant || jsonb_build_object('sid', its_sid);
    IF keep_grant(its_grant, hash_of(p -> 'refresh_token' ->> 0), (p -> 'refresh_token' ->> 1)::bigint) THEN
        RETURN its_grant;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION revoke_grant(p_id text, p_now bigint, p_keep_until bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO grants (id, client_id, account_id, sub, sid, scope, auth_time, created_at, expires_at, revoked_at)
    VALUES (p_id, '', '', '', '', '', 0, p_now, p_keep_until, p_now)
    ON CONFLICT (id) DO UPDATE SET revoked_at = coalesce(grants.revoked_at, p_now)
$$;

-- `granted` with the grant, `reused` or `refused`.
CREATE FUNCTION redeem_code(p jsonb, p_new_sub text, p_now bigint, OUT outcome text, OUT its_grant jsonb) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    its_hash bytea := hash_of(p ->> 'code_hash');
BEGIN
    UPDATE codes SET used_at = p_now WHERE code_hash = its_hash AND used_at IS NULL AND expires_at > p_now;
    IF FOUND THEN
        its_grant := begin_grant(p -> 'grant', p_new_sub, p_now);
        outcome := CASE WHEN its_grant IS NULL THEN 'refused' ELSE 'granted' END;
    ELSIF EXISTS (SELECT 1 FROM codes WHERE code_hash = its_hash AND used_at IS NOT NULL) THEN
        PERFORM revoke_grant(p -> 'grant' ->> 'id', p_now, (p ->> 'keep_until')::bigint);
        outcome := 'reused';
    ELSE
        outcome := 'refused';
    END IF;
END $$;

-- `rotated` and `again` with the grant, `again` with the successor too; `reused` or `refused`.
CREATE FUNCTION rotate_refresh_token(p_hash bytea, p_grant_id text, p_client text, p_successors bytea[], p_idle_until bigint,
    p_grace bigint, p_now bigint, OUT outcome text, OUT its_grant jsonb, OUT successor bytea)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    stands grants;
    token refresh_tokens;
BEGIN
    outcome := 'refused';
    -- Of many at once, each looks at the token after the one before has done with its grant.
    SELECT * INTO stands FROM grants
    WHERE id = coalesce((SELECT grant_id FROM refresh_tokens WHERE hash = p_hash), p_grant_id)
    AND client_id = p_client AND revoked_at IS NULL AND expires_at > p_now FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO token FROM refresh_tokens WHERE hash = p_hash;
    IF FOUND THEN
        IF token.used_at IS NULL AND token.expires_at <= p_now THEN
            RETURN;
        ELSIF token.used_at IS NULL THEN
            -- Its predecessor's tag is enough from now on.
            DELETE FROM refresh_tokens WHERE grant_id = stands.id AND used_at IS NOT NULL AND tagged;
            UPDATE refresh_tokens SET used_at = p_now WHERE hash = p_hash;
            INSERT INTO refresh_tokens (hash, grant_id, expires_at, tagged)
            VALUES (p_successors[1], stands.id, least(p_idle_until, stands.expires_at), true);
            outcome := 'rotated';
            its_grant := grant_json(stands);
            RETURN;
        ELSIF p_now - token.used_at <= p_grace THEN
            SELECT hash INTO successor FROM refresh_tokens
            WHERE hash = ANY (p_successors) AND used_at IS NULL ORDER BY array_position(p_successors, hash) LIMIT 1;
            IF FOUND THEN
                outcome := 'again';
                its_grant := grant_json(stands);
                RETURN;
            END IF;
        END IF;
    ELSIF p_grant_id IS NULL THEN
        RETURN;
    END IF;
    UPDATE grants SET revoked_at = p_now WHERE id = stands.id;
    outcome := 'reused';
END $$;

-- Adds a key, unless one of its algorithm was made since.
CREATE FUNCTION add_signing_key(p_kid text, p_algorithm text, p_sealed bytea, p_created_at bigint, p_active_from bigint,
    p_unless_since bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('signing keys', 0));
    INSERT INTO signing_keys (kid, algorithm, sealed, created_at, active_from)
    SELECT p_kid, p_algorithm, p_sealed, p_created_at, p_active_from
    WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE algorithm = p_algorithm AND created_at >= p_unless_since);
    RETURN FOUND;
END $$;

-- Removes a key, and puts another one in its place, where there is one.
CREATE FUNCTION withdraw_signing_key(p_withdrawn text, p_kid text, p_algorithm text, p_sealed bytea, p_created_at bigint,
    p_active_from bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('signing keys', 0));
    DELETE FROM signing_keys WHERE kid = p_withdrawn;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- Whatever is there: a key that was announced a moment ago does not sign yet.
    IF p_kid IS NOT NULL THEN
        INSERT INTO signing_keys (kid, algorithm, sealed, created_at, active_from)
        VALUES (p_kid, p_algorithm, p_sealed, p_created_at, p_active_from);
    END IF;
    RETURN true;
END $$;
