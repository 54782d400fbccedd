"""All operations, and the object that has them all."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import get_type_hints

from bifrost_core.errors import NotFound
from bifrost_core.operations.assets import Assets
from bifrost_core.operations.declaration import Operation, operations_of
from bifrost_core.operations.dependencies import Dependencies
from bifrost_core.operations.events import Events
from bifrost_core.operations.products import Products
from bifrost_core.operations.projects import Projects
from bifrost_core.operations.publishes import Publishes
from bifrost_core.operations.search import Search
from bifrost_core.operations.shots import Shots
from bifrost_core.operations.tasks import Tasks
from bifrost_core.operations.users import Users
from bifrost_core.operations.versions import Versions

__all__ = ["API_LEVEL", "Services", "catalogue", "find_operation", "interfaces"]

API_LEVEL = 1
"""Grows by one with each change that an older client could notice."""


@dataclass(frozen=True)
class Services:
    """One implementation of every interface; callers cannot tell a local one from a remote one."""

    projects: Projects
    assets: Assets
    shots: Shots
    tasks: Tasks
    products: Products
    versions: Versions
    publishes: Publishes
    dependencies: Dependencies
    events: Events
    search: Search
    users: Users


@cache
def interfaces() -> dict[str, type]:
    """Return each noun and its interface."""
    hints = get_type_hints(Services)
    return {field.name: hints[field.name] for field in fields(Services)}


@cache
def catalogue() -> dict[str, Operation]:
    """Return every operation by its name: ``assets.create``."""
    return {item.name: item for interface in interfaces().values() for item in operations_of(interface)}


def find_operation(name: str) -> Operation:
    """Return the operation of that name.

    Raises:
        NotFound: there is none.
    """
    try:
        return catalogue()[name]
    except KeyError:
        raise NotFound(f"There is no operation “{name}”.", details={"operation": name}) from None
