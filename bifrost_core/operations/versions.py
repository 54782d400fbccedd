"""Operations on versions."""

from __future__ import annotations

from abc import ABC, abstractmethod

from bifrost_core.models.query import Page
from bifrost_core.models.version import (
    Resolution,
    ResolveRequest,
    StatusChange,
    Version,
    VersionListing,
    VersionQuery,
)
from bifrost_core.operations.declaration import operation

__all__ = ["Versions"]


class Versions(ABC):
    """What was published: sealed, but for its status."""

    @operation("GET", "/versions", permission="view")
    @abstractmethod
    def list(self, query: VersionQuery) -> Page[VersionListing]:
        """Return a page of the versions on an asset or shot, by product, newest first."""

    @operation("GET", "/versions/{version:path}", permission="view")
    @abstractmethod
    def get(self, version: str) -> Version:
        """Return the version that a reference (``latest`` unless it says otherwise) or an id names.

        Raises:
            NotFound: there is none; the message says whether project, entity, product or version is missing.
        """

    @operation("POST", "/versions/resolve", permission="view")
    @abstractmethod
    def resolve(self, request: ResolveRequest) -> tuple[Resolution, ...]:
        """Return the versions of many references at once, each with its own error if it has none."""

    @operation("POST", "/versions/status", permission="review")
    @abstractmethod
    def set_status(self, change: StatusChange) -> Version:
        """Give a version another status; ``archived`` takes it out of ``latest``.

        Raises:
            InvalidRequest: the project has no such status.
            NotFound: there is no such version.
        """

    @operation("DELETE", "/versions/{version:path}", permission="admin")
    @abstractmethod
    def purge(self, version: str) -> None:
        """Remove an archived version for good; its number is never given again.

        Raises:
            Conflict: it is not archived.
            InUse: other versions depend on it.
        """
