"""The search over a library: words and filters in SQLite's text index, in pages.

A page takes one statement for the ids, however many tiers it draws from, and one for what the hits show (two where
filters choose among versions). The next page starts where the last one ended: what is published meanwhile comes to the
front and shifts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Optional

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from bifrost_core.database.tables import EntityRow, ProductRow, ProjectRow, SearchRow, VersionRow
from bifrost_core.errors import InvalidRequest
from bifrost_core.models.names import name_key
from bifrost_core.models.project import ARCHIVED
from bifrost_core.models.query import Page
from bifrost_core.models.search import HitType, SearchHit, SearchQuery, SearchSort
from bifrost_core.operations.search import Search
from bifrost_core.services.context import Context
from bifrost_core.services.lookup import batches, entity_path
from bifrost_core.services.paging import decode_cursor, encode_cursor
from bifrost_core.services.reading import as_summary
from bifrost_core.services.searching.match import ProjectScope, everything, tiers
from bifrost_core.services.searching.query import Question, parse_question

__all__ = ["LocalSearch"]


@dataclass(frozen=True)
class _Position:
    """Where a hit stands in the order: behind these keys the next page begins."""

    id: int
    tier: int = 0
    name: str = ""


class LocalSearch(Search):
    """The search on a database of this computer."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def find(self, query: SearchQuery) -> Page[SearchHit]:
        question = parse_question(query.text)
        after = _decode(query)
        with self._context.reading() as session:
            scope = _scope(session, query, question)
            if scope is None or question.contradicts:
                return Page[SearchHit](items=())
            if query.sort is SearchSort.NAME:
                found = _by_name(session, everything(question, scope), after, query.limit + 1)
            else:
                ranked = tiers(question, scope) if query.sort is SearchSort.RELEVANCE else [everything(question, scope)]
                found = _newest(session, ranked, after, query.limit + 1)
            page = found[: query.limit]
            items = tuple(_hits(session, question, [position.id for position in page]))
        return Page[SearchHit](items=items, next_cursor=_encode(query, page[-1]) if len(found) > len(page) else None)


# --- where to look ---------------------------------------------------------------------------------------------------


def _scope(session: Session, query: SearchQuery, question: Question) -> Optional[ProjectScope]:
    """Return which projects the question is about, or None when it names one that there is not."""
    rows = session.execute(select(ProjectRow.id, ProjectRow.code_key, ProjectRow.archived)).all()
    ids = {row.code_key: row.id for row in rows}
    named = {item.value for item in question.filters if item.key == "project"}
    named |= {name_key(query.project)} if query.project else set()
    if named - ids.keys():
        return None
    excluded = {item.value for item in question.without_filters if item.key == "project"}
    return ProjectScope(
        ids=tuple(ids[code] for code in sorted(named)),
        archived_ids=tuple(row.id for row in rows if row.archived and row.code_key not in named),
        excluded_ids=tuple(ids[code] for code in sorted(excluded & ids.keys())),
    )


# --- which hits ------------------------------------------------------------------------------------------------------

# Row ids have 64 bits; every id that a time gives lies well between.
_NO_BOUND = (1 << 63) - 1
_LEAST_ID = -_NO_BOUND
_TIER = """SELECT {tier} AS tier, id FROM (
    SELECT rowid AS id FROM search_index WHERE search_index MATCH :match{tier} AND rowid < :before{tier}
    ORDER BY rowid DESC LIMIT :limit)"""


def _newest(session: Session, ranked: Sequence[str], after: Optional[_Position], limit: int) -> list[_Position]:
    """Return the first hits behind a position, tier after tier, newest first."""
    first = after.tier if after else 0
    parameters: dict[str, Any] = {"limit": limit}
    for tier in range(first, len(ranked)):
        parameters[f"match{tier}"] = ranked[tier]
        parameters[f"before{tier}"] = after.id if after and tier == first else _NO_BOUND
    # SQLite runs the parts of a UNION ALL one after the other and stops at the limit: later tiers often cost nothing.
    parts = [_TIER.format(tier=tier) for tier in range(first, len(ranked))]
    rows = session.execute(text(" UNION ALL ".join(parts) + " LIMIT :limit"), parameters)
    return sorted((_Position(row.id, row.tier) for row in rows), key=lambda found: (found.tier, -found.id))


# Few hits are sorted; many are looked up while the names are walked in order, which stops when the page is full.
_FEW = 2000
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM search_index WHERE search_index MATCH :match LIMIT :few)"
_SORTED = """SELECT documents.id, documents.sort_key FROM search_index CROSS JOIN search_documents AS documents
    ON documents.id = search_index.rowid
    WHERE search_index MATCH :match AND (documents.sort_key, documents.id) > (:name, :id)
    ORDER BY documents.sort_key, documents.id LIMIT :limit"""
_WALKED = """SELECT documents.id, documents.sort_key
    FROM search_documents AS documents INDEXED BY ix_search_documents_sort_key
    WHERE +documents.id IN (SELECT rowid FROM search_index WHERE search_index MATCH :match)
    AND (documents.sort_key, documents.id) > (:name, :id)
    ORDER BY documents.sort_key, documents.id LIMIT :limit"""


def _by_name(session: Session, match: str, after: Optional[_Position], limit: int) -> list[_Position]:
    """Return the first hits behind a position, by name."""
    position = after or _Position(_LEAST_ID)
    count = session.scalar(text(_COUNT), {"match": match, "few": _FEW})
    rows = session.execute(
        text(_SORTED if count is not None and count < _FEW else _WALKED),
        {"match": match, "name": position.name, "id": position.id, "limit": limit},
    )
    return [_Position(row.id, name=row.sort_key) for row in rows]


# --- what they show --------------------------------------------------------------------------------------------------


def _hits(session: Session, question: Question, ids: Sequence[int]) -> Iterable[SearchHit]:
    found: dict[int, Any] = {}
    for batch in batches(ids):
        rows = session.execute(
            select(SearchRow.id, SearchRow.type, SearchRow.updated, ProjectRow, EntityRow, ProductRow, VersionRow)
            .join(ProjectRow, ProjectRow.id == SearchRow.project_id)
            .join(EntityRow, EntityRow.id == SearchRow.entity_id)
            .outerjoin(ProductRow, ProductRow.id == SearchRow.subject_id)
            .outerjoin(VersionRow, VersionRow.id == ProductRow.latest_id)
            .where(SearchRow.id.in_(batch))
        )
        found.update((row.id, row) for row in rows)
    products = [row.ProductRow for row in found.values() if row.ProductRow]
    if not question.version_facts:
        products = [product for product in products if product.latest_id is None]
    chosen = _chosen_versions(session, question, products)
    for document in ids:
        row = found[document]
        yield _entity_hit(row) if row.ProductRow is None else _product_hit(row, chosen)


def _entity_hit(row: Any) -> SearchHit:
    return SearchHit(
        type=HitType(row.type),
        id=row.EntityRow.id,
        reference=entity_path(row.ProjectRow, row.EntityRow),
        project=row.ProjectRow.code,
        name=row.EntityRow.name,
        kind=row.EntityRow.kind if row.type == HitType.ASSET.value else row.type,
        updated=row.updated,
    )


def _product_hit(row: Any, chosen: Mapping[str, VersionRow]) -> SearchHit:
    version = chosen.get(row.ProductRow.id, row.VersionRow)
    return SearchHit(
        type=HitType.PRODUCT,
        id=row.ProductRow.id,
        reference=f"{entity_path(row.ProjectRow, row.EntityRow)}/{row.ProductRow.name}",
        project=row.ProjectRow.code,
        name=row.ProductRow.name,
        kind=row.ProductRow.type,
        updated=row.updated,
        version=as_summary(version) if version else None,
    )


def _chosen_versions(session: Session, question: Question, products: Sequence[ProductRow]) -> Mapping[str, VersionRow]:
    """Return the newest version of each product that fits; archived ones only if asked for or nothing else is left."""
    with_live = {product.id for product in products if product.latest_id is not None}
    ids: dict[str, str] = {}
    for row in _candidates(session, question, [product.id for product in products]):
        if row.product_id in ids:
            continue
        if row.status == ARCHIVED and row.product_id in with_live and not question.wants_archived_versions:
            continue
        if all(name_key(getattr(row, key) or "") == value for key, value in question.version_facts.items()):
            ids[row.product_id] = row.id
    versions: dict[str, VersionRow] = {}
    for batch in batches(list(ids.values())):
        for version in session.scalars(select(VersionRow).where(VersionRow.id.in_(batch))):
            versions[version.product_id] = version
    return versions


def _candidates(session: Session, question: Question, products: Sequence[str]) -> Iterator[Any]:
    """Yield what decides about the versions that may fit, newest first within each product."""
    columns = {"status": VersionRow.status, "author": VersionRow.author, "task": VersionRow.task}
    # SQLite folds ASCII only: whatever else is written in stays in and is compared by its key.
    conditions = [
        or_(func.lower(columns[key]) == value, columns[key].op("GLOB")("*[^ -~]*"))
        for key, value in question.version_facts.items()
    ]
    for batch in batches(products):
        yield from session.execute(
            select(VersionRow.product_id, VersionRow.id, *columns.values())
            .where(VersionRow.product_id.in_(batch), *conditions)
            .order_by(VersionRow.product_id, VersionRow.number.desc())
        )


# --- pages -----------------------------------------------------------------------------------------------------------


def _encode(query: SearchQuery, position: _Position) -> str:
    keys = (position.id, position.tier, position.name)
    return encode_cursor(*keys, _seal(query, keys))


def _decode(query: SearchQuery) -> Optional[_Position]:
    if query.cursor is None:
        return None
    *keys, seal = decode_cursor(query.cursor, int, int, str, str)
    if seal != _seal(query, tuple(keys)):
        raise InvalidRequest("The cursor belongs to another search.", hint="Start again without a cursor.")
    return _Position(*keys)


def _seal(query: SearchQuery, keys: tuple[Any, ...]) -> str:
    """Bind a cursor to its search: with other words or another order it would point nowhere."""
    asked = repr((query.text, query.project, query.sort.value, keys))
    return blake2b(asked.encode("utf-8", "backslashreplace"), digest_size=6).hexdigest()
