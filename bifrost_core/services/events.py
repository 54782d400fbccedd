"""Events: read from the outbox that every change writes."""

from __future__ import annotations

from sqlalchemy import select

from bifrost_core.database.tables import EventRow, ProjectRow
from bifrost_core.models.event import Event, EventQuery
from bifrost_core.operations.events import Events
from bifrost_core.services.context import Context
from bifrost_core.services.lookup import find_project
from bifrost_core.services.reading import as_event

__all__ = ["LocalEvents"]


class LocalEvents(Events):
    """Events in the database."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, query: EventQuery) -> tuple[Event, ...]:
        statement = (
            select(EventRow, ProjectRow.code)
            .outerjoin(ProjectRow, ProjectRow.id == EventRow.project_id)
            .where(EventRow.id > query.after)
            .order_by(EventRow.id)
            .limit(query.limit)
        )
        if query.topic is not None:
            noun = EventRow.topic.startswith(f"{query.topic}.", autoescape=True)
            statement = statement.where((EventRow.topic == query.topic) | noun)
        with self._context.reading() as session:
            if query.project is not None:
                statement = statement.where(EventRow.project_id == find_project(session, query.project).id)
            return tuple(as_event(row, code) for row, code in session.execute(statement))
