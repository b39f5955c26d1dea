-- For what is asked at a login, on the page of a person's logins, and by the sweep: none of it looks at every row.
CREATE INDEX identities_by_account ON identities (account_id);
CREATE INDEX subjects_by_account ON subjects (account_id, sub);
CREATE INDEX subjects_by_sub ON subjects (sub);
CREATE INDEX sessions_by_account ON sessions (account_id, auth_time);
CREATE INDEX sessions_by_login ON sessions (auth_time);
CREATE INDEX sessions_by_idleness ON sessions (idle_until);
CREATE INDEX codes_unused_by_expiry ON codes (expires_at) WHERE used_at IS NULL;
