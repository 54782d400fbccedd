"""Dependencies: which version uses which."""

from __future__ import annotations

from enum import Enum
from typing import Any, Optional

from pydantic import Field

from bifrost_core.models.base import Model, Request
from bifrost_core.models.names import KindName, StatusName
from bifrost_core.models.product import VersionSummary

__all__ = ["Dependency", "DependencyLink", "DependencyQuery", "Direction", "Outdated", "OutdatedQuery", "VersionLabel"]


class Dependency(Model):
    """A version that a publish uses, as written in the order to publish."""

    reference: str = Field(description="reference or id of the used version")
    kind: KindName = Field(default="reference", description="reference, link, texture, cache, ...")


class VersionLabel(Model):
    """Enough of a version to show it and to ask for more."""

    id: str
    reference: str = Field(description="PROJECT/assets/NAME/PRODUCT@v003")
    status: StatusName


class DependencyLink(Model):
    """``user`` uses ``used``."""

    user: VersionLabel
    used: VersionLabel
    kind: KindName
    depth: int = Field(ge=1, description="1: direct")


class Direction(str, Enum):
    """Which way to follow the links."""

    UPSTREAM = "upstream"
    USED_BY = "used_by"


class DependencyQuery(Request):
    """What to follow, and how far."""

    version: str = Field(description="reference or id")
    direction: Direction = Direction.UPSTREAM
    recursive: bool = Field(default=False, description="all levels; else the direct ones only")


class OutdatedQuery(Request):
    """What to check: the dependencies recorded in a project, on a version, or a list of loaded versions."""

    project: Optional[str] = None
    version: Optional[str] = Field(default=None, description="reference or id: check what this version uses")
    versions: Optional[tuple[str, ...]] = Field(
        default=None, max_length=5000, description="ids or references of loaded versions to check themselves"
    )


class Outdated(Model):
    """A version in use that is not its product's newest."""

    used: VersionLabel = Field(description="its status is `missing` when it does not exist any more")
    user: Optional[VersionLabel] = Field(description="who uses it; null when loaded versions were checked")
    latest: Optional[VersionSummary] = Field(description="newer than the used one, or null")
    approved: Optional[VersionSummary] = Field(description="approved and newer than the used one, or null")
    error: Optional[dict[str, Any]] = Field(
        default=None, description="why a loaded version could not be checked: code, message, hint, details"
    )
