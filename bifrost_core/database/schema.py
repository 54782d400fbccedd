"""Bringing a database to a revision. Alembic is loaded here only, so that everyday commands never pay for it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from bifrost_core.database.engine import SCHEMA_REVISION, Database

__all__ = ["configuration", "downgrade", "upgrade"]


def configuration(database: Database) -> Config:
    """Return Alembic's configuration for one database."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["database"] = database
    return config


def upgrade(database: Database, revision: str = SCHEMA_REVISION) -> None:
    """Bring a database up to a revision; one that is there already is left alone."""
    command.upgrade(configuration(database), revision)


def downgrade(database: Database, revision: str = "base") -> None:
    """Bring a database back down to a revision; what only newer ones can hold is lost."""
    command.downgrade(configuration(database), revision)
