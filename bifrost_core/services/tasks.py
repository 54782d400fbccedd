"""Tasks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import EntityRow, ProjectRow, TaskRow
from bifrost_core.errors import AlreadyExists, NotFound
from bifrost_core.models.base import new_id
from bifrost_core.models.names import name_key
from bifrost_core.models.query import Page
from bifrost_core.models.task import Task, TaskCreate, TaskQuery, TaskUpdate
from bifrost_core.operations.tasks import Tasks
from bifrost_core.services.context import Context
from bifrost_core.services.lookup import entity_path, find_entity, find_project
from bifrost_core.services.paging import decode_cursor, encode_cursor
from bifrost_core.services.reading import as_task
from bifrost_core.services.revisions import apply_changes

__all__ = ["LocalTasks"]


class LocalTasks(Tasks):
    """Tasks in the database."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(self, request: TaskCreate) -> Task:
        with self._context.changing() as change:
            project, entity = find_entity(change.session, request.entity)
            path = entity_path(project, entity)
            key = name_key(request.type)
            if change.session.scalar(select(TaskRow.id).where(TaskRow.entity_id == entity.id, TaskRow.type_key == key)):
                raise AlreadyExists(
                    f"“{path}” has a task “{request.type}” already.", details={"entity": path, "type": request.type}
                )
            row = TaskRow(
                id=new_id(),
                entity_id=entity.id,
                type=request.type,
                type_key=key,
                status=request.status,
                assignees=list(request.assignees),
                archived=False,
                revision=1,
                created=change.time,
                created_by=change.author,
            )
            change.session.add(row)
            change.session.flush()
            change.document(entity)
            change.record(
                "task.created", project_id=project.id, subject=row.id, reference=path, type=row.type, status=row.status
            )
            return as_task(project, entity, row)

    def list(self, query: TaskQuery) -> Page[Task]:
        with self._context.reading() as session:
            rows = session.execute(_listing(session, query)).all()
            items = tuple(as_task(project, entity, task) for project, entity, task in rows[: query.limit])
            if len(rows) <= query.limit:
                return Page[Task](items=items)
            project, entity, task = rows[query.limit - 1]
            return Page[Task](items=items, next_cursor=encode_cursor(project.code_key, entity.path_key, task.type_key))

    def get(self, task: str) -> Task:
        with self._context.reading() as session:
            return as_task(*_find(session, task))

    def update(self, task: str, changes: TaskUpdate) -> Task:
        with self._context.changing() as change:
            project, entity, row = _find(change.session, task)
            changed = apply_changes(row, changes, f"The task “{row.type}” on “{entity_path(project, entity)}”")
            if changed:
                change.session.flush()
                change.document(entity)
                change.record(
                    "task.updated",
                    project_id=project.id,
                    subject=row.id,
                    reference=entity_path(project, entity),
                    type=row.type,
                    **changed,
                )
            return as_task(project, entity, row)


def _joined() -> Any:
    return (
        select(ProjectRow, EntityRow, TaskRow)
        .join(EntityRow, EntityRow.project_id == ProjectRow.id)
        .join(TaskRow, TaskRow.entity_id == EntityRow.id)
    )


def _listing(session: Session, query: TaskQuery) -> Any:
    statement = _joined()
    if query.project is not None:
        statement = statement.where(ProjectRow.id == find_project(session, query.project).id)
    if query.entity is not None:
        statement = statement.where(EntityRow.id == find_entity(session, query.entity)[1].id)
    if query.type is not None:
        statement = statement.where(TaskRow.type_key == name_key(query.type))
    if query.status is not None:
        statement = statement.where(func.lower(TaskRow.status) == query.status.lower())
    if query.assignee is not None:
        assignees = func.json_each(TaskRow.assignees).table_valued("value")
        named = select(1).select_from(assignees).where(func.lower(assignees.c.value) == query.assignee.lower())
        statement = statement.where(exists(named))
    if query.archived is not None:
        statement = statement.where(TaskRow.archived == query.archived)
    keys = (ProjectRow.code_key, EntityRow.path_key, TaskRow.type_key)
    if query.cursor:
        code, path, type_ = decode_cursor(query.cursor, str, str, str)
        after_path = (keys[1] > path) | ((keys[1] == path) & (keys[2] > type_))
        statement = statement.where((keys[0] > code) | ((keys[0] == code) & after_path))
    return statement.order_by(*keys).limit(query.limit + 1)


def _find(session: Session, task: str) -> tuple[ProjectRow, EntityRow, TaskRow]:
    row = session.execute(_joined().where(TaskRow.id == task)).one_or_none()
    if row is None:
        raise NotFound(f"There is no task with the id “{task}”.", details={"task": task})
    return row[0], row[1], row[2]
