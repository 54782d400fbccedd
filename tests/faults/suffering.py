"""A library, and the publishing process that tests kill, trace and starve."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Optional, cast

from ledger import Ledger
from machine import traced
from publisher import SETTINGS, prepare

from bifrost_core.bootstrap import create_library

__all__ = ["Publisher", "Sufferer", "Try"]


@dataclass(frozen=True)
class Try:
    """What became of some publishes."""

    tokens: Sequence[str]
    outcomes: Sequence[Mapping[str, Any]]
    signal: int
    """The signal that ended the process, or 0."""
    injected: int = 0
    """How many system calls were made to fail."""


class Publisher:
    """The process that forks a child for each try; it serves any number of libraries."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("publisher.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def send(self, order: dict[str, Any]) -> None:
        """Send a line."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """Wait for a line."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the publishing process died"
        return cast(dict[str, Any], json.loads(line))

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._process.communicate(timeout=60)


class Sufferer:
    """A library, and the process that publishes into it.

    Args:
        publisher: the process.
        folder: an empty one.
        big: bytes of the big file of each version.
    """

    def __init__(self, publisher: Publisher, folder: Path, big: int) -> None:
        self.root = folder / "library"
        self.files = folder / "files"
        self.ledger = Ledger(self.root, self.files)
        self._publisher = publisher
        self._count = 0
        with create_library(str(self.root), SETTINGS) as made:
            prepare(made, self.files, big)

    def publish(self, count: int = 1, kill_after: Optional[float] = None) -> Try:
        """Publish some versions, one after the other, and kill the process after some seconds."""
        order = self._order(count=count, delay=kill_after)
        self._publisher.send(order)
        return self._ended(order)

    def publish_traced(self, *injections: str, few: bool = False) -> Try:
        """Publish one version while strace injects faults."""
        order = self._order(wait=True, few=few)
        log = self.files / f"{order['prefix']}.log"
        self._publisher.send(order)
        with traced(self._publisher.receive()["pid"], injections, log):
            self._publisher.send({})
            ended = self._ended(order)
        hits = log.read_text(errors="replace").count("(INJECTED)")
        log.unlink()
        return replace(ended, injected=hits)

    def forget(self, tried: Try) -> None:
        """Remove the files of publishes that are not needed any more."""
        for token in tried.tokens:
            shutil.rmtree(self.files / token, ignore_errors=True)

    def _order(self, **fields: Any) -> dict[str, Any]:
        self._count += 1
        order = {"root": str(self.root), "files": str(self.files), "prefix": f"try-{self._count:04d}"}
        return {**order, "count": 1, "few": False, "delay": None, "wait": False, **fields}

    def _ended(self, order: dict[str, Any]) -> Try:
        answer = self._publisher.receive()
        tokens = [f"{order['prefix']}-{number:04d}" for number in range(order["count"])]
        return Try(tokens, answer["outcomes"], answer["signal"])
