-- Phone numbers and email addresses that people have proven to be theirs, and logins that wait for one. What the tables mean stands in the
-- SQLite store's migrations; here they are the same.

CREATE TABLE contacts (
    kind        text COLLATE "C" NOT NULL,
    value       text COLLATE "C" NOT NULL,
    account_id  text COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    verified_at bigint NOT NULL,
    PRIMARY KEY (kind, value)
);
CREATE INDEX contacts_by_account ON contacts (account_id);

CREATE FUNCTION contacts_follow_their_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contacts SET account_id = NEW.account_id WHERE account_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER contacts_follow_their_account AFTER INSERT ON account_aliases FOR EACH ROW EXECUTE FUNCTION contacts_follow_their_account();

CREATE TABLE bindings (
    id          text COLLATE "C" PRIMARY KEY,
    changes     bigint NOT NULL,
    binding     text NOT NULL,
    expires_at  bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX bindings_by_expiry ON bindings (expires_at);

-- Gives an account what was proven. What undoes the login that it is part of: WL001, a contact of this kind is another account's; WL002,
-- these kinds are missing still.
CREATE FUNCTION bind_contacts(p_account text, p_terms jsonb, p_now bigint) RETURNS void LANGUAGE plpgsql AS $$
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

-- A login that was kept, on terms: `logged_in`, `no_account`, `missing` or `taken`.
CREATE FUNCTION kept_on_terms(p_logged_in jsonb, p_terms jsonb, p_now bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    IF p_logged_in IS NULL THEN
        RETURN to_jsonb('no_account'::text);
    END IF;
    PERFORM bind_contacts(p_logged_in -> 'account' ->> 'id', p_terms, p_now);
    RETURN jsonb_build_object('logged_in', p_logged_in);
END $$;

CREATE FUNCTION log_in_on_terms(p jsonb, p_terms jsonb, p_new_id text, p_new_sub text, p_at_once bigint, p_now bigint) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    RETURN kept_on_terms(log_in(p, p_new_id, p_new_sub, p_at_once, p_now), p_terms, p_now);
EXCEPTION
    WHEN SQLSTATE 'WL001' THEN RETURN jsonb_build_object('taken', SQLERRM);
    WHEN SQLSTATE 'WL002' THEN RETURN jsonb_build_object('missing', SQLERRM::jsonb);
END $$;

CREATE FUNCTION finish_login_on_terms(p jsonb, p_terms jsonb, p_new_id text, p_new_sub text, p_at_once bigint, p_outcome text,
    p_now bigint) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    RETURN kept_on_terms(finish_login(p, p_new_id, p_new_sub, p_at_once, p_outcome, p_now), p_terms, p_now);
EXCEPTION
    WHEN SQLSTATE 'WL001' THEN RETURN jsonb_build_object('taken', SQLERRM);
    WHEN SQLSTATE 'WL002' THEN RETURN jsonb_build_object('missing', SQLERRM::jsonb);
END $$;
