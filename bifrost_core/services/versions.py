"""Versions: looked up, listed, given a status, purged."""

from __future__ import annotations

import logging

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import DependencyRow, EntityRow, ProductRow, ProjectRow, PurgedRow, VersionRow
from bifrost_core.errors import BifrostError, Conflict, InUse, InvalidRequest, NotFound, StorageError
from bifrost_core.models.names import name_key
from bifrost_core.models.project import ARCHIVED
from bifrost_core.models.query import Page
from bifrost_core.models.reference import APPROVED
from bifrost_core.models.version import (
    Resolution,
    ResolveRequest,
    StatusChange,
    Version,
    VersionListing,
    VersionQuery,
)
from bifrost_core.operations.versions import Versions
from bifrost_core.services.context import Context
from bifrost_core.services.lookup import (
    Answer,
    Found,
    find_entity,
    find_version,
    find_versions,
    located_versions,
    short_reference,
)
from bifrost_core.services.manifests import document_name
from bifrost_core.services.paging import decode_cursor, encode_cursor
from bifrost_core.services.reading import as_summary, as_versions
from bifrost_core.services.searching.indexing import index_product

__all__ = ["LocalVersions", "check_status", "set_pointers"]

_log = logging.getLogger(__name__)


class LocalVersions(Versions):
    """Versions in the database."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, query: VersionQuery) -> Page[VersionListing]:
        with self._context.reading() as session:
            project, entity = find_entity(session, query.entity)
            statement = (
                select(VersionRow, ProductRow)
                .join(ProductRow, ProductRow.id == VersionRow.product_id)
                .where(ProductRow.entity_id == entity.id)
            )
            if query.product is not None:
                statement = statement.where(ProductRow.name_key == name_key(query.product))
            if query.status is not None:
                statement = statement.where(VersionRow.status == query.status)
            if query.cursor:
                name, number = decode_cursor(query.cursor, str, int)
                same = (ProductRow.name_key == name) & (VersionRow.number < number)
                statement = statement.where((ProductRow.name_key > name) | same)
            rows = session.execute(
                statement.order_by(ProductRow.name_key, VersionRow.number.desc()).limit(query.limit + 1)
            ).all()
            if not rows and query.product is not None and not query.cursor:
                _check_product(session, project, entity, query.product)
            items = tuple(_listing(project, entity, product, version) for version, product in rows[: query.limit])
        if len(rows) <= query.limit:
            return Page[VersionListing](items=items)
        version, product = rows[query.limit - 1]
        return Page[VersionListing](items=items, next_cursor=encode_cursor(product.name_key, version.number))

    def get(self, version: str) -> Version:
        with self._context.reading() as session:
            found = find_version(session, version)
            return as_versions(session, (found,))[found.version.id]

    def resolve(self, request: ResolveRequest) -> tuple[Resolution, ...]:
        with self._context.reading() as session:
            answers = find_versions(session, request.references)
            found = {item.version.id: item for item in answers.values() if isinstance(item, Found)}
            versions = as_versions(session, list(found.values()))
        return tuple(_resolution(text, answers[text], versions) for text in request.references)

    def set_status(self, change: StatusChange) -> Version:
        with self._context.changing() as transaction:
            session = transaction.session
            found = find_version(session, change.version)
            row = found.version
            check_status(found.project, change.status)
            if row.status != change.status:
                before, row.status = row.status, change.status
                session.flush()
                set_pointers(session, found.product)
                transaction.document(row)
                transaction.record(
                    "version.status_changed",
                    project_id=found.project.id,
                    subject=row.id,
                    reference=found.reference,
                    before=before,
                    status=row.status,
                    comment=change.comment,
                )
                index_product(session, found.entity, found.product, transaction.time)
            return as_versions(session, (found,))[row.id]

    def purge(self, version: str) -> None:
        with self._context.changing() as change:
            session = change.session
            found = find_version(session, version)
            _refuse_purge(session, found)
            row = found.version
            document = document_name(session, row)
            session.add(PurgedRow(version_id=row.id, product_id=row.product_id, number=row.number))
            session.delete(row)
            session.flush()
            set_pointers(session, found.product)
            # The entity's manifest remembers what was purged: a manifest left by a crash brings nothing back.
            change.document(found.entity)
            change.record("version.purged", project_id=found.project.id, subject=row.id, reference=found.reference)
            index_product(session, found.entity, found.product, change.time)
        self._forget(document)

    def _forget(self, document: str) -> None:
        """Remove the manifest of a version just purged; what cannot be removed now, the clean-up removes."""
        try:
            self._context.store.documents.delete(document)
        except StorageError as exc:
            _log.warning("the manifest %s of a purged version is still to be removed: %s", document, exc)


def _resolution(text: str, answer: Answer, versions: dict[str, Version]) -> Resolution:
    if isinstance(answer, BifrostError):
        return Resolution(reference=text, error=answer.to_wire())
    return Resolution(reference=text, version=versions[answer.version.id])


def _listing(project: ProjectRow, entity: EntityRow, product: ProductRow, version: VersionRow) -> VersionListing:
    summary = as_summary(version)
    return VersionListing(
        **summary.model_dump(),
        reference=short_reference(project, entity, product, version.number),
        product=product.name,
    )


def _check_product(session: Session, project: ProjectRow, entity: EntityRow, product: str) -> None:
    exists = session.scalar(
        select(ProductRow.id).where(ProductRow.entity_id == entity.id, ProductRow.name_key == name_key(product))
    )
    if exists is None:
        raise NotFound(
            f"“{project.code}/…/{entity.name}” has no product “{product}”.",
            hint="Leave the product out to see all there are.",
            details={"product": product},
        )


def check_status(project: ProjectRow, status: str) -> None:
    """Refuse a status that the project does not have.

    Raises:
        InvalidRequest: it has none of that name.
    """
    if status not in project.statuses:
        raise InvalidRequest(
            f"The project “{project.code}” has no status “{status}”.",
            hint=f"It has: {', '.join(project.statuses)}.",
            details={"status": status, "statuses": list(project.statuses)},
        )


def set_pointers(session: Session, product: ProductRow) -> None:
    """Set what ``latest`` and ``approved`` mean for a product, from its versions as they are now."""
    newest = (
        select(VersionRow.id).where(VersionRow.product_id == product.id).order_by(VersionRow.number.desc()).limit(1)
    )
    product.latest_id = session.scalar(newest.where(VersionRow.status != ARCHIVED))
    product.approved_id = session.scalar(newest.where(VersionRow.status == APPROVED))


def _refuse_purge(session: Session, found: Found) -> None:
    if found.version.status != ARCHIVED:
        raise Conflict(
            f"{found.reference} is not archived; only an archived version can be purged.",
            hint=f"`bifrost status {found.reference} archived` archives it, which can be undone.",
        )
    users = session.scalars(
        select(DependencyRow.user_id).where(DependencyRow.used_id == found.version.id).distinct().limit(5)
    ).all()
    if users:
        count = session.scalar(
            select(func.count(DependencyRow.user_id.distinct())).where(DependencyRow.used_id == found.version.id)
        )
        names = [item.reference for item in located_versions(session, users).values()]
        raise InUse(
            f"{found.reference} is used by {count} other version{'s' if count != 1 else ''}: {', '.join(names)}.",
            hint="Purge those first, or keep it archived.",
            details={"used_by": names},
        )
