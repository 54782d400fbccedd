"""A few threads that share a list of jobs; the first error stops them all."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from typing import Callable, Generic, Optional, TypeVar

from bifrost_core.errors import Cancelled

__all__ = ["Workers", "default_workers"]

T = TypeVar("T")


def default_workers() -> int:
    """Return how many threads suit many small files on this machine."""
    return max(2, min(8, os.cpu_count() or 2))


class Workers(Generic[T]):
    """Does a job for each item, on ``count`` threads."""

    def __init__(self, count: int, do: Callable[[T], None]) -> None:
        self._count = count
        self._do = do
        self._items: Iterator[T] = iter(())
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._error: Optional[BaseException] = None

    def run(self, items: Iterable[T], total: int) -> None:
        """Do all ``total`` items; return when all threads have ended.

        Raises:
            BaseException: the first that a job raised; the jobs not yet begun are left.
        """
        self._items = iter(items)
        count = min(self._count, total)
        if count <= 1:
            self._work()
        else:
            self._work_on_threads(count)
        if self._error is not None:
            raise self._error

    def check(self) -> None:
        """Raise in the middle of a long job when another has failed.

        Raises:
            Cancelled: another job has failed; ``run`` raises that one's error.
        """
        if self._stop.is_set():
            raise Cancelled("The work was stopped.")

    def _work_on_threads(self, count: int) -> None:
        threads = [threading.Thread(target=self._work, name=f"bifrost-store-{n}", daemon=True) for n in range(count)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.2)  # a wait without end would hold back Ctrl-C on Windows
        except BaseException:
            self._stop.set()
            for thread in threads:
                thread.join()
            raise

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                with self._lock:
                    item = next(self._items)
                self._do(item)
        except StopIteration:
            return
        except BaseException as exc:  # noqa: BLE001 - it is raised again by run(), on the caller's thread
            with self._lock:
                if not self._stop.is_set():
                    self._error = exc
                    self._stop.set()
