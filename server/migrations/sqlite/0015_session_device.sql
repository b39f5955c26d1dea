-- The browser and the system of a login, in names of our own, so that a person knows it again; empty where they told nothing.
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
