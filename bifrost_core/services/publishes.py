"""Publishes: begin, upload, commit. Nothing is visible before the commit, and everything is after it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Optional

from sqlalchemy import select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import EntityRow, FileRow, ProjectRow, PublishRow, TaskRow
from bifrost_core.errors import BlobNotFound, Conflict, NotFound
from bifrost_core.models.layout import check_lengths
from bifrost_core.models.names import name_key
from bifrost_core.models.publish import Publish, PublishBegin, PublishCommit, PublishState
from bifrost_core.models.reference import EntityPath
from bifrost_core.models.version import Version
from bifrost_core.operations.publishes import Publishes
from bifrost_core.services.context import Change, Context
from bifrost_core.services.lookup import Found, batches, entity_path, find_entity, located_versions, short_reference
from bifrost_core.services.metadata import check_metadata
from bifrost_core.services.provenance import uses_of
from bifrost_core.services.reading import as_versions
from bifrost_core.services.sealing import seal_version
from bifrost_core.services.searching.indexing import index_product
from bifrost_core.services.versions import check_status, set_pointers
from bifrost_core.storage.port import BlobStore

__all__ = ["LEASE", "LocalPublishes"]

LEASE = timedelta(hours=24)
"""How long a publish may take before the clean-up counts it as abandoned."""


class LocalPublishes(Publishes):
    """Publishes in the database."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def begin(self, request: PublishBegin) -> Publish:
        self._context.catch_up()
        with self._context.changing() as change:
            session = change.session
            row = session.get(PublishRow, request.token)
            project, entity = find_entity(session, request.entity)
            if row is None:
                _check_open(project, entity)
                _check_task(session, project, entity, request.task)
                row = PublishRow(
                    token=request.token,
                    state=PublishState.OPEN.value,
                    entity_id=entity.id,
                    product=request.product,
                    product_type=request.product_type,
                    task=request.task,
                    author=change.author,
                    begun=change.time,
                    expires=change.time + LEASE,
                )
                session.add(row)
            elif row.entity_id != entity.id or name_key(row.product) != name_key(request.product):
                raise Conflict(
                    f"The token “{request.token}” belongs to a publish of something else.", hint="Take a new token."
                )
            elif row.state == PublishState.ABORTED.value:
                # Whoever gave it up tries again; nothing of it was visible.
                row.state, row.begun, row.expires = PublishState.OPEN.value, change.time, change.time + LEASE
            return _as_publish(session, row, request.sizes)

    def get(self, token: str) -> Publish:
        with self._context.reading() as session:
            return _as_publish(session, _find(session, token))

    def commit(self, request: PublishCommit) -> Version:
        with self._context.changing() as change:
            session = change.session
            publish = _find(session, request.token)
            if publish.state == PublishState.COMMITTED.value:
                return _committed(session, publish)
            if publish.state == PublishState.ABORTED.value:
                raise Conflict(f"The publish “{publish.token}” was given up.", hint="Publish again.")
            project, entity = find_entity(session, publish.entity_id)
            _check_open(project, entity)
            check_status(project, request.status)
            check_metadata(request.metadata, project.metadata_schema)
            uses = uses_of(session, entity, publish.product, request)
            product, version = seal_version(change, entity, publish, request, uses)
            _check_paths(project, entity, product.name, version.number, request)
            _check_stored(self._context.store, request)
            set_pointers(session, product)
            publish.state, publish.version_id = PublishState.COMMITTED.value, version.id
            found = Found(version, product, entity, project)
            _record(change, found, request)
            index_product(session, entity, product, change.time)
            return as_versions(session, (found,))[version.id]

    def abort(self, token: str) -> None:
        with self._context.changing() as change:
            row = _find(change.session, token)
            if row.state == PublishState.COMMITTED.value:
                raise Conflict(f"The publish “{token}” is committed.", hint="Archive its version instead.")
            row.state = PublishState.ABORTED.value


def _find(session: Session, token: str) -> PublishRow:
    row = session.get(PublishRow, token)
    if row is None:
        raise NotFound(f"There is no publish “{token}”.", details={"token": token})
    return row


def _check_open(project: ProjectRow, entity: EntityRow) -> None:
    path = entity_path(project, entity)
    for archived, type_, what in ((project.archived, "project", project.code), (entity.archived, entity.type, path)):
        if archived:
            raise Conflict(
                f"“{what}” is archived; nothing can be published on it.",
                hint=f"Restore it first: `bifrost {type_} archive {what} --restore`.",
            )


def _check_task(session: Session, project: ProjectRow, entity: EntityRow, task: Optional[str]) -> None:
    if task is None:
        return
    types = session.scalars(select(TaskRow.type).where(TaskRow.entity_id == entity.id).order_by(TaskRow.type_key)).all()
    if name_key(task) not in map(name_key, types):
        path = entity_path(project, entity)
        raise NotFound(
            f"“{path}” has no task “{task}”.",
            hint=f"It has: {', '.join(types)}." if types else f"`bifrost task create {path} {task}` makes it.",
            details={"entity": path, "task": task},
        )


def _check_paths(project: ProjectRow, entity: EntityRow, product: str, number: int, request: PublishCommit) -> None:
    path = (
        EntityPath(project=project.code, asset=entity.name)
        if entity.type == "asset"
        else EntityPath(project=project.code, episode=entity.episode, sequence=entity.sequence, shot=entity.name)
    )
    for representation in request.representations:
        check_lengths(path, product, number, representation)


def _check_stored(store: BlobStore, request: PublishCommit) -> None:
    """Refuse to commit what is not stored.

    This stands inside the writing transaction, and the clean-up deletes inside one too: so a blob that is there now
    stays until the commit makes it used.
    """
    digests = {file.sha256 for representation in request.representations for file in representation.files}
    missing = sorted(store.missing(digests))
    if missing:
        raise BlobNotFound(
            f"{len(missing)} of the files to publish {'is' if len(missing) == 1 else 'are'} not in the store.",
            hint="Put them again, then commit again.",
            details={"missing": missing},
        )


def _committed(session: Session, publish: PublishRow) -> Version:
    found = located_versions(session, [publish.version_id or ""]).get(publish.version_id or "")
    if found is None:
        raise NotFound(f"The version of the publish “{publish.token}” was purged.", details={"token": publish.token})
    return as_versions(session, (found,))[found.version.id]


def _record(change: Change, found: Found, request: PublishCommit) -> None:
    change.document(found.version)
    change.record(
        "version.published",
        project_id=found.project.id,
        subject=found.version.id,
        reference=found.reference,
        product=found.product.name,
        product_id=found.product.id,
        product_type=found.product.type,
        entity_id=found.entity.id,
        number=found.version.number,
        status=found.version.status,
        comment=found.version.comment,
        representations=[representation.name for representation in request.representations],
    )


def _as_publish(session: Session, row: PublishRow, sizes: Iterable[int] = ()) -> Publish:
    project, entity = find_entity(session, row.entity_id)
    version = None
    if row.version_id:
        found = located_versions(session, [row.version_id]).get(row.version_id)
        version = short_reference(project, entity, found.product, found.version.number) if found else None
    return Publish(
        token=row.token,
        state=PublishState(row.state),
        entity=entity_path(project, entity),
        product=row.product,
        begun=row.begun,
        expires=row.expires,
        version=version,
        known_sizes=_known_sizes(session, sizes),
    )


def _known_sizes(session: Session, sizes: Iterable[int]) -> tuple[int, ...]:
    known: set[int] = set()
    for batch in batches(sorted(set(sizes))):
        known.update(session.scalars(select(FileRow.size).where(FileRow.size.in_(batch)).distinct()))
    return tuple(sorted(known))
