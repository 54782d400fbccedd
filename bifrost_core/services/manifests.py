"""Manifests: the library's state as documents in the blob store, from which the database can be rebuilt.

Each project, entity (with its tasks and products), version and user has one::

    manifests/users/<user>.json
    manifests/projects/<project>/project.json
    manifests/projects/<project>/entities/<entity>.json
    manifests/projects/<project>/versions/<version>.json

A row counts its changes in ``changed`` and the last state that its manifest shows in ``written``. The manifest is
written right after the commit; if the process dies or the store fails in between, ``written < changed`` stays, and
:meth:`ManifestWriter.write_pending` makes up for it at the next publish or upkeep.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from typing import Any, Optional, Union, cast

from sqlalchemy import inspect, select, update
from sqlalchemy.orm import Session

from bifrost_core.database.engine import Database
from bifrost_core.database.tables import (
    DependencyRow,
    EntityRow,
    FileRow,
    ProductRow,
    ProjectRow,
    PurgedRow,
    RepresentationRow,
    TaskRow,
    UserRow,
    VersionRow,
)
from bifrost_core.errors import DatabaseError, StorageError
from bifrost_core.storage.port import BlobStore
from bifrost_core.storage.workers import Workers

__all__ = [
    "FORMAT",
    "PREFIX",
    "Documented",
    "ManifestWriter",
    "columns_of",
    "document_name",
    "serialized",
    "version_document",
]

FORMAT = 1
PREFIX = "manifests/"
Documented = Union[ProjectRow, EntityRow, VersionRow, UserRow]
_COUNTERS = ("changed", "written")
_WRITERS = 4
_BATCH = 200
_log = logging.getLogger(__name__)


class ManifestWriter:
    """Writes manifests of committed rows into the store."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def write(self, rows: Iterable[Documented]) -> None:
        """Write the manifests of rows just committed.

        The change is committed already, so what fails now is no failure of the change: it is logged, and the
        manifest stays pending.
        """
        for row in rows:
            try:
                self._write_one(type(row), row.id)
            except (StorageError, DatabaseError) as exc:
                _log.warning("the manifest of %s %s is still to be written: %s", row.__tablename__, row.id, exc)

    def write_pending(self) -> int:
        """Write all manifests that are behind; return how many.

        Raises:
            StorageError: the store cannot be written.
        """
        written = 0
        for kind in (UserRow, ProjectRow, EntityRow, VersionRow):
            with self._database.reading() as session:
                behind = session.scalars(select(kind.id).where(kind.written < kind.changed).order_by(kind.id)).all()
            for start in range(0, len(behind), _BATCH):
                self._write_many(kind, behind[start : start + _BATCH])
            written += len(behind)
        return written

    def _write_many(self, kind: type[Documented], row_ids: Sequence[str]) -> None:
        """Write a batch side by side and note it in one transaction; those changed meanwhile are written again."""
        with self._database.reading() as session:
            rows = cast(list[Documented], session.scalars(select(kind).where(kind.id.in_(row_ids))).all())
            states = {row.id: row.changed for row in rows}
            documents = [(document_name(session, row), serialized(session, row)) for row in rows]

        def write(document: tuple[str, bytes]) -> None:
            self._store.documents.write(*document)

        Workers(_WRITERS, write).run(documents, len(documents))
        with self._database.writing() as session:
            rows_now = session.execute(select(kind.id, kind.changed).where(kind.id.in_(row_ids)))
            current = {row.id: row.changed for row in rows_now}
            settled = [row_id for row_id, state in states.items() if current.get(row_id) == state]
            if settled:
                session.execute(update(kind).where(kind.id.in_(settled)).values(written=kind.changed))
        for row_id in current.keys() - set(settled):
            self._write_one(kind, row_id)

    def _write_one(self, kind: type[Documented], row_id: str) -> None:
        """Write until the manifest shows the newest state: another process may have changed the row meanwhile."""
        while True:
            with self._database.reading() as session:
                row = cast(Optional[Documented], session.get(kind, row_id))
                if row is None:
                    return
                state, name, data = row.changed, document_name(session, row), serialized(session, row)
            self._store.documents.write(name, data)
            with self._database.writing() as session:
                current = session.scalar(select(kind.changed).where(kind.id == row_id))
                if current == state:
                    session.execute(update(kind).where(kind.id == row_id).values(written=state))
                    return


def document_name(session: Session, row: Documented) -> str:
    """Return the name of a row's manifest."""
    if isinstance(row, UserRow):
        return f"{PREFIX}users/{row.id}.json"
    if isinstance(row, ProjectRow):
        return f"{PREFIX}projects/{row.id}/project.json"
    if isinstance(row, EntityRow):
        return f"{PREFIX}projects/{row.project_id}/entities/{row.id}.json"
    project_id = session.scalar(
        select(EntityRow.project_id).join(ProductRow, ProductRow.entity_id == EntityRow.id).where(
            ProductRow.id == row.product_id
        )
    )  # fmt: skip
    return version_document(str(project_id), row.id)


def version_document(project_id: str, version_id: str) -> str:
    """Return the name of a version's manifest."""
    return f"{PREFIX}projects/{project_id}/versions/{version_id}.json"


def columns_of(row: Any, *left_out: str) -> dict[str, Any]:
    """Return a row's columns as JSON, without those of the database's own bookkeeping."""
    values = {attribute.key: attribute.value for attribute in inspect(row).attrs}
    for name in (*left_out, *_COUNTERS):
        values.pop(name, None)
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in values.items()}


def serialized(session: Session, row: Documented) -> bytes:
    """Return a row's manifest; on one line, since only that is written fast and a sequence has thousands of files."""
    content: dict[str, Any] = {"format": FORMAT, row.__tablename__: columns_of(row)}
    if isinstance(row, EntityRow):
        content.update(_parts_of_entity(session, row.id))
    elif isinstance(row, VersionRow):
        content.update(_parts_of_version(session, row.id))
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def _parts_of_entity(session: Session, entity_id: str) -> dict[str, Any]:
    products = session.scalars(
        select(ProductRow).where(ProductRow.entity_id == entity_id).order_by(ProductRow.name_key)
    ).all()
    tasks = session.scalars(select(TaskRow).where(TaskRow.entity_id == entity_id).order_by(TaskRow.type_key)).all()
    purged = session.scalars(
        select(PurgedRow).join(ProductRow, ProductRow.id == PurgedRow.product_id).where(
            ProductRow.entity_id == entity_id
        )
    ).all()  # fmt: skip
    return {
        # The pointers follow from the versions, and would be out of date at once.
        "products": [columns_of(product, "latest_id", "approved_id", "last_number") for product in products],
        "tasks": [columns_of(task) for task in tasks],
        "purged": [columns_of(version) for version in purged],
    }


def _parts_of_version(session: Session, version_id: str) -> dict[str, Any]:
    representations = session.scalars(
        select(RepresentationRow).where(RepresentationRow.version_id == version_id).order_by(RepresentationRow.position)
    ).all()
    by_representation: dict[Optional[int], list[dict[str, Any]]] = {}
    for file in session.execute(
        select(FileRow.representation_id, FileRow.name, FileRow.size, FileRow.sha256)
        .join(RepresentationRow, RepresentationRow.id == FileRow.representation_id)
        .where(RepresentationRow.version_id == version_id)
        .order_by(FileRow.position)
    ):
        entry = {"name": file.name, "size": file.size, "sha256": file.sha256}
        by_representation.setdefault(file.representation_id, []).append(entry)
    uses = session.execute(
        select(DependencyRow.used_id, DependencyRow.kind)
        .where(DependencyRow.user_id == version_id)
        .order_by(DependencyRow.used_id, DependencyRow.kind)
    )
    return {
        "representations": [
            {**columns_of(item, "id", "version_id", "position", "name_key"), "files": by_representation[item.id]}
            for item in representations
        ],
        "dependencies": [{"used_id": use.used_id, "kind": use.kind} for use in uses],
    }
