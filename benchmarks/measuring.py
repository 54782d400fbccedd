"""What all measurements share: the row of a table, medians of rounds, and how a table is printed."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Optional

from sqlalchemy import Engine, event

__all__ = [
    "Row",
    "Statements",
    "median_ms",
    "milliseconds",
    "percentile",
    "print_rows",
    "statements_of",
    "tell_machine",
]


@dataclass(frozen=True)
class Row:
    """One line of a table.

    ``limit`` is what the figure should stay under, in the same unit; None where nothing was promised.
    """

    what: str
    figure: float
    unit: str
    limit: Optional[float] = None
    note: str = ""

    @property
    def text(self) -> str:
        """The figure with as many digits as mean something."""
        return f"{self.figure:,.{0 if self.figure >= 100 else 1 if self.figure >= 10 else 2}f} {self.unit}"

    @property
    def mark(self) -> str:
        """What the figure should be, and whether it is."""
        if self.limit is None:
            return ""
        return f"< {self.limit:g} {self.unit}" + ("" if self.figure < self.limit else "  missed")


def print_rows(title: str, rows: Iterable[Row]) -> None:
    """Print rows under a title."""
    print(f"\n{title}")
    for row in rows:
        print(f"  {row.what:58} {row.text:>12}  {row.mark:22} {row.note}", flush=True)


def milliseconds(call: Callable[..., object], *arguments: object) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    call(*arguments)
    return (time.perf_counter() - started) * 1000


def median_ms(call: Callable[[int], object], rounds: int) -> float:
    """Return the median of some rounds after a first one that is not counted; the call is told the round."""
    call(0)
    return statistics.median(milliseconds(call, number) for number in range(1, rounds + 1))


def percentile(values: Iterable[float], part: float) -> float:
    """Return the value that ``part`` of the values (0 to 1) lie below."""
    ordered = sorted(values)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


class Statements:
    """Counts what is sent to a database, begin and commit left out."""

    def __init__(self) -> None:
        self.count = 0

    def note(self, _connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        """Count one statement."""
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            self.count += 1


@contextmanager
def statements_of(engine: Engine) -> Iterator[Statements]:
    """Count the statements of a block."""
    counter = Statements()
    event.listen(engine, "before_cursor_execute", counter.note)
    try:
        yield counter
    finally:
        event.remove(engine, "before_cursor_execute", counter.note)


def tell_machine() -> str:
    """Return the facts that figures depend on: processors, and how busy they are where the system tells."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} processors{load}"
