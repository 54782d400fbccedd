"""Tasks: pieces of work on an asset or a shot."""

from __future__ import annotations

from typing import Optional

from pydantic import Field

from bifrost_core.models.base import Model, Request, Revision, Timestamp
from bifrost_core.models.names import Login, ProjectCode, StatusName, TaskType
from bifrost_core.models.query import DEFAULT_PAGE, Limit

__all__ = ["TODO", "Task", "TaskCreate", "TaskQuery", "TaskUpdate"]

TODO = "todo"


class Task(Model):
    """A piece of work; there is one of each type on an entity."""

    id: str
    project: ProjectCode
    entity: str = Field(description="path of the asset or shot")
    type: TaskType = Field(description="modeling, rigging, layout, animation, lighting, ...")
    status: StatusName = Field(description="todo, wip, review, done, or the studio's own word")
    assignees: tuple[Login, ...]
    archived: bool
    revision: int = Field(description="grows with each change; send it back to change only what you saw")
    created: Timestamp
    created_by: str


class TaskCreate(Request):
    """What a new task needs."""

    entity: str = Field(description="path or id of the asset or shot")
    type: TaskType
    status: StatusName = TODO
    assignees: tuple[Login, ...] = ()


class TaskUpdate(Request):
    """What may change; a field left out stays as it is."""

    status: Optional[StatusName] = None
    assignees: Optional[tuple[Login, ...]] = None
    archived: Optional[bool] = None
    revision: Optional[Revision] = Field(default=None, description="refuse with stale_write if it is no longer this")


class TaskQuery(Request):
    """Which tasks to list, in the order of their entities."""

    project: Optional[ProjectCode] = None
    entity: Optional[str] = Field(default=None, description="path or id of the asset or shot")
    type: Optional[TaskType] = None
    status: Optional[StatusName] = None
    assignee: Optional[Login] = None
    archived: Optional[bool] = Field(default=False, description="null: both")
    cursor: Optional[str] = None
    limit: Limit = DEFAULT_PAGE
