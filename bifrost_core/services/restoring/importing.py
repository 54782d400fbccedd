"""A project with its files read from an archive: `bifrost import`."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Optional

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import EntityRow, ProjectRow
from bifrost_core.errors import AlreadyExists, BlobNotFound, Conflict, InvalidRequest
from bifrost_core.models.base import invalid_request, utc_now
from bifrost_core.models.names import ProjectCode, name_key
from bifrost_core.models.upkeep import ArchiveReport
from bifrost_core.services.context import Change, Context
from bifrost_core.services.manifests import ManifestWriter
from bifrost_core.services.metadata import check_schema
from bifrost_core.services.restoring.archive_reading import ArchiveReader
from bifrost_core.services.restoring.documents import (
    DocumentName,
    ProjectDocument,
    VersionDocument,
    document_name_of,
    read_entity,
    read_project,
    read_user,
    read_version,
)
from bifrost_core.services.restoring.restored import Restored
from bifrost_core.services.restoring.rows import Restorer
from bifrost_core.services.searching.indexing import rebuild_index, reindex_entity
from bifrost_core.storage.port import BlobStore, Progress
from bifrost_core.storage.workers import Workers

__all__ = ["import_project"]

_WRITERS = 4
_TRIES = 5
_TOLD = 20
_ORDER = ("user", "project", "entity", "version")


def import_project(
    context: Context, path: Path, *, code: Optional[str] = None, progress: Optional[Progress] = None
) -> ArchiveReport:
    """Read a project from an archive: all of it or, on any error, nothing.

    What is there already with the same ids stays as it is, so importing twice changes nothing the second time.

    Args:
        context: the library.
        path: the archive.
        code: the code that the project gets here; None: its own.
        progress: told the bytes; it may raise ``Cancelled``.

    Raises:
        InvalidRequest: the file is no archive of a project, or it is damaged or made with malice.
        AlreadyExists: another project has the code.
        Conflict: a number, name or id is taken by something else here.
        BlobCorrupt: a file in the archive is damaged.
    """
    code = _checked_code(code)
    put = _Put(context.store, progress)
    with ArchiveReader(path) as archive:
        # The same is done twice: first to see, before many gigabytes are copied, that nothing will be in the way.
        wanted = _rehearse(context, archive, code)
        for left in reversed(range(_TRIES)):
            put.all_missing(archive, wanted)
            try:
                restored, found_code = _carry_out(context, archive, code, wanted)
                break
            except BlobNotFound:
                if not left:
                    raise
    ManifestWriter(context.database, context.store).write_pending()
    return ArchiveReport(
        project=found_code,
        path=str(path),
        entities=restored.added["entities"],
        versions=restored.added["versions"],
        blobs=put.blobs,
        size=put.size,
        skipped=tuple(restored.skipped),
    )


class _Put:
    """Puts blobs of an archive into the store, and counts."""

    def __init__(self, store: BlobStore, progress: Optional[Progress]) -> None:
        self._store = store
        self._progress = progress
        self._lock = threading.Lock()
        self.blobs = 0
        self.size = 0

    def all_missing(self, archive: ArchiveReader, wanted: Iterable[str]) -> None:
        """Put those of the wanted blobs that the store lacks."""
        missing = sorted(self._store.missing(set(wanted)))

        def put(sha256: str) -> None:
            with archive.open_blob(sha256) as stream:
                stored = self._store.put(stream, progress=told)
            with self._lock:
                self.blobs += 1
                self.size += stored.size

        def told(count: int) -> None:
            workers.check()
            if self._progress is not None:
                self._progress(count)

        workers = Workers(_WRITERS, put)
        workers.run(missing, len(missing))


def _checked_code(code: Optional[str]) -> Optional[str]:
    if code is None:
        return None
    try:
        return TypeAdapter[str](ProjectCode).validate_python(code)
    except ValidationError as exc:
        raise invalid_request(exc) from exc


def _rehearse(context: Context, archive: ArchiveReader, code: Optional[str]) -> set[str]:
    """Return the digests of the files that the archive's versions have, if it can be imported."""
    wanted: dict[str, int] = {}
    with context.database.writing() as session:
        _restore(session, archive, code, wanted)
        session.rollback()
    absent = [sha256 for sha256 in wanted if sha256 not in archive.blobs]
    lacking = context.store.missing(absent)
    wrong = {sha256 for sha256, size in wanted.items() if archive.blobs.get(sha256, size) != size}
    if lacking or wrong:
        raise InvalidRequest(
            f"The archive lacks {len(lacking | wrong)} of the files that its versions have.",
            hint="Make it again with `bifrost export`.",
            details={"missing": sorted(lacking | wrong)[:_TOLD]},
        )
    return set(wanted)


def _carry_out(context: Context, archive: ArchiveReader, code: Optional[str], wanted: set[str]) -> tuple[Restored, str]:
    """Import in one transaction; the clean-up removes no blob while it lasts."""
    with context.database.writing() as session:
        restored = _restore(session, archive, code, {})
        missing = sorted(context.store.missing(wanted))
        if missing:
            raise BlobNotFound(
                f"{len(missing)} of the imported files were removed from the store meanwhile.",
                hint="Import again; let nobody clean the store meanwhile.",
                details={"missing": missing[:_TOLD]},
            )
        project = session.get_one(ProjectRow, archive.header.project_id)
        if any(restored.added.values()):
            _finish(Change(session, context.login, utc_now()), project, restored)
        return restored, project.code


def _finish(change: Change, project: ProjectRow, restored: Restored) -> None:
    """Make what was imported findable, and tell of it."""
    session = change.session
    others = session.scalar(select(ProjectRow.id).where(ProjectRow.id != project.id).limit(1))
    if others is None:
        rebuild_index(session)
    else:
        for entity in session.scalars(select(EntityRow).where(EntityRow.project_id == project.id)).all():
            reindex_entity(session, entity, change.time)
    added = restored.added
    change.record(
        "project.imported",
        project_id=project.id,
        subject=project.id,
        reference=project.code,
        entities=added["entities"],
        versions=added["versions"],
    )


def _restore(session: Session, archive: ArchiveReader, code: Optional[str], wanted: dict[str, int]) -> Restored:
    """Add what the archive's manifests tell.

    Args:
        session: a writing transaction.
        archive: the archive.
        code: the code that the project gets; None: its own.
        wanted: gets the size of each file by its digest.
    """
    restorer = Restorer(session, in_store=False)
    seen: list[str] = []
    with closing(archive.manifests()) as manifests:
        for kind, group in groupby(_named(archive, manifests), key=lambda item: item[0].kind):
            if seen and _ORDER.index(kind) <= _ORDER.index(seen[-1]):
                raise InvalidRequest("The archive's manifests do not stand in their order.")
            seen.append(kind)
            if kind == "user":
                restorer.add_users(read_user(name, data) for name, data in group)
            elif kind == "project":
                restorer.add_projects(_project(session, name, data, code) for name, data in group)
            elif kind == "entity":
                restorer.add_entities(read_entity(name, data) for name, data in group)
            else:
                documents = ((name, read_version(name, data)) for name, data in group)
                restorer.add_versions(_noting_files(documents, wanted))
    if "project" not in seen:
        raise InvalidRequest("The archive has no manifest of its project.")
    restorer.finish(archive.header.outside)
    conflicts = restorer.result.conflicts
    if conflicts:
        raise Conflict(
            f"The archive does not fit to what is in this library: {'; '.join(conflicts[:3])}.",
            hint="Both have gone on separately since one was copied from the other. Nothing was imported.",
            details={"conflicts": conflicts[:_TOLD]},
        )
    return restorer.result


def _noting_files(
    documents: Iterable[tuple[DocumentName, VersionDocument]], wanted: dict[str, int]
) -> Iterator[tuple[DocumentName, VersionDocument]]:
    for name, document in documents:
        for representation in document.representations:
            wanted.update((file.sha256, file.size) for file in representation.files)
        yield name, document


def _named(archive: ArchiveReader, manifests: Iterable[tuple[str, bytes]]) -> Iterator[tuple[DocumentName, bytes]]:
    for text, data in manifests:
        name = document_name_of(text)
        if name is None or name.project_id not in (None, archive.header.project_id):
            raise InvalidRequest("The archive has a manifest that does not belong to its project.")
        yield name, data


def _project(session: Session, name: DocumentName, data: bytes, code: Optional[str]) -> ProjectDocument:
    """Return the project's manifest, under the code that it gets here."""
    document = read_project(name, data)
    check_schema(document.projects.metadata_schema)
    known = session.get(ProjectRow, name.id)
    if known is not None:
        if code is not None and name_key(code) != known.code_key:
            raise Conflict(
                f"This project is in the library already, as “{known.code}”.",
                hint="Leave the other code out to add what is missing.",
                details={"project": known.code},
            )
        return document
    code = code or document.projects.code
    taken = session.scalar(select(ProjectRow.code).where(ProjectRow.code_key == name_key(code)))
    if taken is not None:
        raise AlreadyExists(
            f"There is another project “{taken}” in this library already.",
            hint="Import it under another code.",
            details={"project": taken},
        )
    return document.model_copy(update={"projects": document.projects.model_copy(update={"code": code})})
