"""Operations on assets."""

from __future__ import annotations

from abc import ABC, abstractmethod

from bifrost_core.models.asset import Asset, AssetCreate, AssetQuery, AssetUpdate
from bifrost_core.models.query import Page
from bifrost_core.operations.declaration import operation

__all__ = ["Assets"]


class Assets(ABC):
    """The assets of a project."""

    @operation("POST", "/assets", permission="create")
    @abstractmethod
    def create(self, request: AssetCreate) -> Asset:
        """Create an asset.

        Raises:
            AlreadyExists: there is one of that name, or of one that differs only in letter case.
            NotFound: there is no such project.
        """

    @operation("GET", "/assets", permission="view")
    @abstractmethod
    def list(self, query: AssetQuery) -> Page[Asset]:
        """Return a page of a project's assets; with their products and newest versions if asked."""

    @operation("GET", "/assets/{asset:path}", permission="view")
    @abstractmethod
    def get(self, asset: str) -> Asset:
        """Return an asset by its path or id, with its products.

        Raises:
            NotFound: there is none.
        """

    @operation("PATCH", "/assets/{asset:path}", permission="create")
    @abstractmethod
    def update(self, asset: str, changes: AssetUpdate) -> Asset:
        """Change, rename or archive an asset; references and dependencies follow by themselves.

        Raises:
            AlreadyExists: another one has the new name.
            StaleWrite: it was changed since ``changes.revision``.
        """
