"""Migrations of the database, shipped inside the package and run by Alembic."""
