"""The connection to a database, and its transactions.

A reading transaction sees one state throughout. A writing one on SQLite takes the write lock when it begins, so that
it never fails half-way because another process was faster.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from bifrost_core.errors import (
    BifrostError,
    DatabaseError,
    DatabaseUnavailable,
    SchemaOutOfDate,
    StorageFull,
    StorageReadOnly,
)

__all__ = ["SCHEMA_REVISION", "Database"]

SCHEMA_REVISION = "0001"
"""The newest migration; a test holds it against the migrations themselves."""

_WRITES = "bifrost_writes"
_PATIENCE = "bifrost_patience"
_LONGEST_PAUSE = 0.008
_LEAST_SPACE = 1 << 20


class Database:
    """One database; make it with :meth:`on_file`, close it when done."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(**{_WRITES: True})
        self._file = engine.url.database if engine.dialect.name == "sqlite" else None

    @classmethod
    def on_file(cls, path: Path, *, busy_timeout: float) -> Database:
        """Open the SQLite database in a file (made when it is not there).

        Args:
            path: the file; it must lie on a local disk, never on a share.
            busy_timeout: seconds to wait for another process's write.
        """
        engine = create_engine(
            URL.create("sqlite", database=str(path)),
            connect_args={"timeout": busy_timeout},
            execution_options={_PATIENCE: busy_timeout},
        )
        event.listen(engine, "connect", _set_up_connection)
        event.listen(engine, "begin", _begin)
        return cls(engine)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a transaction that only reads."""
        with _translated(self._file), Session(self.engine, autoflush=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a transaction that writes; it commits at the end of the block and rolls back if that raises."""
        with (
            _translated(self._file),
            Session(self._writing, autoflush=False, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def revision(self) -> str:
        """Return the migration that the database stands at; empty when it is new."""
        with self.reading() as session:
            names = session.scalars(text("SELECT name FROM sqlite_master WHERE name = 'alembic_version'")).all()
            if not names:
                return ""
            return session.scalar(text("SELECT version_num FROM alembic_version")) or ""

    def check_revision(self) -> None:
        """Refuse a database of another release.

        Raises:
            SchemaOutOfDate: it is older or newer than this Bifrost.
        """
        found = self.revision()
        if found == SCHEMA_REVISION:
            return
        older = found < SCHEMA_REVISION
        raise SchemaOutOfDate(
            f"The library's database is at revision {found or 'none'}, this Bifrost needs {SCHEMA_REVISION}.",
            hint="Run `bifrost init` on it to bring it up to date." if older else "Install a newer Bifrost.",
            details={"found": found, "needed": SCHEMA_REVISION},
        )

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _set_up_connection(connection: Any, _record: object) -> None:
    # None: Python's driver opens no transactions of its own; _begin does.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # a version that was acknowledged survives a power cut
            "foreign_keys=ON",
            "cache_size=-32768",
        ):
            cursor.execute(f"PRAGMA {pragma}")
    finally:
        cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get(_WRITES):
        _begin_writing(connection, options[_PATIENCE])
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection, patience: float) -> None:
    """Take the write lock; wait for other processes for at most ``patience`` seconds.

    SQLite's own waiting pauses longer each time, up to a tenth of a second: with several writers, who has waited long
    comes last and may wait for seconds. Short pauses by chance give each the same turn.
    """
    driver: Any = connection.connection.driver_connection
    end = time.monotonic() + patience
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while not _has_begun_writing(connection, last_try=time.monotonic() >= end):
            time.sleep(random.uniform(0.001, _LONGEST_PAUSE))  # noqa: S311 - no secret
    finally:
        driver.execute(f"PRAGMA busy_timeout={int(patience * 1000)}")


def _has_begun_writing(connection: Connection, *, last_try: bool) -> bool:
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as exc:
        if last_try or "locked" not in str(exc.orig):
            raise
        return False
    return True


@contextmanager
def _translated(file: Optional[str]) -> Iterator[None]:
    """Turn what SQLAlchemy raises into errors of Bifrost; ``file`` is the database, where it is one."""
    try:
        yield
    except BifrostError:
        raise
    except DBAPIError as exc:
        raise _as_bifrost(str(exc.orig), file) from exc
    except SQLAlchemyError as exc:
        raise DatabaseError(f"The database could not be used: {exc}.") from exc


def _as_bifrost(message: str, file: Optional[str]) -> BifrostError:
    lowered = message.lower()
    unreachable = "unable to open" in lowered or "disk i/o" in lowered
    if "full" in lowered or (unreachable and _is_full(file)):
        return StorageFull("The disk that holds the library's database is full; nothing was changed.")
    if "readonly" in lowered or "read-only" in lowered or (unreachable and _is_read_only(file)):
        return _read_only(file)
    if "locked" in lowered or "busy" in lowered:
        return DatabaseUnavailable("The library's database was busy for too long; nothing was changed.")
    if "malformed" in lowered or "not a database" in lowered:
        return DatabaseError(
            "The library's database is damaged.",
            hint="Move it aside and run `bifrost recover`: it rebuilds the database from the store.",
        )
    if unreachable:
        return _unreachable(message, file)
    return DatabaseError(f"The database refused: {message}.")


def _read_only(file: Optional[str]) -> StorageReadOnly:
    if file is None:
        return StorageReadOnly("The library's database may not be written.")
    folder = Path(file).parent
    return StorageReadOnly(
        f"You may not write in the library's folder {folder}, or not to the database in it.",
        hint=f"Ask for write permission on the folder {folder} and the database in it: SQLite needs it for reading "
        "too. If you have it, the disk is mounted read-only.",
        details={"database": file},
    )


def _unreachable(message: str, file: Optional[str]) -> DatabaseUnavailable:
    if _is_closed(file):
        return DatabaseUnavailable(
            f"You may not read the library's database {file}.", hint="Ask for permission to read and write that file."
        )
    return DatabaseUnavailable(f"The library's database cannot be reached ({message}).")


def _is_full(file: Optional[str]) -> bool:
    """Return whether too little space is left for the files that SQLite keeps beside a database; it does not say so."""
    try:
        return file is not None and shutil.disk_usage(Path(file).parent).free < _LEAST_SPACE
    except OSError:
        return False


def _is_read_only(file: Optional[str]) -> bool:
    """Return whether the folder of a database is there but may not be written."""
    return file is not None and os.path.isfile(file) and not os.access(Path(file).parent, os.W_OK)  # noqa: PTH113


def _is_closed(file: Optional[str]) -> bool:
    """Return whether a database is there but may not be read."""
    return file is not None and os.path.isfile(file) and not os.access(file, os.R_OK)  # noqa: PTH113
