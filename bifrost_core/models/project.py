"""Projects: everything below belongs to exactly one."""

from __future__ import annotations

from typing import Any, Optional

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from bifrost_core.models.base import JsonObject, Model, Request, Revision, Timestamp
from bifrost_core.models.names import ProjectCode, StatusName
from bifrost_core.models.reference import APPROVED

__all__ = [
    "ARCHIVED",
    "DEFAULT_STATUSES",
    "PENDING",
    "REQUIRED_STATUSES",
    "Project",
    "ProjectCreate",
    "ProjectUpdate",
]

PENDING = "pending"
ARCHIVED = "archived"
REQUIRED_STATUSES = (PENDING, APPROVED, ARCHIVED)
DEFAULT_STATUSES = (PENDING, "review", APPROVED, "rejected", ARCHIVED)


def _check_statuses(statuses: Optional[tuple[str, ...]]) -> None:
    if statuses is None:
        return
    missing = [status for status in REQUIRED_STATUSES if status not in statuses]
    if missing:
        raise PydanticCustomError(
            "statuses", "the statuses must include {missing}: selectors and archiving need them",
            {"missing": ", ".join(missing)},
        )  # fmt: skip


class Project(Model):
    """A production: its code names it everywhere."""

    id: str
    code: ProjectCode
    name: str = Field(description="the full title")
    fps: float = Field(description="frames per second")
    width: int = Field(description="pixels")
    height: int = Field(description="pixels")
    statuses: tuple[StatusName, ...] = Field(description="what a version's status may be")
    metadata_schema: Optional[dict[str, Any]] = Field(description="JSON Schema that a version's metadata must satisfy")
    archived: bool
    revision: int = Field(description="grows with each change; send it back to change only what you saw")
    created: Timestamp
    created_by: str


class ProjectCreate(Request):
    """What a new project needs."""

    code: ProjectCode
    name: str = Field(default="", max_length=200)
    fps: float = Field(default=24.0, gt=0, le=1000)
    width: int = Field(default=1920, ge=1, le=65536)
    height: int = Field(default=1080, ge=1, le=65536)
    statuses: tuple[StatusName, ...] = DEFAULT_STATUSES
    metadata_schema: Optional[JsonObject] = None

    @model_validator(mode="after")
    def _statuses_are_complete(self) -> ProjectCreate:
        _check_statuses(self.statuses)
        return self


class ProjectUpdate(Request):
    """What may change; a field left out stays as it is."""

    code: Optional[ProjectCode] = None
    name: Optional[str] = Field(default=None, max_length=200)
    fps: Optional[float] = Field(default=None, gt=0, le=1000)
    width: Optional[int] = Field(default=None, ge=1, le=65536)
    height: Optional[int] = Field(default=None, ge=1, le=65536)
    statuses: Optional[tuple[StatusName, ...]] = None
    metadata_schema: Optional[JsonObject] = Field(default=None, description="an empty object removes the schema")
    archived: Optional[bool] = None
    revision: Optional[Revision] = Field(default=None, description="refuse with stale_write if it is no longer this")

    @model_validator(mode="after")
    def _statuses_are_complete(self) -> ProjectUpdate:
        _check_statuses(self.statuses)
        return self
