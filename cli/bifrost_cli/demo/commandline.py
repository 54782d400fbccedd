"""Commands as the demo runs and shows them: the very ones that an artist would type."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Answer", "environment_line", "nearby", "program", "run", "typed"]

_WIDTH = 100


@dataclass(frozen=True)
class Answer:
    """What a command answered: its exit code, and what it printed."""

    code: int
    stdout: str
    stderr: str


class _Recorder(io.StringIO):
    """Takes a command's output in place of a terminal or pipe, and says of itself what that one would say."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the real output."""
        return getattr(sys.__stdout__, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Whether somebody looks at it."""
        return self._terminal


def run(arguments: Sequence[str], *, library: Path, debug: bool = False) -> Answer:
    """Run a command of ``bifrost`` in this process, as it would run on its own.

    Args:
        arguments: what follows ``bifrost`` on the command line.
        library: the library to use, as if ``BIFROST_AMS_LIBRARY`` named it.
        debug: show tracebacks.
    """
    from bifrost_cli.main import call

    # Colours that were meant for a console of Windows cannot be recorded.
    stdout, stderr = _Recorder(sys.stdout.isatty() and os.name != "nt"), _Recorder(terminal=False)
    options = [] if arguments[0] == "init" else ["--library", str(library)]
    with redirect_stdout(stdout), redirect_stderr(stderr):
        code = call([*options, *(["--debug"] if debug else []), *arguments])
    return Answer(code, stdout.getvalue(), stderr.getvalue())


def typed(arguments: Sequence[str]) -> str:
    """Return a command as one types it in this system's shell; on Linux and macOS long ones go over several lines."""
    if os.name == "nt":
        return subprocess.list2cmdline(arguments)
    lines = [""]
    for words in _groups(arguments):
        if lines[-1] and len(lines[-1]) + len(words) + 3 > _WIDTH:
            lines.append("   ")
        lines[-1] += f" {words}" if lines[-1] else words
    return " \\\n".join(lines)


def _groups(arguments: Sequence[str]) -> list[str]:
    """Return the words of a command as the shell needs them, an option and its value as one."""
    groups: list[str] = []
    value_follows = False
    for word in arguments:
        if value_follows and not word.startswith("-"):
            groups[-1] += f" {shlex.quote(word)}"
        else:
            groups.append(shlex.quote(word))
        value_follows = word.startswith("--")
    return groups


def program() -> str:
    """Return how this very program is called from here: ``bifrost``, or its path when it is not found by name."""
    called = Path(sys.argv[0])
    if called.stem != "bifrost":  # `python -m bifrost_cli`
        return f"{typed([nearby(Path(sys.executable))])} -m bifrost_cli"
    for folder in os.get_exec_path():
        for name in ("bifrost", "bifrost.exe"):
            found = Path(folder, name)
            if found.is_file():
                same = found.with_suffix("").resolve() == Path(called).with_suffix("").resolve()
                return "bifrost" if same else typed([nearby(called)])
    return typed([nearby(called)])


def nearby(path: Path) -> str:
    """Return the path from the current folder if it lies below, else the whole path."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as they are: .venv/bin/python is one
    try:
        return str(absolute.relative_to(Path.cwd()))
    except ValueError:
        return str(absolute)


def environment_line(library: Path) -> str:
    """Return the line that makes a library the one that commands use."""
    if os.name == "nt":
        return f'$env:BIFROST_AMS_LIBRARY = "{library}"'
    return f"export BIFROST_AMS_LIBRARY={shlex.quote(str(library))}"
