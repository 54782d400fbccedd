"""Operations on users."""

from __future__ import annotations

from abc import ABC, abstractmethod

from bifrost_core.models.user import User, UserCreate, UserUpdate
from bifrost_core.operations.declaration import operation

__all__ = ["Users"]


class Users(ABC):
    """Who did what."""

    @operation("POST", "/users", permission="admin")
    @abstractmethod
    def create(self, request: UserCreate) -> User:
        """Create a user.

        Raises:
            AlreadyExists: a user has that login.
        """

    @operation("GET", "/users", permission="view")
    @abstractmethod
    def list(self) -> tuple[User, ...]:
        """Return all users by login."""

    @operation("GET", "/users/{login}", permission="view")
    @abstractmethod
    def get(self, login: str) -> User:
        """Return a user by login.

        Raises:
            NotFound: there is none.
        """

    @operation("PATCH", "/users/{login}", permission="admin")
    @abstractmethod
    def update(self, login: str, changes: UserUpdate) -> User:
        """Change a user.

        Raises:
            StaleWrite: it was changed since ``changes.revision``.
        """
