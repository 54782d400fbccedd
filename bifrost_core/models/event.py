"""Events: facts, written in the same transaction as the change that they tell of."""

from __future__ import annotations

from typing import Any, Optional

from pydantic import Field

from bifrost_core.models.base import Model, Request, Timestamp
from bifrost_core.models.names import ProjectCode
from bifrost_core.models.query import Limit

__all__ = ["Event", "EventQuery"]


class Event(Model):
    """A fact; ids grow in the order of commits, so a reader that stores the last one misses none."""

    id: int
    topic: str = Field(description="noun.past: version.published, asset.created, ...")
    time: Timestamp
    project: Optional[ProjectCode]
    subject: str = Field(description="id of what it is about")
    reference: str = Field(description="path or reference of what it is about, as it was then")
    author: str
    payload: dict[str, Any] = Field(description="what changed")


class EventQuery(Request):
    """Which events, oldest first."""

    after: int = Field(default=0, ge=0, lt=2**63, description="id of the last event already seen")
    project: Optional[ProjectCode] = None
    topic: Optional[str] = Field(default=None, description="the whole topic, or its noun: version")
    limit: Limit = 100
