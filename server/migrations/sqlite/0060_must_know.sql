-- Which program may begin to work over this store: one that knows the migrations up to this one. Those after it have only added, and a
-- program that lacks them goes on with the tables and columns that it knows, as a node that runs through an update does. A migration that
-- the program before cannot live with raises the number to its own, and so comes one version after what it needs.
CREATE TABLE must_know (
    only_row INTEGER NOT NULL PRIMARY KEY DEFAULT 1 CHECK (only_row = 1),
    version  INTEGER NOT NULL
) STRICT;
INSERT INTO must_know (version) VALUES (60);
