"""What a command prints: JSON for programs, tables for a terminal, aligned lines for everything else.

Answers go to stdout; confirmations too, unless ``--quiet``. Notes, warnings and errors go to stderr, so that
``bifrost load REF`` can stand in a script as it is.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Optional, TextIO

import click

from bifrost_cli.wording import one_line, text_width
from bifrost_core.errors import BifrostError, Cancelled

if TYPE_CHECKING:
    from bifrost_cli.progress import Progress

__all__ = ["Column", "Output", "answer_lost", "reader_is_gone"]

_STATUS_STYLES = {
    "approved": "green",
    "done": "green",
    "ok": "green",
    "review": "cyan",
    "wip": "cyan",
    "pending": "yellow",
    "warning": "yellow",
    "rejected": "red",
    "problem": "red",
    "missing": "red",
    "corrupt": "red",
    "archived": "dim",
}


@dataclass(frozen=True)
class Column:
    """A column of a table.

    ``flexible`` columns are cut when the terminal is narrow, ``wraps`` ones go over several lines; all others are
    always shown whole on one line, so that what stands in them can be copied.
    """

    title: str
    right: bool = False
    flexible: bool = False
    wraps: bool = False
    status: bool = False


def reader_is_gone(exc: Exception) -> bool:
    """Return whether this is how a closed pipe shows; Windows says EINVAL."""
    gone = {errno.EPIPE, errno.EINVAL} if os.name == "nt" else {errno.EPIPE}
    return isinstance(exc, OSError) and exc.errno in gone and exc.filename is None


def answer_lost(exc: OSError) -> BifrostError:
    """Return what to say when stdout takes nothing: its disk is full, its terminal is gone."""
    return BifrostError(
        f"The answer could not be written: {exc.strerror or exc}.",
        hint="Look where the output goes. The command itself may be done: see that before you run it again.",
    )


class Output:
    """Where a command's answer goes, and in which form."""

    def __init__(self, stdout: TextIO, stderr: TextIO, *, json: bool = False, quiet: bool = False) -> None:
        self.json = json
        self.quiet = quiet
        self._stdout = stdout
        self._stderr = stderr

    def answer(self, document: Any, human: Callable[[], None]) -> None:
        """Print ``document`` as JSON, or let ``human`` print it for people."""
        if self.json:
            self.document(document)
        else:
            human()

    def document(self, value: Any, *, indent: Optional[int] = 2) -> None:
        """Print models or plain data as one JSON document."""
        self._write(self._dumped(value, self._stdout, indent))

    def line(self, text: str = "") -> None:
        """Print a line of an answer."""
        self._write(text)

    def done(self, text: str) -> None:
        """Confirm what was done; silent with ``--quiet``."""
        if not (self.quiet or self.json):
            self._write(text)

    def note(self, text: str) -> None:
        """Say something beside the answer; silent with ``--quiet`` and ``--json``."""
        if not (self.quiet or self.json):
            self._say(text)

    def warn(self, text: str) -> None:
        """Warn; silent with ``--quiet`` and ``--json`` (the document says it then)."""
        self.note(self._styled("Warning:", "yellow") + f" {text}")

    def error(self, error: BifrostError) -> None:
        """Report an error: for programs as JSON, for people as a message and what to do about it."""
        self.failure(error.code, error.message, error.hint, error.details)

    def failure(self, code: str, message: str, hint: str = "", details: Optional[Mapping[str, Any]] = None) -> None:
        """Report what went wrong, by its parts."""
        if self.json:
            wire = {"code": code, "message": message, "hint": hint, "details": dict(details or {})}
            self._say(self._dumped({"error": wire}, self._stderr, 2))
            return
        # What the artist stopped is no error to them.
        label = "" if code == Cancelled.code else self._styled("Error:", "red") + " "
        self._say(label + message)
        if hint:
            self._say(self._styled("Hint:", "cyan") + f" {hint}")

    def fields(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Print named values below one another; empty values are left out."""
        shown = [(name, one_line(value)) for name, value in pairs if value]
        width = max((len(name) for name, _ in shown), default=0)
        for name, value in shown:
            label = click.style(name.ljust(width), dim=True) if self._coloured(self._stdout) else name.ljust(width)
            self.line(f"{label}  {value}")

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """Print rows under their columns' titles; nothing when there are none."""
        if not rows:
            return
        cleaned = [[one_line(cell) for cell in row] for row in rows]
        if self._stdout.isatty():
            self._rich_table(columns, cleaned)
        else:
            self._plain_table(columns, cleaned)

    def can_print(self, text: str) -> bool:
        """Whether the encoding of stdout has all characters of ``text``."""
        try:
            text.encode(self._stdout.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def flush(self) -> None:
        """Let a reader at the other end of a pipe have everything now."""
        self._stdout.flush()

    @contextmanager
    def progress(self, label: str) -> Iterator[Progress]:
        """Show how far a long piece of work is, where somebody can see it."""
        from bifrost_cli.progress import Progress

        visible = self._stderr.isatty() and not (self.quiet or self.json)
        with Progress(label, self._stderr if visible else None) as shown:
            yield shown

    def _plain_table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        titles = [column.title for column in columns]
        widths = [max(text_width(cells[index]) for cells in (titles, *rows)) for index in range(len(columns))]
        for cells in (titles, *rows):
            padded = []
            for cell, width, column in zip(cells, widths, columns):
                space = " " * (width - text_width(cell))
                padded.append(space + cell if column.right else cell + space)
            self.line("  ".join(padded).rstrip())

    def _rich_table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for column in columns:
            table.add_column(
                column.title,
                justify="right" if column.right else "left",
                no_wrap=not (column.flexible or column.wraps),
                overflow="fold",
            )
        for row in rows:
            table.add_row(
                *(
                    Text(
                        cell,
                        style=_STATUS_STYLES.get(cell, "") if column.status else "",
                        no_wrap=not column.wraps,
                        overflow="ellipsis" if column.flexible else "fold",
                    )
                    for cell, column in zip(row, columns)
                )
            )
        console = Console(file=self._stdout, highlight=False)
        # What must stay whole may be wider than the terminal: then that breaks the line, and it can still be copied.
        console.width = max(console.width, _least_width(columns, rows))
        console.print(table, crop=False, soft_wrap=False)

    def _dumped(self, value: Any, stream: TextIO, indent: Optional[int]) -> str:
        plain = _plain(value)
        readable = json.dumps(plain, indent=indent, ensure_ascii=False)
        try:
            readable.encode(stream.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return json.dumps(plain, indent=indent)
        return readable

    def _styled(self, text: str, colour: str) -> str:
        return click.style(text, fg=colour, bold=True) if self._coloured(self._stderr) else text

    @staticmethod
    def _coloured(stream: TextIO) -> bool:
        return stream.isatty() and not os.environ.get("NO_COLOR")

    def _write(self, text: str) -> None:
        try:
            # click.echo knows how old Windows consoles want their colours.
            click.echo(text, file=self._stdout)
        except OSError as exc:
            if reader_is_gone(exc):
                raise
            raise answer_lost(exc) from exc

    def _say(self, text: str) -> None:
        # Where nobody can be told, the exit code still tells; and no note may stop the work.
        with suppress(OSError):
            click.echo(text, file=self._stderr)


def _least_width(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> int:
    """Return the width of a table whose yielding columns are as narrow as their titles."""
    cells = (
        (column.title, *(() if column.flexible or column.wraps else (row[index] for row in rows)))
        for index, column in enumerate(columns)
    )
    return sum(max(text_width(cell) for cell in column) + 2 for column in cells)


def _plain(value: Any) -> Any:
    """Return models as the JSON values that they stand for."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
