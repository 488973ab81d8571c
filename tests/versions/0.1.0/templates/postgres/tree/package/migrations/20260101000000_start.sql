-- Every file `<version>_<name>.sql` of this folder runs once, in the order of the versions and in a
-- transaction of its own, when the app starts. A file that has run must not change any more: what is
-- to be different goes into a new one. This one does nothing.
SELECT 1;
