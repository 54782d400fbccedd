"""How far a long piece of work is: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Optional, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

__all__ = ["Progress"]

_PATIENCE = 0.4
"""Seconds of work that show no bar: one that flashes up only disturbs."""


class Progress:
    """Counts bytes, from any thread; draws on ``stream`` if there is one."""

    def __init__(self, label: str, stream: Optional[TextIO]) -> None:
        self._label = label
        self._stream = stream
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._bar: Optional[Bar] = None
        self._task: Any = None
        self._done = 0
        self._total: Optional[int] = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        with self._lock:
            self._stream = None
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def advance(self, size: int) -> None:
        """Add bytes that are done."""
        with self._lock:
            self._done += size
            self._draw()

    def update(self, done: int, total: int, label: str = "") -> None:
        """Set the bytes that are done, of how many, and what is being done."""
        with self._lock:
            self._done, self._total = done, total
            self._label = label.capitalize() or self._label
            self._draw()

    def _draw(self) -> None:
        if self._stream is None or time.monotonic() - self._started < _PATIENCE:
            return
        if self._bar is None:
            self._bar = _new_bar(self._stream)
            self._task = self._bar.add_task(self._label, total=self._total)
            self._bar.start()
        self._bar.update(self._task, completed=self._done, total=self._total, description=self._label)


def _new_bar(stream: TextIO) -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(file=stream),
        transient=True,
    )
