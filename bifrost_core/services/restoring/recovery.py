"""Recovery: the database rebuilt from the manifests in the store, with the same ids, numbers and statuses."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Optional, TypeVar

from sqlalchemy import func, select

from bifrost_core.database.engine import Database
from bifrost_core.database.tables import LibraryRow, ProjectRow
from bifrost_core.errors import BifrostError, Conflict, DatabaseUnavailable, StorageReadOnly
from bifrost_core.models.base import utc_now
from bifrost_core.models.upkeep import RecoverReport
from bifrost_core.services.context import Change, Context
from bifrost_core.services.lookup import batches
from bifrost_core.services.maintenance.blobs import used_blobs
from bifrost_core.services.manifests import PREFIX
from bifrost_core.services.restoring.documents import (
    DocumentName,
    document_name_of,
    read_entity,
    read_project,
    read_user,
    read_version,
    reserved_number,
)
from bifrost_core.services.restoring.rows import Restorer
from bifrost_core.services.searching.indexing import rebuild_index
from bifrost_core.storage.port import BlobStore

__all__ = ["recover", "set_database_aside"]

_D = TypeVar("_D")
_READERS = 8
_WINDOW = 64
_BUSY_TIMEOUT = 5.0
_SIDE_FILES = ("-wal", "-shm")


def set_database_aside(path: Path, *, force: bool) -> None:
    """Make room for a new database: the one at ``path``, if any, is renamed to ``….before-recover-<time>``.

    Args:
        path: the database; it need not exist.
        force: whether it may be moved though there are projects in it, or though it cannot be read.

    Raises:
        Conflict: there are projects in it, or it cannot be read, and no ``force``.
        DatabaseUnavailable: it is in use.
        StorageReadOnly: it cannot be renamed.
    """
    if not path.exists():
        return
    try:
        content = _projects_in(path)
    except BifrostError as exc:
        if not force:
            raise Conflict(
                f"There is a database already, and it cannot be read: {exc.message}",
                hint="With --force it is moved aside, and a new one is made from the store.",
                details={"database": str(path)},
            ) from exc
        content = 0
    if content and not force:
        raise Conflict(
            f"There is a database with {content} project{'s' if content != 1 else ''} already.",
            hint="If it really must be replaced, --force moves it aside and makes a new one from the store.",
            details={"database": str(path), "projects": content},
        )
    _rename(path)


def _projects_in(path: Path) -> int:
    with closing(Database.on_file(path, busy_timeout=_BUSY_TIMEOUT)) as database:
        if not database.revision():
            return 0
        with database.reading() as session:
            return session.scalar(select(func.count(ProjectRow.id))) or 0


def _rename(path: Path) -> None:
    _close_log(path)
    aside = path.with_name(f"{path.name}.before-recover-{datetime.now(timezone.utc):%Y%m%dT%H%M%S%f}Z")
    try:
        # The log first: without its database it does nothing, but an old log beside a new database would be read.
        for suffix in (*_SIDE_FILES, ""):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    except OSError as exc:
        raise StorageReadOnly(
            f"The database {path} cannot be moved aside: {exc.strerror}.",
            hint="Close every program that uses this library, and check the permissions of its folder.",
            details={"database": str(path)},
        ) from exc


def _close_log(path: Path) -> None:
    """Have the whole database in its one file; that works only while nobody else has it open."""
    with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as exc:
            if "locked" in str(exc):
                raise DatabaseUnavailable(
                    f"The database {path} is in use.",
                    hint="Close every program that uses this library, then try again.",
                    details={"database": str(path)},
                ) from exc
        except sqlite3.DatabaseError:
            return  # it is damaged: what there is of it is kept as it is


def recover(context: Context) -> RecoverReport:
    """Fill an empty database from all manifests in the store, in one transaction.

    Manifests that cannot be read, or that contradict another, are left out and told in the report.

    Raises:
        Conflict: the database has projects already.
        StorageError: the store cannot be read.
    """
    names = sorted(context.store.documents.list(PREFIX))
    with context.database.writing() as session:
        if session.scalar(select(ProjectRow.id).limit(1)) is not None:
            raise Conflict("The database has projects already; it is not rebuilt over them.")
        restorer = Restorer(session, in_store=True)
        with ThreadPoolExecutor(_READERS, thread_name_prefix="bifrost-recover") as pool:
            documents = _Documents(context.store, names, restorer, pool)
            restorer.add_users(documents.of("user", read_user))
            restorer.add_projects(documents.of("project", read_project))
            restorer.add_entities(documents.of("entity", read_entity))
            restorer.add_versions(documents.named("version", read_version))
        restorer.finish({})
        rebuild_index(session)
        added = restorer.result.added
        library = session.get(LibraryRow, "id")
        Change(session, context.login, utc_now()).record(
            "library.recovered",
            project_id=None,
            subject=library.value if library is not None else "",
            reference="",
            **{kind: added[kind] for kind in ("projects", "entities", "versions", "users")},
        )
    return RecoverReport(
        projects=added["projects"],
        entities=added["entities"],
        versions=added["versions"],
        users=added["users"],
        skipped=(*documents.unread, *restorer.result.conflicts, *restorer.result.skipped),
        missing_blobs=tuple(_missing(context)),
    )


class _Documents:
    """The manifests in a store, read kind by kind; ``unread`` tells which could not be, and why."""

    def __init__(self, store: BlobStore, names: Sequence[str], restorer: Restorer, pool: ThreadPoolExecutor) -> None:
        self._store = store
        self._pool = pool
        self._restorer = restorer
        self._names: dict[str, list[tuple[str, DocumentName]]] = {}
        self.unread: list[str] = []
        for name in names:
            found = document_name_of(name)
            if found is None:
                self.unread.append(f"{name}: this is no name of a manifest")
            else:
                self._names.setdefault(found.kind, []).append((name, found))

    def of(self, kind: str, read: Callable[[DocumentName, bytes], _D]) -> Iterator[_D]:
        """Yield the documents of a kind."""
        return (document for _, document in self.named(kind, read))

    def named(self, kind: str, read: Callable[[DocumentName, bytes], _D]) -> Iterator[tuple[DocumentName, _D]]:
        """Yield the documents of a kind with their names."""
        names = self._names.get(kind, [])
        for batch in batches(names, _WINDOW):
            texts: Iterator[Optional[bytes]] = self._pool.map(self._store.documents.read, [name for name, _ in batch])
            for (name, found), data in zip(batch, texts):
                try:
                    yield found, read(found, data or b"")
                except BifrostError as exc:
                    self._leave_out(name, found, data or b"", exc)

    def _leave_out(self, name: str, found: DocumentName, data: bytes, why: BifrostError) -> None:
        self.unread.append(f"{name}: {why.message}")
        claim = reserved_number(data) if found.kind == "version" else None
        if claim is not None:
            self._restorer.reserve(*claim)


def _missing(context: Context) -> Iterator[str]:
    for batch in used_blobs(context.database):
        yield from sorted(context.store.missing([blob.sha256 for blob in batch]))
