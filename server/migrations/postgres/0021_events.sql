-- What becomes of people is kept for the clients that listen, in the transaction that makes it true. The functions are those of
-- migrations 10 and 15, which tell it now.

-- What a client calls an account; made at its first sight, which that client is told of.
CREATE FUNCTION subject_of(p_client text, p_account text, p_new_sub text, p_now bigint) RETURNS text LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    its_sub text;
BEGIN
    SELECT sub INTO its_sub FROM subjects WHERE client_id = p_client AND account_id = p_account;
    IF NOT FOUND THEN
        -- Of first sights at once the first one's word stays, for all clients.
        PERFORM 1 FROM accounts WHERE id = p_account FOR NO KEY UPDATE;
        INSERT INTO subjects (client_id, account_id, sub)
        VALUES (p_client, p_account, coalesce((SELECT sub FROM first_subjects WHERE account_id = p_account),
            (SELECT min(sub) FROM subjects WHERE account_id = p_account), p_new_sub))
        ON CONFLICT (client_id, account_id) DO NOTHING RETURNING sub INTO its_sub;
        IF FOUND THEN
            PERFORM tell_client(p_client, its_sub, p_account, 'account.created', '{}', p_now);
        ELSE
            SELECT sub INTO its_sub FROM subjects WHERE client_id = p_client AND account_id = p_account;
        END IF;
    END IF;
    RETURN its_sub;
END $$;

CREATE OR REPLACE FUNCTION merge_into(p_from text, p_into text, p_by text, p_offline boolean, p_tell text[], p_due_at bigint, p_now bigint,
    OUT sessions_ended bigint, OUT logouts jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    ended record;
BEGIN
    ended := end_account(p_from, p_offline, p_tell, p_due_at, p_now);
    sessions_ended := ended.sessions_ended;
    logouts := ended.logouts;
    -- Who knew both goes on with one name; who knew only the one that goes notices nothing.
    PERFORM tell_client(kept.client_id, kept.sub, p_into, 'account.merged', jsonb_build_object('former_sub', gone.sub), p_now)
    FROM subjects gone JOIN subjects kept ON kept.client_id = gone.client_id AND kept.sub <> gone.sub
    WHERE gone.account_id = p_from AND kept.account_id = p_into ORDER BY kept.client_id;
    PERFORM move_events(p_from, p_into);
    UPDATE identities SET account_id = p_into WHERE account_id = p_from;
    INSERT INTO retired_subjects (client_id, sub, account_id)
    SELECT client_id, sub, p_into FROM subjects WHERE account_id = p_from
    AND EXISTS (SELECT 1 FROM subjects other WHERE other.client_id = subjects.client_id AND other.account_id = p_into);
    UPDATE subjects SET account_id = p_into WHERE account_id = p_from
    AND NOT EXISTS (SELECT 1 FROM subjects other WHERE other.client_id = subjects.client_id AND other.account_id = p_into);
    DELETE FROM subjects WHERE account_id = p_from;
    UPDATE retired_subjects SET account_id = p_into WHERE account_id = p_from;
    IF EXISTS (SELECT 1 FROM first_subjects WHERE account_id = p_into) THEN
        INSERT INTO retired_subjects (client_id, sub, account_id)
        SELECT '', sub, p_into FROM first_subjects WHERE account_id = p_from;
    ELSE
        UPDATE first_subjects SET account_id = p_into WHERE account_id = p_from;
    END IF;
    UPDATE account_aliases SET account_id = p_into WHERE account_id = p_from;
    -- What was another account's is its own now.
    UPDATE identities SET other_unionid = NULL WHERE account_id = p_into AND other_unionid IN
        (SELECT unionid FROM identities WHERE account_id = p_into);
    INSERT INTO account_aliases (id, account_id, merged_at) VALUES (p_from, p_into, p_now);
    DELETE FROM accounts WHERE id = p_from;
    PERFORM note(p_into, 'merged', p_by, p_from, p_now);
END $$;

CREATE OR REPLACE FUNCTION forget_account(p_account text, p_by text, p_offline boolean, p_tell text[], p_due_at bigint, p_now bigint,
    OUT sessions_ended bigint, OUT logouts jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    ended record;
BEGIN
    ended := end_account(p_account, p_offline, p_tell, p_due_at, p_now);
    sessions_ended := ended.sessions_ended;
    logouts := ended.logouts;
    PERFORM tell_clients(p_account, 'account.deleted', '{}', p_now);
    INSERT INTO spent_subjects (sub_hash)
    SELECT sha256(convert_to(sub, 'UTF8')) FROM (
        SELECT sub FROM subjects WHERE account_id = p_account
        UNION SELECT sub FROM retired_subjects WHERE account_id = p_account
        UNION SELECT sub FROM first_subjects WHERE account_id = p_account) its
    ON CONFLICT DO NOTHING;
    DELETE FROM refresh_tokens WHERE grant_id IN (SELECT id FROM grants WHERE account_id = p_account);
    DELETE FROM grants WHERE account_id = p_account;
    DELETE FROM subjects WHERE account_id = p_account;
    DELETE FROM identities WHERE account_id = p_account;
    DELETE FROM accounts WHERE id = p_account;
    IF FOUND THEN
        PERFORM note(p_account, 'deleted', p_by, NULL, p_now);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION log_in(p jsonb, p_new_id text, p_new_sub text, p_at_once bigint, p_now bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    its_account accounts;
    its_id text;
    who record;
    news jsonb := news_json('{}', false, NULL);
    logouts jsonb := '[]';
    its_sub text;
    sso record;
    site record;
    tell text[] := ARRAY(SELECT jsonb_array_elements_text(p -> 'tell'));
BEGIN
    IF p -> 'person' ? 'identity' THEN
        who := find_person(p -> 'person' -> 'identity', p ->> 'join', p_new_id, tell, p_now);
        its_id := who.account_found;
        news := who.news;
        logouts := who.logouts;
    ELSE
        its_id := standing_account(p -> 'person' ->> 'account');
        IF its_id IS NOT NULL AND p ->> 'join' IS NOT NULL THEN
            who := one_of(ARRAY[its_id, standing_account(p ->> 'join')], tell, p_now);
            its_id := who.stays;
            news := news_json(who.merged, false, NULL);
            logouts := who.logouts;
        END IF;
    END IF;
    SELECT * INTO its_account FROM accounts WHERE id = its_id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    its_sub := subject_of(p ->> 'client_id', its_id, p_new_sub, p_now);
    sso := begin_session(p -> 'sso', its_id, NULL, tell, p_at_once, p_now, logouts);
    site := begin_session(p -> 'site', its_id, p ->> 'client_id', tell, p_at_once, p_now, sso.logouts);
    RETURN jsonb_build_object(
        'account', jsonb_build_object('id', its_account.id, 'nickname', its_account.nickname, 'picture', its_account.picture),
        'news', news,
        -- For nodes of the version before.
        'same_unionid', '[]'::jsonb,
        'sub', its_sub,
        'is_expected', coalesce(p ->> 'expected_sub' = its_sub, true) OR EXISTS (SELECT 1 FROM retired_subjects
            WHERE client_id IN (p ->> 'client_id', '') AND sub = p ->> 'expected_sub' AND account_id = its_id),
        'sso', sso.session,
        'site', site.session,
        'logouts', site.logouts);
END $$;

CREATE OR REPLACE FUNCTION begin_grant(p jsonb, p_new_sub text, p_now bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    its_account text := p ->> 'account_id';
    its_sid text := p -> 'session' ->> 'of_login';
    new_session jsonb := p -> 'session' -> 'new';
    its_grant jsonb;
BEGIN
    PERFORM 1 FROM accounts WHERE id = its_account FOR KEY SHARE;
    IF NOT FOUND THEN
        -- It may have been merged since the code was given out.
        its_account := standing_account(its_account);
        IF its_account IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    its_grant := p - 'session' - 'refresh_token' || jsonb_build_object('account_id', its_account,
        'sub', subject_of(p ->> 'client_id', its_account, p_new_sub, p_now), 'created_at', p_now);
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

CREATE OR REPLACE FUNCTION bind_contacts(p_account text, p_terms jsonb, p_now bigint) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    contact jsonb;
    its_owner text;
    missing jsonb;
BEGIN
    FOR contact IN SELECT * FROM jsonb_array_elements(p_terms -> 'contacts') LOOP
        SELECT account_id INTO its_owner FROM contacts
        WHERE kind = contact ->> 'kind' AND value = contact ->> 'value' FOR UPDATE;
        INSERT INTO contacts (kind, value, account_id, verified_at)
        VALUES (contact ->> 'kind', contact ->> 'value', p_account, p_now)
        ON CONFLICT (kind, value) DO UPDATE SET account_id = p_account, verified_at = p_now
        WHERE contacts.account_id = p_account OR (contact ->> 'take')::boolean;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'WL001', MESSAGE = contact ->> 'kind';
        END IF;
        IF its_owner IS DISTINCT FROM p_account THEN
            IF its_owner IS NOT NULL THEN
                PERFORM note(its_owner, 'unbound', 'login', contact ->> 'kind', p_now);
            END IF;
            PERFORM note(p_account, 'bound', 'login', contact ->> 'kind', p_now);
            PERFORM tell_clients(p_account, 'contact.bound', jsonb_build_object('contact', contact -> 'kind'), p_now);
        END IF;
    END LOOP;
    SELECT jsonb_agg(required.kind ORDER BY required.place) INTO missing
    FROM jsonb_array_elements_text(p_terms -> 'require') WITH ORDINALITY AS required (kind, place)
    WHERE NOT EXISTS (SELECT 1 FROM contacts WHERE account_id = p_account AND contacts.kind = required.kind);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'WL002', MESSAGE = missing::text;
    END IF;
END $$;
