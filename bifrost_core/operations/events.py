"""Operations on events."""

from __future__ import annotations

from abc import ABC, abstractmethod

from bifrost_core.models.event import Event, EventQuery
from bifrost_core.operations.declaration import operation

__all__ = ["Events"]


class Events(ABC):
    """What happened, in the order of commits."""

    @operation("GET", "/events", permission="view")
    @abstractmethod
    def list(self, query: EventQuery) -> tuple[Event, ...]:
        """Return the events after ``query.after``, oldest first; none when there is nothing new."""
