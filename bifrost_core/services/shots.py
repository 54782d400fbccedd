"""Shots."""

from __future__ import annotations

from typing import Optional

from sqlalchemy import ColumnElement

from bifrost_core.database.tables import EntityRow
from bifrost_core.errors import InvalidRequest
from bifrost_core.models.base import new_id
from bifrost_core.models.names import name_key
from bifrost_core.models.query import Page
from bifrost_core.models.reference import EntityPath
from bifrost_core.models.shot import Shot, ShotCreate, ShotQuery, ShotUpdate
from bifrost_core.operations.shots import Shots
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
from bifrost_core.services.reading import as_shot

__all__ = ["LocalShots"]

_TYPE = "shot"


class LocalShots(Shots):
    """Shots in the database."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(self, request: ShotCreate) -> Shot:
        with self._context.changing() as change:
            project = find_project(change.session, request.project)
            path = EntityPath(
                project=project.code, episode=request.episode, sequence=request.sequence, shot=request.name
            )
            row = EntityRow(
                id=new_id(),
                project_id=project.id,
                type=_TYPE,
                kind=_TYPE,
                kind_key=_TYPE,
                archived=False,
                revision=1,
                created=change.time,
                created_by=change.author,
                **request.model_dump(mode="json", exclude={"project"}),
            )
            create_entity(change, project, path, row)
            return as_shot(project, row, ())

    def list(self, query: ShotQuery) -> Page[Shot]:
        conditions = [stands_below("shots")]
        if query.sequence is not None or query.episode is not None:
            conditions.append(_stands_in(query.episode, query.sequence))
        listed, cursor = entity_page(self._context, query, conditions)
        items = tuple(as_shot(item.project, item.entity, item.products) for item in listed)
        return Page[Shot](items=items, next_cursor=cursor)

    def get(self, shot: str) -> Shot:
        found = get_entity(self._context, shot, _TYPE)
        return as_shot(found.project, found.entity, found.products)

    def update(self, shot: str, changes: ShotUpdate) -> Shot:
        with self._context.changing() as change:
            project, row = update_entity(change, shot, _TYPE, changes)
            if row.first_frame is not None and row.last_frame is not None and row.last_frame < row.first_frame:
                raise InvalidRequest(f"The last frame {row.last_frame} is before the first frame {row.first_frame}.")
            return as_shot(project, row, products_of(change.session, project, row))


def _stands_in(episode: Optional[str], sequence: Optional[str]) -> ColumnElement[bool]:
    """Return the condition that a shot is of that episode, that sequence, or both."""
    if sequence is None:
        return EntityRow.episode.is_not(None) & stands_below("shots", episode or "")
    if episode is not None:
        return stands_below("shots", episode, sequence)
    in_any_episode = "shots/%/" + name_key(sequence).replace("_", r"\_") + "/%"
    return stands_below("shots", sequence) & EntityRow.episode.is_(None) | EntityRow.path_key.like(
        in_any_episode, escape="\\"
    )
