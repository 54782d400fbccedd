"""Operations on shots."""

from __future__ import annotations

from abc import ABC, abstractmethod

from bifrost_core.models.query import Page
from bifrost_core.models.shot import Shot, ShotCreate, ShotQuery, ShotUpdate
from bifrost_core.operations.declaration import operation

__all__ = ["Shots"]


class Shots(ABC):
    """The shots of a project."""

    @operation("POST", "/shots", permission="create")
    @abstractmethod
    def create(self, request: ShotCreate) -> Shot:
        """Create a shot.

        Raises:
            AlreadyExists: there is one of that name, or of one that differs only in letter case.
            NotFound: there is no such project.
        """

    @operation("GET", "/shots", permission="view")
    @abstractmethod
    def list(self, query: ShotQuery) -> Page[Shot]:
        """Return a page of a project's shots; with their products and newest versions if asked."""

    @operation("GET", "/shots/{shot:path}", permission="view")
    @abstractmethod
    def get(self, shot: str) -> Shot:
        """Return a shot by its path or id, with its products.

        Raises:
            NotFound: there is none.
        """

    @operation("PATCH", "/shots/{shot:path}", permission="create")
    @abstractmethod
    def update(self, shot: str, changes: ShotUpdate) -> Shot:
        """Change, rename or archive a shot; references and dependencies follow by themselves.

        Raises:
            AlreadyExists: another one has the new name.
            StaleWrite: it was changed since ``changes.revision``.
        """
