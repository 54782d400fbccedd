"""`bifrost events`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Optional

import click

from bifrost_cli.command import BifrostCommand
from bifrost_cli.output import Column, Output
from bifrost_cli.session import Session, request
from bifrost_cli.wording import one_line, time_text, words
from bifrost_core.errors import InvalidRequest

if TYPE_CHECKING:
    from bifrost_core.models.event import Event, EventQuery
    from bifrost_core.operations.events import Events

__all__ = ["events"]

_TOPICS = {
    "project": ("created", "updated", "imported"),
    "asset": ("created", "updated"),
    "shot": ("created", "updated"),
    "task": ("created", "updated"),
    "user": ("created", "updated"),
    "version": ("published", "status_changed", "purged"),
    "library": ("recovered",),
}
_POLL = 0.5
"""Seconds between two looks at the library."""


@click.command(
    cls=BifrostCommand,
    examples=["bifrost events --project DEMO", "bifrost events --follow --after 1200 --topic version --json"],
)
@click.option("--follow", is_flag=True, help="Go on with what happens from now on, until Ctrl-C.")
@click.option("--after", type=click.IntRange(min=0), metavar="ID", help="Begin after this event; 0: with the first.")
@click.option("--project", metavar="CODE", help="Only those of this project.")
@click.option("--topic", metavar="TOPIC", help="Only these: version.published, or all of a noun: version.")
@click.option(
    "--limit", type=click.IntRange(1, 500), metavar="NUMBER", help="At most so many (default: 100; with --follow: 10)."
)
@click.pass_obj
def events(session: Session, /, follow: bool, after: Optional[int], limit: Optional[int], **filters: Any) -> None:
    """Show what happened, and follow what happens.

    Without --after, the newest events are shown, oldest first. Each line begins with the event's id: pass the last one
    that you saw to --after, and you miss none. With --follow --json, each event is one JSON document on a line of
    its own.
    """
    from bifrost_core.models.event import EventQuery

    _check_topic(filters["topic"])
    source, output = session.library.events, session.output
    limit = limit or (10 if follow else 100)
    query = request(EventQuery, limit=limit, **filters)
    first = _before_the_last(source, query) if after is None else after
    query = query.model_copy(update={"after": first})
    if follow:
        _follow(output, source, query)
        return
    found = source.list(query)
    document = {"items": found, "next_after": found[-1].id if found else first}
    output.answer(document, lambda: _print(output, found))
    if not found:
        output.note("Nothing of that happened." if any(filters.values()) else "Nothing happened.")


def _check_topic(topic: Optional[str]) -> None:
    """Refuse a topic that no event ever has: with --follow, one would wait for it forever."""
    if topic is None:
        return
    noun, dot, verb = topic.partition(".")
    if noun not in _TOPICS:
        raise InvalidRequest(f"No event has the topic “{topic}”.", hint=f"Topics begin with {words(_TOPICS)}.")
    if dot and verb not in _TOPICS[noun]:
        known = words(f"{noun}.{verb}" for verb in _TOPICS[noun])
        raise InvalidRequest(f"No event has the topic “{topic}”.", hint=f"Topics of {noun} are {known}.")


def _follow(output: Output, source: Events, query: EventQuery) -> None:
    try:
        for event in _stream(source, query.model_copy(update={"limit": 500})):
            if output.json:
                output.document(event, indent=None)
            else:
                output.line("  ".join((f"{event.id:>6}", *_cells(event)[1:])).rstrip())
            output.flush()
    except KeyboardInterrupt:
        # The way to end it, so no error.
        return


def _stream(source: Events, query: EventQuery) -> Iterator[Event]:
    after = query.after
    while True:
        found = source.list(query.model_copy(update={"after": after}))
        for event in found:
            yield event
            after = event.id
        if not found:
            time.sleep(_POLL)


def _before_the_last(source: Events, query: EventQuery) -> int:
    """Return the smallest id after which there are at most ``query.limit`` events; found by halving."""

    def few(after: int) -> bool:
        probe = query.model_copy(update={"after": after, "limit": query.limit + 1})
        return len(source.list(probe)) <= query.limit

    if few(0):
        return 0
    low, high = 0, 1
    while not few(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if few(middle) else (middle, high)
    return high


def _print(output: Output, found: tuple[Event, ...]) -> None:
    columns = [
        Column("ID", right=True), Column("TIME"), Column("TOPIC"), Column("BY"), Column("ABOUT")
    ]  # fmt: skip
    output.table(columns, [_cells(event) for event in found])


def _cells(event: Event) -> list[str]:
    return [str(event.id), time_text(event.time), event.topic, event.author, one_line(event.reference)]
