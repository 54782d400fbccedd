"""The search index's side of every change: what can be searched for about an entity and its products.

Services call these functions inside the transaction of the change, so that nothing is ever found that is not there.
A document's id grows with the time of its last change: the text index answers in that order, newest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import EntityRow, ProductRow, SearchRow, VersionRow
from bifrost_core.services.lookup import BATCH, batches
from bifrost_core.services.searching.documents import RECENT_VERSIONS, VersionFacts, entity_document, product_document

__all__ = ["index_entity", "index_product", "rebuild_index", "reindex_entity"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_IDS_PER_MILLISECOND = 1 << 12


def index_entity(session: Session, entity: EntityRow, time: datetime) -> None:
    """Bring the search entry of an asset or shot up to date; its products' entries stay as they are."""
    session.flush()
    _store(session, entity_document(entity, time))


def index_product(session: Session, entity: EntityRow, product: ProductRow, time: datetime) -> None:
    """Bring the search entry of a product up to date, after a publish, a change of status or a purge."""
    session.flush()
    recent = _recent_versions(session, product)
    columns = (VersionRow.status, VersionRow.author, VersionRow.task)
    kinds = session.execute(select(*columns).where(VersionRow.product_id == product.id).distinct())
    facts = [VersionFacts(*row) for row in kinds]
    _store(session, product_document(entity, product, recent, facts, _newest_fields(session, product), time))


def reindex_entity(session: Session, entity: EntityRow, time: datetime) -> None:
    """Bring the search entries of an entity and all its products up to date: a rename, other tags, archiving.

    The products keep the time of their own last change.
    """
    index_entity(session, entity, time)
    times = _times(session, entity)
    for product in session.scalars(select(ProductRow).where(ProductRow.entity_id == entity.id)).all():
        index_product(session, entity, product, times.get(product.id, time))


def rebuild_index(session: Session) -> None:
    """Make all search entries anew, for a library that was filled without them (recovered or imported).

    What the rows do not tell, the time of an entity's last change, becomes that of its creation.
    """
    session.flush()
    session.execute(delete(SearchRow))
    ids = _Ids()
    for batch in batches(_subjects(session), BATCH):
        documents = _documents(session, [subject for _, _, subject in batch])
        rows = [{**documents[subject], "id": ids.take(time)} for time, _, subject in batch]
        session.execute(insert(SearchRow), rows)


def _recent_versions(session: Session, product: ProductRow) -> list[VersionFacts]:
    rows = session.execute(
        select(VersionRow.status, VersionRow.author, VersionRow.task, VersionRow.comment)
        .where(VersionRow.product_id == product.id)
        .order_by(VersionRow.number.desc())
        .limit(RECENT_VERSIONS)
    )
    return [VersionFacts(*row) for row in rows]


def _newest_fields(session: Session, product: ProductRow) -> Mapping[str, Any]:
    newest = select(VersionRow.fields).where(VersionRow.product_id == product.id).order_by(VersionRow.number.desc())
    return session.scalar(newest.limit(1)) or {}


def _times(session: Session, entity: EntityRow) -> dict[str, datetime]:
    rows = session.execute(select(SearchRow.subject_id, SearchRow.updated).where(SearchRow.entity_id == entity.id))
    return {row.subject_id: row.updated for row in rows}


def _store(session: Session, document: Mapping[str, Any]) -> None:
    session.execute(delete(SearchRow).where(SearchRow.subject_id == document["subject_id"]))
    session.execute(insert(SearchRow).values({**document, "id": _free_id(session, document["updated"])}))


def _first_id(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(milliseconds=1) * _IDS_PER_MILLISECOND


def _free_id(session: Session, time: datetime) -> int:
    first = _first_id(time)
    while True:
        end = first + _IDS_PER_MILLISECOND
        last = session.scalar(select(func.max(SearchRow.id)).where(SearchRow.id >= first, SearchRow.id < end))
        if last is None:
            return first
        if last + 1 < end:
            return last + 1
        first = end


class _Ids:
    """Gives ids in the order of times without asking the database; the times must not decrease."""

    def __init__(self) -> None:
        self._next: Optional[int] = None

    def take(self, time: datetime) -> int:
        first = _first_id(time)
        taken = first if self._next is None else max(first, self._next)
        self._next = taken + 1
        return taken


def _subjects(session: Session) -> list[tuple[datetime, bool, str]]:
    """Return the time, whether it is a product, and the id of all that can be searched for, oldest first."""
    published = (
        select(VersionRow.product_id, func.max(VersionRow.created).label("time"))
        .group_by(VersionRow.product_id)
        .subquery()
    )
    time = func.coalesce(published.c.time, ProductRow.created, type_=ProductRow.created.type)
    entities = session.execute(select(EntityRow.created, EntityRow.id))
    products = session.execute(
        select(time, ProductRow.id).outerjoin(published, published.c.product_id == ProductRow.id)
    )
    found = [(created, False, subject) for created, subject in entities]
    found += [(created, True, subject) for created, subject in products]
    return sorted(found)


def _documents(session: Session, subjects: Sequence[str]) -> dict[str, dict[str, Any]]:
    entities = session.scalars(select(EntityRow).where(EntityRow.id.in_(subjects))).all()
    documents = {entity.id: entity_document(entity, entity.created) for entity in entities}
    products = session.execute(
        select(ProductRow, EntityRow)
        .join(EntityRow, EntityRow.id == ProductRow.entity_id)
        .where(ProductRow.id.in_(subjects))
    ).all()
    versions = _versions_of(session, [product.id for product, _ in products])
    for product, entity in products:
        own = versions.get(product.id, [])
        facts = [VersionFacts(row.status, row.author, row.task, row.comment) for row in own]
        fields = own[0].fields if own else {}
        time = max((row.created for row in own), default=product.created)
        documents[product.id] = product_document(entity, product, facts[:RECENT_VERSIONS], facts, fields, time)
    return documents


def _versions_of(session: Session, products: Sequence[str]) -> dict[str, list[Any]]:
    rows = session.execute(
        select(
            VersionRow.product_id, VersionRow.status, VersionRow.author, VersionRow.task, VersionRow.comment,
            VersionRow.fields, VersionRow.created,
        )
        .where(VersionRow.product_id.in_(products))
        .order_by(VersionRow.product_id, VersionRow.number.desc())
    )  # fmt: skip
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.product_id, []).append(row)
    return found
