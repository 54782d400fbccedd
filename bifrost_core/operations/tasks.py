"""Operations on tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod

from bifrost_core.models.query import Page
from bifrost_core.models.task import Task, TaskCreate, TaskQuery, TaskUpdate
from bifrost_core.operations.declaration import operation

__all__ = ["Tasks"]


class Tasks(ABC):
    """Pieces of work on assets and shots."""

    @operation("POST", "/tasks", permission="create")
    @abstractmethod
    def create(self, request: TaskCreate) -> Task:
        """Create a task.

        Raises:
            AlreadyExists: the entity has a task of that type.
            NotFound: there is no such entity.
        """

    @operation("GET", "/tasks", permission="view")
    @abstractmethod
    def list(self, query: TaskQuery) -> Page[Task]:
        """Return a page of tasks."""

    @operation("GET", "/tasks/{task}", permission="view")
    @abstractmethod
    def get(self, task: str) -> Task:
        """Return a task by its id.

        Raises:
            NotFound: there is none.
        """

    @operation("PATCH", "/tasks/{task}", permission="publish")
    @abstractmethod
    def update(self, task: str, changes: TaskUpdate) -> Task:
        """Change a task's status or assignees, or archive it.

        Raises:
            StaleWrite: it was changed since ``changes.revision``.
        """
