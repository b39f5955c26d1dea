-- Contacts that a person changes and removes on their own page. Clients are told of one that an account has no more.

-- Gives an account a contact; false where it is another one's and may not be taken.
CREATE FUNCTION give_contact(p_account text, p_kind text, p_value text, p_take boolean, p_by text, p_now bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    its_owner text;
    said jsonb := jsonb_build_object('contact', p_kind);
BEGIN
    LOOP
        INSERT INTO contacts (kind, value, account_id, verified_at) VALUES (p_kind, p_value, p_account, p_now)
        ON CONFLICT (kind, value) DO NOTHING;
        EXIT WHEN FOUND;
        SELECT account_id INTO its_owner FROM contacts WHERE kind = p_kind AND value = p_value FOR UPDATE;
        -- Its owner has removed it a moment ago.
        CONTINUE WHEN NOT FOUND;
        IF its_owner <> p_account AND NOT p_take THEN
            RETURN false;
        END IF;
        UPDATE contacts SET account_id = p_account, verified_at = p_now WHERE kind = p_kind AND value = p_value;
        EXIT;
    END LOOP;
    IF its_owner IS NOT NULL AND its_owner <> p_account THEN
        PERFORM note(its_owner, 'unbound', p_by, p_kind, p_now);
        PERFORM tell_clients(its_owner, 'contact.unbound', said, p_now);
    END IF;
    IF its_owner IS DISTINCT FROM p_account THEN
        PERFORM note(p_account, 'bound', p_by, p_kind, p_now);
        PERFORM tell_clients(p_account, 'contact.bound', said, p_now);
    END IF;
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION bind_contacts(p_account text, p_terms jsonb, p_now bigint) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    contact jsonb;
    missing jsonb;
BEGIN
    FOR contact IN SELECT * FROM jsonb_array_elements(p_terms -> 'contacts') LOOP
        IF NOT give_contact(p_account, contact ->> 'kind', contact ->> 'value', (contact ->> 'take')::boolean, 'login', p_now) THEN
            RAISE EXCEPTION USING ERRCODE = 'WL001', MESSAGE = contact ->> 'kind';
        END IF;
    END LOOP;
    SELECT jsonb_agg(required.kind ORDER BY required.place) INTO missing
    FROM jsonb_array_elements_text(p_terms -> 'require') WITH ORDINALITY AS required (kind, place)
    WHERE NOT EXISTS (SELECT 1 FROM contacts WHERE account_id = p_account AND contacts.kind = required.kind);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'WL002', MESSAGE = missing::text;
    END IF;
END $$;

-- Gives an account what its person has proven, in the place of another contact of the same kind: `kept`, `taken` or `no_account`.
CREATE FUNCTION bind_contact(p_account text, p_kind text, p_value text, p_take boolean, p_replaces text, p_now bigint) RETURNS text
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    its_id text := standing_account(p_account);
BEGIN
    IF its_id IS NULL THEN
        RETURN 'no_account';
    END IF;
    IF NOT give_contact(its_id, p_kind, p_value, p_take, 'person', p_now) THEN
        RETURN 'taken';
    END IF;
    DELETE FROM contacts WHERE kind = p_kind AND value = p_replaces AND value <> p_value AND account_id = its_id;
    IF FOUND THEN
        PERFORM note(its_id, 'unbound', 'person', p_kind, p_now);
    END IF;
    RETURN 'kept';
END $$;

-- Takes a contact from an account; whether it had it.
CREATE FUNCTION unbind_contact(p_account text, p_kind text, p_value text, p_now bigint) RETURNS boolean LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    DELETE FROM contacts WHERE kind = p_kind AND value = p_value AND account_id = p_account;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM note(p_account, 'unbound', 'person', p_kind, p_now);
    PERFORM tell_clients(p_account, 'contact.unbound', jsonb_build_object('contact', p_kind), p_now);
    RETURN true;
END $$;
