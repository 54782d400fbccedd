"""The entry point: the table of commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Optional, TextIO

import click

from bifrost_cli import exits
from bifrost_cli.command import LazyCommand, LazyGroup
from bifrost_cli.output import answer_lost, reader_is_gone
from bifrost_cli.session import Session
from bifrost_core import __version__
from bifrost_core.errors import BifrostError, Cancelled, ConfigurationError, InternalError

__all__ = ["COMPLETION_VARIABLE", "PROGRAM", "call", "main", "run"]

PROGRAM = "bifrost"
COMPLETION_VARIABLE = "_BIFROST_COMPLETE"
_OBJECTS_BETWEEN_CLEANINGS = 50_000


def _of(module: str, attribute: str, help: str) -> LazyCommand:
    return LazyCommand(f"bifrost_cli.commands.{module}:{attribute}", help)


_SECTIONS = {
    "Publish and load": {
        "publish": _of("publishing", "publish", "Publish files as a new version of a product."),
        "load": _of("loading", "load", "Print the paths of a version's files, ready to open."),
        "versions": _of("versions", "versions", "List the versions on an asset or a shot."),
        "show": _of("versions", "show", "Show a project, an asset, a shot, a product or a version."),
        "status": _of("versions", "status", "Give a version another status."),
        "deps": _of("dependencies", "deps", "Show what a version uses, or what uses it."),
        "outdated": _of("dependencies", "outdated", "List the versions in use that have a newer one."),
        "search": _of("search", "search", "Find assets, shots and products."),
    },
    "Productions": {
        "project": _of("projects", "project", "Create, list and change projects."),
        "asset": _of("assets", "asset", "Create, list and change assets."),
        "shot": _of("shots", "shot", "Create, list and change shots."),
        "task": _of("tasks", "task", "Create, list and change tasks."),
        "user": _of("users", "user", "List and change users."),
        "events": _of("events", "events", "Show what happened, and follow what happens."),
    },
    "The library": {
        "init": _of("library", "init", "Create a library."),
        "verify": _of("upkeep", "verify", "Read stored files again and name what is damaged."),
        "gc": _of("upkeep", "gc", "Show, and remove, what no version uses."),
        "doctor": _of("upkeep", "doctor", "Check settings, database, store and disk."),
        "purge": _of("versions", "purge", "Remove an archived version for good."),
        "recover": _of("library", "recover", "Rebuild the database from the store alone."),
        "export": _of("archives", "export", "Write a project with its files into one archive."),
        "import": _of("archives", "import_archive", "Read a project from an archive."),
    },
    "Getting started": {
        "demo": LazyCommand(
            "bifrost_cli.demo.command:demo", "Try it all on a small example: a toy robot and a rendered shot."
        ),
        "completion": _of("completion", "completion", "Print the script that completes commands in your shell."),
    },
}


@click.group(cls=LazyGroup, sections=_SECTIONS, subcommand_metavar="COMMAND ...")
@click.version_option(__version__, "--version", prog_name=PROGRAM, message="%(prog)s %(version)s")
def main() -> None:
    """Publish, load and find versions of assets and shots."""


def run() -> None:
    """Run the command line of this process."""
    # Imports make many objects and no garbage: looking for it every 700 objects takes a tenth of a command's start.
    gc.set_threshold(_OBJECTS_BETWEEN_CLEANINGS)
    if COMPLETION_VARIABLE in os.environ:
        main.main(prog_name=PROGRAM, complete_var=COMPLETION_VARIABLE, obj=Session())
    _prepare_streams()
    stop = _Stop()
    code = call(sys.argv[1:])
    if stop.came:
        code = exits.TERMINATED
    for stream in (sys.stdout, sys.stderr):
        _settle(stream)
    # All is closed. Without this, Python would look through every object for garbage before it ends.
    gc.freeze()
    sys.exit(code)


class _Stop:
    """Makes SIGTERM end a command as Ctrl-C does: it gives up its work and removes what it began.

    Services, batch systems and render farms stop a process so. One that the caller ignores stays ignored.
    """

    def __init__(self) -> None:
        self.came = False
        if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, _number: int, _frame: Optional[FrameType]) -> None:
        # A second one must not end the tidying up.
        if not self.came:
            self.came = True
            raise KeyboardInterrupt


def _prepare_streams() -> None:
    """Make sure that whatever is printed can be, even where nobody listens."""
    # Closed by the caller (`>&-`, a service, pythonw): Python then has no stream at all.
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    # A file name that is no valid text, or a character that the console lacks, must not end in a traceback.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            utf8 = (stream.encoding or "").lower().replace("-", "") == "utf8"
            stream.reconfigure(errors="surrogateescape" if utf8 and os.name != "nt" else "replace")


def _nowhere() -> TextIO:
    # It stays open as long as the process, and so needs no closing.
    return open(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8", closefd=False)


def call(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; errors are printed here and nowhere else."""
    session = Session()
    try:
        code = _invoke(session, list(arguments))
        sys.stdout.flush()
    except click.ClickException as exc:
        return _refuse(exc, session, arguments)
    except BifrostError as exc:
        return _report(exc, session)
    except (KeyboardInterrupt, click.Abort):
        return _report(Cancelled("Cancelled."), session)
    except Exception as exc:  # noqa: BLE001 - the boundary of the process: an artist never meets a traceback
        return _answer_fault(exc, session)
    return code


def _invoke(session: Session, arguments: list[str]) -> int:
    try:
        with main.make_context(PROGRAM, arguments, obj=session) as ctx:
            main.invoke(ctx)
    except click.exceptions.Exit as exc:
        return exc.exit_code
    finally:
        session.close()
    return exits.OK


def _report(error: BifrostError, session: Session) -> int:
    if session.debug:
        import traceback

        traceback.print_exc()
    session.output.error(error)
    return exits.exit_code(error)


def _refuse(exc: click.ClickException, session: Session, arguments: Sequence[str]) -> int:
    """Say what is wrong with the command line; it may have been refused before its options were looked at."""
    session.json = session.json or "--json" in arguments
    context: Optional[click.Context] = getattr(exc, "ctx", None)
    path = context.command_path if context else PROGRAM
    session.output.failure("usage", exc.format_message(), f"`{path} --help` shows how it is used.")
    return exc.exit_code


def _answer_fault(exc: Exception, session: Session) -> int:
    if reader_is_gone(exc):
        _silence(sys.stdout)
        return exits.OK
    if isinstance(exc, OSError) and _by_printing(exc):
        return _report(answer_lost(exc), session)
    return _report(_fault(exc), session)


def _by_printing(exc: OSError) -> bool:
    """Whether click failed to print a help page or the version; Output says so itself."""
    import traceback

    return any(frame.f_globals.get("__name__") == "click.utils" for frame, _ in traceback.walk_tb(exc.__traceback__))


def _fault(exc: Exception) -> BifrostError:
    if isinstance(exc, UnicodeEncodeError) and exc.encoding.lower().replace("-", "") != "utf8":
        lacking = ascii(exc.object[exc.start : exc.end])
        return ConfigurationError(
            f"The language settings of this terminal ({exc.encoding}) have no {lacking}, which a file name needs.",
            hint="Set LC_ALL=C.UTF-8 or PYTHONUTF8=1, then try again.",
        )
    return InternalError(f"Bifrost met a fault of its own: {type(exc).__name__}: {exc}")


def _settle(stream: TextIO) -> None:
    """Let go of a stream that does not take what is left in it."""
    try:
        stream.flush()
    except OSError:
        _silence(stream)


def _silence(stream: TextIO) -> None:
    """Let go of an output that takes nothing, so that Python does not complain about it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    run()
