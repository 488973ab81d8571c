-- Version 0 runs before all others in a new database, so that they can have columns of PostGIS. In a
-- database that has later versions already it runs all the same. It must not change once it has run.
CREATE EXTENSION IF NOT EXISTS postgis;
