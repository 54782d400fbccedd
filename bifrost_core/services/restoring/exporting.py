"""A project with its files written into one archive: `bifrost export`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Optional

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import (
    DependencyRow,
    EntityRow,
    ProductRow,
    ProjectRow,
    TaskRow,
    UserRow,
    VersionRow,
)
from bifrost_core.models.names import name_key
from bifrost_core.models.upkeep import ArchiveReport
from bifrost_core.services.context import Context
from bifrost_core.services.lookup import find_project, located_versions
from bifrost_core.services.maintenance.blobs import digests_of
from bifrost_core.services.manifests import Documented, document_name, serialized, version_document
from bifrost_core.services.restoring.archive_format import ArchiveHeader
from bifrost_core.services.restoring.archive_writing import ArchiveWriter
from bifrost_core.storage.port import Progress

__all__ = ["export_project"]

_PAGE = 200


def export_project(context: Context, project: str, path: Path, *, progress: Optional[Progress] = None) -> ArchiveReport:
    """Write a project with all its versions and their files into one archive.

    Args:
        context: the library.
        project: code or id.
        path: the archive; it must not exist yet.
        progress: told the bytes; it may raise ``Cancelled``.

    Raises:
        NotFound: there is no such project.
        AlreadyExists: there is a file at ``path``.
        BlobNotFound, BlobCorrupt: a file of the project is damaged; nothing is written then.
        InvalidRequest: the archive cannot be written there.
        StorageFull: there is no space left for it.
    """
    with context.reading() as session:
        find_project(session, project)
    with ArchiveWriter(path) as archive:
        # All manifests are of one moment; the blobs that they name never change.
        with context.reading() as session:
            row = find_project(session, project)
            counted = _Counted()
            archive.add_header(ArchiveHeader(project_id=row.id, code=row.code, outside=_outside(session, row.id)))
            archive.add_manifests(_manifests(session, row, counted))
            digests = digests_of(session, row.id)
            code = row.code
        size = 0
        for sha256 in digests:
            with closing(context.store.open(sha256)) as stream:
                size += archive.add_blob(sha256, stream, progress)
        archive.finish()
    return ArchiveReport(
        project=code,
        path=str(path),
        entities=counted.entities,
        versions=counted.versions,
        blobs=len(digests),
        size=size,
    )


class _Counted:
    """What went by."""

    def __init__(self) -> None:
        self.entities = 0
        self.versions = 0


def _outside(session: Session, project_id: str) -> dict[str, str]:
    """Return references of the versions of other projects that this one uses, by id."""
    own = _version_ids(project_id)
    used = session.scalars(
        select(DependencyRow.used_id)
        .where(DependencyRow.user_id.in_(own), DependencyRow.used_id.not_in(own))
        .distinct()
    ).all()
    return {key: found.reference for key, found in located_versions(session, used).items()}


def _manifests(session: Session, project: ProjectRow, counted: _Counted) -> Iterator[tuple[str, bytes]]:
    for user in _users(session, project):
        yield _manifest(session, user)
    yield _manifest(session, project)
    entities = select(EntityRow).where(EntityRow.project_id == project.id).order_by(EntityRow.id)
    for entity in session.scalars(entities.execution_options(yield_per=_PAGE)):
        counted.entities += 1
        yield _manifest(session, entity)
    versions = select(VersionRow).where(VersionRow.id.in_(_version_ids(project.id))).order_by(VersionRow.id)
    for version in session.scalars(versions.execution_options(yield_per=_PAGE)):
        counted.versions += 1
        yield version_document(project.id, version.id), serialized(session, version)


def _manifest(session: Session, row: Documented) -> tuple[str, bytes]:
    return document_name(session, row), serialized(session, row)


def _version_ids(project_id: str) -> Select[str]:
    return (
        select(VersionRow.id)
        .join(ProductRow, ProductRow.id == VersionRow.product_id)
        .join(EntityRow, EntityRow.id == ProductRow.entity_id)
        .where(EntityRow.project_id == project_id)
    )


def _users(session: Session, project: ProjectRow) -> list[UserRow]:
    """Return the users that the project names."""
    entities = EntityRow.project_id == project.id
    tasks = select(TaskRow.created_by, TaskRow.assignees).join(EntityRow, EntityRow.id == TaskRow.entity_id)
    logins = {project.created_by, *session.scalars(select(EntityRow.created_by).where(entities).distinct())}
    for author, assignees in session.execute(tasks.where(entities)):
        logins.update((author, *assignees))
    logins.update(
        session.scalars(select(VersionRow.author).where(VersionRow.id.in_(_version_ids(project.id))).distinct())
    )
    keys = {name_key(login) for login in logins}
    return [user for user in session.scalars(select(UserRow).order_by(UserRow.id)) if user.login_key in keys]
