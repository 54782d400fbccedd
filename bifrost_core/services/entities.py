"""What assets and shots have in common in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional, Union

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from bifrost_core.database.tables import EntityRow, ProductRow, ProjectRow, VersionRow
from bifrost_core.errors import AlreadyExists, Conflict
from bifrost_core.models.asset import AssetQuery
from bifrost_core.models.entity import EntityUpdate
from bifrost_core.models.names import name_key
from bifrost_core.models.product import Product
from bifrost_core.models.reference import EntityPath
from bifrost_core.models.shot import ShotQuery
from bifrost_core.services.context import Change, Context
from bifrost_core.services.lookup import entity_path, find_entity, find_project, is_project
from bifrost_core.services.paging import decode_cursor, encode_cursor
from bifrost_core.services.reading import as_product
from bifrost_core.services.revisions import apply_changes
from bifrost_core.services.searching.indexing import index_entity, reindex_entity

__all__ = [
    "Listed",
    "create_entity",
    "entity_page",
    "get_entity",
    "products_of",
    "stands_below",
    "update_entity",
]

ProductModels = tuple[Product, ...]


@dataclass(frozen=True)
class Listed:
    """An entity in a list, with its products if they were asked for."""

    project: ProjectRow
    entity: EntityRow
    products: Optional[ProductModels]


def create_entity(change: Change, project: ProjectRow, path: EntityPath, row: EntityRow) -> None:
    """Add a new entity with its event and search entry.

    Raises:
        AlreadyExists: there is one at that path.
        Conflict: the project is archived.
    """
    if project.archived:
        raise Conflict(
            f"The project “{project.code}” is archived.", hint="`bifrost project update --restore` brings it back."
        )
    row.path_key = path.key
    _refuse_taken(change.session, row, path)
    change.session.add(row)
    change.session.flush()
    change.document(row)
    change.record(f"{row.type}.created", project_id=project.id, subject=row.id, reference=entity_path(project, row))
    index_entity(change.session, row, change.time)


def _refuse_taken(session: Session, row: EntityRow, path: EntityPath) -> None:
    taken = session.scalar(
        select(EntityRow).where(
            EntityRow.project_id == row.project_id, EntityRow.path_key == path.key, EntityRow.id != row.id
        )
    )
    if taken is not None:
        raise AlreadyExists(
            f"There is “{'/'.join(path.parts)}” in “{path.project}” already"
            + (", archived." if taken.archived else "."),
            hint=f"Restore it: `bifrost {taken.type} archive {path} --restore`."
            if taken.archived
            else "Names that differ only in letter case are one.",
            details={"path": str(path)},
        )


def get_entity(context: Context, entity: str, type_: str) -> Listed:
    """Return an entity by path or id with its products.

    Raises:
        NotFound: there is none of that type.
    """
    with context.reading() as session:
        project, row = find_entity(session, entity, type_)
        return Listed(project, row, products_of(session, project, row))


def products_of(session: Session, project: ProjectRow, entity: EntityRow) -> ProductModels:
    """Return the products of an entity, by name."""
    latest, approved = aliased(VersionRow), aliased(VersionRow)
    rows = session.execute(
        select(ProductRow, latest, approved)
        .outerjoin(latest, latest.id == ProductRow.latest_id)
        .outerjoin(approved, approved.id == ProductRow.approved_id)
        .where(ProductRow.entity_id == entity.id)
        .order_by(ProductRow.name_key)
    )
    path = entity_path(project, entity)
    return tuple(as_product(path, product, newest, best) for product, newest, best in rows)


def _has_tag(tag: str) -> ColumnElement[bool]:
    """Return the condition that an entity carries a tag, whatever the letter case."""
    # Tags are few words in a JSON list; json_each reads them without a table of their own.
    tags = func.json_each(EntityRow.tags).table_valued("value")
    return exists(select(1).select_from(tags).where(func.lower(tags.c.value) == tag.lower()))


def stands_below(*parts: str) -> ColumnElement[bool]:
    """Return the condition that an entity's path begins with these parts, in a form that an index answers."""
    prefix = "/".join(map(name_key, parts))
    # Behind the slash of a path comes 0 in the order of characters.
    return (EntityRow.path_key >= f"{prefix}/") & (EntityRow.path_key < f"{prefix}0")


def entity_page(
    context: Context, query: Union[AssetQuery, ShotQuery], conditions: Sequence[ColumnElement[bool]]
) -> tuple[list[Listed], Optional[str]]:
    """Return a page of entities in the order of their paths, and the cursor of the next.

    Project, entities, products and their newest versions come in one query.

    Args:
        context: the library.
        query: project, tag, archived or not, and which page.
        conditions: what else must hold.
    """
    page = select(EntityRow).join(ProjectRow, ProjectRow.id == EntityRow.project_id)
    page = page.where(is_project(query.project), *conditions)
    if query.tag is not None:
        page = page.where(_has_tag(query.tag))
    if query.archived is not None:
        page = page.where(EntityRow.archived == query.archived)
    if query.cursor:
        page = page.where(EntityRow.path_key > decode_cursor(query.cursor, str)[0])
    page = page.order_by(EntityRow.path_key).limit(query.limit + 1)
    with context.reading() as session:
        listed = _with_products(session, page) if query.with_products else _without_products(session, page)
        if not listed:
            find_project(session, query.project)
    if len(listed) <= query.limit:
        return listed, None
    return listed[: query.limit], encode_cursor(listed[query.limit - 1].entity.path_key)


def _without_products(session: Session, page: Select[EntityRow]) -> list[Listed]:
    return [Listed(project, row, None) for row, project in session.execute(page.add_columns(ProjectRow))]


def _with_products(session: Session, page: Select[EntityRow]) -> list[Listed]:
    entity = aliased(EntityRow, page.subquery())
    latest, approved = aliased(VersionRow), aliased(VersionRow)
    rows = session.execute(
        select(ProjectRow, entity, ProductRow, latest, approved)
        .select_from(entity)
        .join(ProjectRow, ProjectRow.id == entity.project_id)
        .outerjoin(ProductRow, ProductRow.entity_id == entity.id)
        .outerjoin(latest, latest.id == ProductRow.latest_id)
        .outerjoin(approved, approved.id == ProductRow.approved_id)
        .order_by(entity.path_key, ProductRow.name_key)
    )
    products: dict[str, tuple[ProjectRow, EntityRow, list[Product]]] = {}
    for project, row, product, newest, best in rows:
        found = products.setdefault(row.id, (project, row, []))[2]
        if product is not None:
            found.append(as_product(entity_path(project, row), product, newest, best))
    return [Listed(project, row, tuple(found)) for project, row, found in products.values()]


def update_entity(change: Change, entity: str, type_: str, changes: EntityUpdate) -> tuple[ProjectRow, EntityRow]:
    """Change an entity, with its event and search entries.

    Raises:
        NotFound: there is none of that type.
        AlreadyExists: another one has the new path.
        StaleWrite: it was changed since ``changes.revision``.
    """
    project, row = find_entity(change.session, entity, type_)
    before = entity_path(project, row)
    changed = apply_changes(row, changes, f"“{before}”")
    if not changed:
        return project, row
    if "kind" in changed:
        row.kind_key = name_key(row.kind)
    path = _path_of(project, row)
    if path.key != row.path_key:
        _refuse_taken(change.session, row, path)
        row.path_key = path.key
    change.session.flush()
    change.document(row)
    change.record(f"{type_}.updated", project_id=project.id, subject=row.id, reference=before, **changed)
    reindex_entity(change.session, row, change.time)
    return project, row


def _path_of(project: ProjectRow, row: EntityRow) -> EntityPath:
    if row.type == "asset":
        return EntityPath(project=project.code, asset=row.name)
    return EntityPath(project=project.code, episode=row.episode, sequence=row.sequence, shot=row.name)
