-- For an operator who looks at a client's grants, and ends them.
CREATE INDEX grants_by_client ON grants (client_id);
