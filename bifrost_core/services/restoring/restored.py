"""What has been restored so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Callable, NamedTuple, TypeVar

__all__ = ["Restored", "Use", "in_steps"]

_T = TypeVar("_T")
_MOST = 200
_HEAVIEST = 20_000


class Use(NamedTuple):
    """``user`` uses ``used``."""

    user: str
    used: str
    kind: str


class Restored:
    """What has been restored so far, and what was left out.

    Args:
        in_store: whether the library's own store has the manifests already.
    """

    def __init__(self, in_store: bool) -> None:
        self.in_store = in_store
        self.counters = {"changed": 1, "written": 1 if in_store else 0}
        """The columns that say whether a row's manifest is still to be written."""
        self.added: Counter[str] = Counter()
        """How many ``users``, ``projects``, ``entities`` and ``versions`` are new."""
        self.skipped: list[str] = []
        """What was left out though nothing is wrong with it."""
        self.conflicts: list[str] = []
        """What was left out because it contradicts what is there."""
        self.products: set[str] = set()
        """Ids of products whose numbers and pointers are to be set."""
        self.reserved: dict[str, int] = {}
        """The highest number of a product's versions that could not be restored, by product id."""
        self.uses: list[Use] = []


def in_steps(items: Iterable[_T], weight: Callable[[_T], int] = lambda _: 1) -> Iterator[list[_T]]:
    """Yield lists that are long enough to be worth a query and small enough for memory."""
    batch: list[_T] = []
    heavy = 0
    for item in items:
        batch.append(item)
        heavy += weight(item)
        if len(batch) >= _MOST or heavy >= _HEAVIEST:
            yield batch
            batch, heavy = [], 0
    if batch:
        yield batch
