-- People of another system, a batch of them in one transaction: what became of each, `created`, `added`, `known`, or why it was refused.

CREATE FUNCTION import_person(p jsonb, p_now bigint) RETURNS text LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    p_appid text := p ->> 'appid';
    p_openid text := p ->> 'openid';
    p_unionid text := p ->> 'unionid';
    p_sub text := p ->> 'sub';
    owners text[];
    its_id text;
    its_unionid text;
    outcome text := 'known';
    contact record;
BEGIN
    -- As a login does, so that of the two that come at once each finds what the other has made.
    IF p_openid IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('identity ' || p_appid || ' ' || p_openid, 0));
    END IF;
    IF p_unionid IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('unionid ' || p_unionid, 0));
    END IF;
    owners := ARRAY(
        SELECT account_id FROM identities WHERE appid = p_appid AND openid = p_openid
        UNION SELECT account_id FROM identities WHERE unionid = p_unionid
        UNION SELECT account_id FROM contacts WHERE kind = 'phone' AND value = p ->> 'phone'
        UNION SELECT account_id FROM contacts WHERE kind = 'email' AND value = p ->> 'email'
        UNION SELECT account_id FROM subjects WHERE sub = p_sub
        UNION SELECT account_id FROM retired_subjects WHERE sub = p_sub
        UNION SELECT account_id FROM first_subjects WHERE sub = p_sub);
    IF cardinality(owners) > 1 THEN
        RETURN 'what it says is of more than one account here';
    END IF;
    its_id := owners[1];
    SELECT unionid INTO its_unionid FROM identities WHERE appid = p_appid AND openid = p_openid;
    IF its_unionid <> p_unionid THEN
        RETURN 'its openid has another unionid here';
    END IF;
    IF EXISTS (SELECT 1 FROM spent_subjects WHERE sub_hash = sha256(convert_to(p_sub, 'UTF8'))) THEN
        RETURN 'its sub was the one of somebody who was deleted';
    END IF;
    IF p_sub IS NOT NULL AND EXISTS (SELECT 1 FROM first_subjects WHERE account_id = its_id AND sub <> p_sub) THEN
        RETURN 'its account has another sub here, of an import before';
    END IF;
    IF its_id IS NULL THEN
        its_id := p ->> 'new_id';
        outcome := 'created';
        INSERT INTO accounts (id, nickname, created_at, updated_at) VALUES (its_id, coalesce(p ->> 'nickname', ''), p_now, p_now);
    END IF;
    IF p_openid IS NOT NULL THEN
        INSERT INTO identities (appid, openid, unionid, account_id) VALUES (p_appid, p_openid, p_unionid, its_id)
        ON CONFLICT (appid, openid) DO UPDATE SET unionid = p_unionid
        WHERE identities.unionid IS NULL AND p_unionid IS NOT NULL;
        IF FOUND AND outcome = 'known' THEN
            outcome := 'added';
        END IF;
    ELSIF p_unionid IS NOT NULL AND NOT EXISTS (SELECT 1 FROM identities WHERE unionid = p_unionid) THEN
        -- Known by the unionid alone, until a login tells an openid.
        INSERT INTO identities (appid, openid, unionid, account_id) VALUES ('', p_unionid, p_unionid, its_id);
        IF outcome = 'known' THEN
            outcome := 'added';
        END IF;
    END IF;
    FOR contact IN SELECT kind, p ->> kind AS value FROM unnest(ARRAY['phone', 'email']) kind WHERE p ->> kind IS NOT NULL LOOP
        INSERT INTO contacts (kind, value, account_id, verified_at) VALUES (contact.kind, contact.value, its_id, p_now)
        ON CONFLICT (kind, value) DO NOTHING;
        IF FOUND AND outcome = 'known' THEN
            outcome := 'added';
        END IF;
    END LOOP;
    IF p_sub IS NOT NULL AND NOT EXISTS (SELECT 1 FROM subjects WHERE sub = p_sub AND account_id = its_id
        UNION SELECT 1 FROM retired_subjects WHERE sub = p_sub AND account_id = its_id) THEN
        INSERT INTO first_subjects (account_id, sub) VALUES (its_id, p_sub) ON CONFLICT DO NOTHING;
        IF FOUND AND outcome = 'known' THEN
            outcome := 'added';
        END IF;
    END IF;
    IF outcome <> 'known' THEN
        PERFORM note(its_id, 'imported', 'operator', NULL, p_now);
    END IF;
    RETURN outcome;
END $$;

CREATE FUNCTION import_people(p jsonb, p_now bigint) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    outcomes text[] := '{}';
    person jsonb;
BEGIN
    FOR person IN SELECT jsonb_array_elements(p) LOOP
        outcomes := outcomes || import_person(person, p_now);
    END LOOP;
    RETURN outcomes;
END $$;
