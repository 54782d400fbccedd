"""Assets."""

from __future__ import annotations

from bifrost_core.database.tables import EntityRow
from bifrost_core.models.asset import Asset, AssetCreate, AssetQuery, AssetUpdate
from bifrost_core.models.base import new_id
from bifrost_core.models.names import name_key
from bifrost_core.models.query import Page
from bifrost_core.models.reference import EntityPath
from bifrost_core.operations.assets import Assets
from bifrost_core.services.context import Context
from bifrost_core.services.entities import (
    create_entity,
    entity_page,
    get_entity,
    products_of,
    stands_below,
    update_entity,
)
from bifrost_core.services.lookup import find_project
from bifrost_core.services.reading import as_asset

__all__ = ["LocalAssets"]

_TYPE = "asset"


class LocalAssets(Assets):
    """Assets in the database."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(self, request: AssetCreate) -> Asset:
        with self._context.changing() as change:
            project = find_project(change.session, request.project)
            row = EntityRow(
                id=new_id(),
                project_id=project.id,
                type=_TYPE,
                name=request.name,
                kind=request.kind,
                kind_key=name_key(request.kind),
                handles=0,
                description=request.description,
                tags=list(request.tags),
                archived=False,
                revision=1,
                created=change.time,
                created_by=change.author,
            )
            create_entity(change, project, EntityPath(project=project.code, asset=request.name), row)
            return as_asset(project, row, ())

    def list(self, query: AssetQuery) -> Page[Asset]:
        conditions = [stands_below("assets")]
        if query.kind is not None:
            conditions += [EntityRow.type == _TYPE, EntityRow.kind_key == name_key(query.kind)]
        listed, cursor = entity_page(self._context, query, conditions)
        items = tuple(as_asset(item.project, item.entity, item.products) for item in listed)
        return Page[Asset](items=items, next_cursor=cursor)

    def get(self, asset: str) -> Asset:
        found = get_entity(self._context, asset, _TYPE)
        return as_asset(found.project, found.entity, found.products)

    def update(self, asset: str, changes: AssetUpdate) -> Asset:
        with self._context.changing() as change:
            project, row = update_entity(change, asset, _TYPE, changes)
            return as_asset(project, row, products_of(change.session, project, row))
