"""Bringing a database to a revision. Alembic is loaded here only, so that everyday commands never pay for it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from bifrost_core.database.engine import SCHEMA_REVISION, Database
from bifrost_core.errors import SchemaOutOfDate

__all__ = ["configuration", "downgrade", "upgrade"]


def configuration(database: Database) -> Config:
    """Return Alembic's configuration for one database."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["database"] = database
    return config


def upgrade(database: Database, revision: str = SCHEMA_REVISION) -> None:
    """Bring a database up to a revision; one that is there already is left alone.

    Raises:
        SchemaOutOfDate: it is of a release that this one does not know.
    """
    try:
        command.upgrade(configuration(database), revision)
    except CommandError as exc:
        found = database.revision()
        raise SchemaOutOfDate(
            f"The library's database is at revision {found}, which this Bifrost does not know.",
            hint="Install a newer Bifrost.",
            details={"found": found, "needed": revision},
        ) from exc


def downgrade(database: Database, revision: str = "base") -> None:
    """Bring a database back down to a revision; what only newer ones can hold is lost."""
    command.downgrade(configuration(database), revision)
