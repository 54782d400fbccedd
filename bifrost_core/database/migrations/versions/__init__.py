"""One file a migration, numbered. Each can be undone, and keeps the previous release working on the database."""
