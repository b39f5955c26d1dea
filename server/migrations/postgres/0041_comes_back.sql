-- A login by a phone's word for a computer, too, brings an account back that is to be forgotten: else as in migration 10.

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
        UPDATE accounts SET nickname = accounts.nickname, updated_at = p_now WHERE id = its_id AND delete_at IS NOT NULL;
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
