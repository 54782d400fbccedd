"""Operations on dependencies."""

from __future__ import annotations

from abc import ABC, abstractmethod

from bifrost_core.models.dependency import DependencyLink, DependencyQuery, Outdated, OutdatedQuery
from bifrost_core.operations.declaration import operation

__all__ = ["Dependencies"]


class Dependencies(ABC):
    """Which version uses which, as recorded when they were published."""

    @operation("GET", "/dependencies", permission="view")
    @abstractmethod
    def list(self, query: DependencyQuery) -> tuple[DependencyLink, ...]:
        """Return what a version uses, or what uses it; nearest first, each link once.

        Raises:
            NotFound: there is no such version.
        """

    @operation("POST", "/dependencies/outdated", permission="view")
    @abstractmethod
    def outdated(self, query: OutdatedQuery) -> tuple[Outdated, ...]:
        """Return which versions in use have a newer, or a newer approved one.

        Of a project, the newest version of each product counts as in use.
        """
