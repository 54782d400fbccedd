"""A library, and the publishing process that tests kill, trace and starve."""

from __future__ import annotations

import json
import os
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

__all__ = ["Sufferer", "Try"]


@dataclass(frozen=True)
class Try:
    """What became of some publishes."""

    tokens: Sequence[str]
    outcomes: Sequence[Mapping[str, Any]]
    signal: int
    """The signal that ended the process, or 0."""
    injected: int = 0
    """How many system calls were made to fail."""


class Sufferer:
    """A library in a folder, and a process that publishes into it.

    Args:
        folder: an empty one.
        big: bytes of the big file of each version.
        library: the library's folder, if it shall lie elsewhere.
    """

    def __init__(self, folder: Path, big: int, library: Optional[Path] = None) -> None:
        self.root = library or folder / "library"
        self.files = folder / "files"
        self.ledger = Ledger(self.root, self.files)
        self._count = 0
        with create_library(str(self.root), SETTINGS) as made:
            prepare(made, self.files, big)
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("publisher.py")), str(self.root), str(self.files)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def __enter__(self) -> Sufferer:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()

    def publish(self, count: int = 1, kill_after: Optional[float] = None) -> Try:
        """Publish some versions, one after the other, and kill the process after some seconds."""
        prefix = self._new_prefix()
        self._send({"prefix": prefix, "count": count, "delay": kill_after})
        return self._ended(prefix, count)

    def publish_traced(self, *injections: str) -> Try:
        """Publish one version while strace injects faults."""
        prefix = self._new_prefix()
        log = self.files / f"{prefix}.log"
        self._send({"prefix": prefix, "count": 1, "delay": None, "wait": True})
        with traced(self._receive()["pid"], injections, log):
            self._send({})
            ended = self._ended(prefix, 1)
        hits = log.read_text(errors="replace").count("(INJECTED)")
        log.unlink()
        return replace(ended, injected=hits)

    def forget(self, tried: Try) -> None:
        """Remove the files of publishes that are not needed any more."""
        for token in tried.tokens:
            shutil.rmtree(self.files / token, ignore_errors=True)

    def _new_prefix(self) -> str:
        self._count += 1
        return f"try-{self._count:04d}"

    def _ended(self, prefix: str, count: int) -> Try:
        answer = self._receive()
        tokens = [f"{prefix}-{number:04d}" for number in range(count)]
        return Try(tokens, answer["outcomes"], answer["signal"])

    def _send(self, order: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the publishing process died"
        return cast(dict[str, Any], json.loads(line))
