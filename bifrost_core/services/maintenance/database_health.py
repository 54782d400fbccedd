"""Checks of the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select, text

from bifrost_core.database.engine import Database
from bifrost_core.database.tables import EntityRow, ProjectRow, PublishRow, UserRow, VersionRow
from bifrost_core.models.base import utc_now
from bifrost_core.models.publish import PublishState
from bifrost_core.models.upkeep import HealthFinding, HealthLevel
from bifrost_core.services.maintenance.file_systems import network_file_system

__all__ = ["DatabaseHealth"]

_MOST_ERRORS = 3


class DatabaseHealth:
    """Looks at the database of a library in ``root``."""

    def __init__(self, database: Database, root: Path) -> None:
        self._database = database
        self._root = root

    def sqlite(self) -> Iterator[HealthFinding]:
        """Check the SQLite that Python brings: the search needs its text index."""
        with self._database.reading() as session:
            options = set(session.scalars(text("PRAGMA compile_options")))
        if "ENABLE_FTS5" in options:
            message = f"SQLite {sqlite3.sqlite_version}, with full text search"
            yield HealthFinding(check="sqlite", level=HealthLevel.OK, message=message)
        else:
            yield HealthFinding(
                check="sqlite",
                level=HealthLevel.PROBLEM,
                message=f"SQLite {sqlite3.sqlite_version} of this Python has no full text search.",
                hint="Use a Python from python.org or from conda: theirs has it.",
            )

    def state(self) -> Iterator[HealthFinding]:
        """Check that the database is of this release, whole, and in the mode that lets readers and writers work."""
        self._database.check_revision()
        with self._database.reading() as session:
            errors = [line for line in session.scalars(text("PRAGMA quick_check")) if line != "ok"]
            mode = session.scalar(text("PRAGMA journal_mode"))
            versions = session.scalar(select(func.count()).select_from(VersionRow)) or 0
        if errors:
            yield HealthFinding(
                check="database",
                level=HealthLevel.PROBLEM,
                message="The database is damaged: " + "; ".join(errors[:_MOST_ERRORS]),
                hint="`bifrost recover --force` moves it aside and rebuilds it from the store.",
            )
        elif mode != "wal":
            yield HealthFinding(
                check="database",
                level=HealthLevel.PROBLEM,
                message=f"The database works in the mode “{mode}”, so readers and writers stop each other.",
                hint="Check that its folder may be written and lies on a local disk.",
            )
        else:
            message = f"revision {self._database.revision()}, whole, {versions:,} versions"
            yield HealthFinding(check="database", level=HealthLevel.OK, message=message)

    def place(self) -> Iterator[HealthFinding]:
        """Check that the database lies on a local disk."""
        network = network_file_system(self._root)
        if network is None:
            yield HealthFinding(check="database place", level=HealthLevel.OK, message=f"{self._root}, a local disk")
            return
        yield HealthFinding(
            check="database place",
            level=HealthLevel.PROBLEM,
            message=f"The database lies on a network file system ({network}), where SQLite may damage it.",
            hint="Move library.db to a local disk; the store alone may lie on a share (`bifrost init --store`).",
        )

    def manifests(self) -> Iterator[HealthFinding]:
        """Check that the store could rebuild the database as it is."""
        with self._database.reading() as session:
            pending = sum(
                session.scalar(select(func.count()).where(table.written < table.changed)) or 0
                for table in (UserRow, ProjectRow, EntityRow, VersionRow)
            )
        if pending:
            yield HealthFinding(
                check="manifests",
                level=HealthLevel.WARNING,
                message=f"{pending:,} changes are not in the store yet; with the database they would be lost.",
                hint="`bifrost gc --apply` writes them.",
            )
        else:
            yield HealthFinding(check="manifests", level=HealthLevel.OK, message="the store has all changes")

    def publishes(self) -> Iterator[HealthFinding]:
        """Check for publishes that were begun and never ended."""
        with self._database.reading() as session:
            abandoned = session.scalar(
                select(func.count()).where(PublishRow.state == PublishState.OPEN.value, PublishRow.expires < utc_now())
            )
        if abandoned:
            yield HealthFinding(
                check="publishes",
                level=HealthLevel.WARNING,
                message=f"{abandoned:,} publishes were begun and never ended; their files take space.",
                hint="`bifrost gc` shows what can go, `bifrost gc --apply` removes it.",
            )
        else:
            yield HealthFinding(check="publishes", level=HealthLevel.OK, message="none was left half done")
