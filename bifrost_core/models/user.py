"""Users: who did what."""

from __future__ import annotations

from typing import Optional

from pydantic import Field

from bifrost_core.models.base import Model, Request, Revision, Timestamp
from bifrost_core.models.names import Login

__all__ = ["User", "UserCreate", "UserUpdate"]


class User(Model):
    """A person or a service that publishes."""

    id: str
    login: Login
    name: str
    email: str
    active: bool
    revision: int
    created: Timestamp


class UserCreate(Request):
    """What a new user needs; a login that publishes is made a user by itself."""

    login: Login
    name: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=200)


class UserUpdate(Request):
    """What may change; a field left out stays as it is."""

    name: Optional[str] = Field(default=None, max_length=200)
    email: Optional[str] = Field(default=None, max_length=200)
    active: Optional[bool] = None
    revision: Optional[Revision] = Field(default=None, description="refuse with stale_write if it is no longer this")
