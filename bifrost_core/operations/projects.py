"""Operations on projects."""

from __future__ import annotations

from abc import ABC, abstractmethod

from bifrost_core.models.project import Project, ProjectCreate, ProjectUpdate
from bifrost_core.operations.declaration import operation

__all__ = ["Projects"]


class Projects(ABC):
    """Productions, each with its code."""

    @operation("POST", "/projects", permission="manage")
    @abstractmethod
    def create(self, request: ProjectCreate) -> Project:
        """Create a project.

        Raises:
            AlreadyExists: a project has that code, or one that differs only in letter case.
        """

    @operation("GET", "/projects", permission="view")
    @abstractmethod
    def list(self) -> tuple[Project, ...]:
        """Return all projects by code, archived ones too."""

    @operation("GET", "/projects/{project}", permission="view")
    @abstractmethod
    def get(self, project: str) -> Project:
        """Return a project by code or id.

        Raises:
            NotFound: there is none.
        """

    @operation("PATCH", "/projects/{project}", permission="manage")
    @abstractmethod
    def update(self, project: str, changes: ProjectUpdate) -> Project:
        """Change a project; references follow a new code by themselves.

        Raises:
            AlreadyExists: another project has the new code.
            StaleWrite: it was changed since ``changes.revision``.
            InUse: a status that versions have would be removed.
        """
