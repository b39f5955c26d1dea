-- What two accounts are to tell goes on in one order, where they have become one: what comes behind is due when the first is, and no sooner.
CREATE OR REPLACE FUNCTION move_events(p_from text, p_into text) RETURNS void LANGUAGE sql AS $$
    UPDATE webhook_events SET account_id = p_into WHERE account_id = p_from;
    UPDATE webhook_events SET due_at = first.due_at FROM (
        SELECT DISTINCT ON (client_id) client_id, due_at FROM webhook_events WHERE account_id = p_into ORDER BY client_id, seq
    ) first
    WHERE account_id = p_into AND webhook_events.client_id = first.client_id AND webhook_events.due_at < first.due_at
$$;
