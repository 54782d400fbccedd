"""`bifrost demo`: the main job on a library of its own, told as the commands that an artist would type."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import click

from bifrost_cli.command import BifrostCommand
from bifrost_cli.demo.commandline import Answer, environment_line, nearby, program, run, typed
from bifrost_cli.demo.folder import DemoFolder
from bifrost_cli.demo.story import Step, next_commands, story
from bifrost_cli.output import Output
from bifrost_cli.session import Session
from bifrost_core.errors import AlreadyExists

__all__ = ["demo"]

_DEFAULT = "bifrost-demo"
_SHOWN_LINES = 8


@click.command(cls=BifrostCommand, examples=["bifrost demo", "bifrost demo ~/try-bifrost --fresh"])
@click.argument("folder", required=False, metavar="[FOLDER]", type=click.Path(path_type=Path))
@click.option(
    "--fresh", is_flag=True, help="Remove an earlier demo first: its library, and its files that nobody changed."
)
@click.pass_context
def demo(ctx: click.Context, folder: Optional[Path], fresh: bool) -> None:
    """Try it all on a small example: a toy robot and a rendered shot.

    Makes a library in FOLDER (without it: ./bifrost-demo), publishes two versions of a model with its textures and a
    sequence of frames, loads, finds and verifies them, and shows each command that it runs. Your own library is not
    touched.
    """
    session = ctx.ensure_object(Session)
    place = DemoFolder(Path(os.path.abspath(folder or _DEFAULT)))  # noqa: PTH100 - a link stays as it was written
    if place.is_there and not fresh:
        raise _already(place)
    began = time.monotonic()
    place.remove()
    place.begin()
    teller = _Teller(ctx, session, place)
    for step in story(place):
        teller.tell(step)
    teller.end(time.monotonic() - began)


def _already(place: DemoFolder) -> AlreadyExists:
    called, where = program(), nearby(place.path)
    look = typed(["--library", nearby(place.library), "versions", "DEMO/assets/robot"])
    again = typed(["demo", *([] if where == _DEFAULT else [where]), "--fresh"])
    return AlreadyExists(
        f"The demo is already in {place.path}.",
        hint=f"Look at it: `{called} {look}`. Start again: `{called} {again}`.",
        details={"folder": str(place.path)},
    )


class _Teller:
    """Runs the steps and shows them."""

    def __init__(self, ctx: click.Context, session: Session, place: DemoFolder) -> None:
        self._ctx, self._session, self._place = ctx, session, place
        self._output: Output = session.output
        self._steps: list[dict[str, Any]] = []
        self._silent = session.json or session.quiet

    def tell(self, step: Step) -> None:
        """Run the commands of a step, each shown before its answer."""
        if step.before:
            step.before()
        self._show(f"\n{_styled(step.text, bold=True)}")
        for command in step.commands:
            self._show(_styled(f"$ {typed(['bifrost', *command])}", fg="cyan"))
            self._take(command, self._run(command))
            self._place.remember()

    def end(self, seconds: float) -> None:
        """Say what was done, where it lies and what to type next."""
        if self._session.json:
            self._output.document(self._summary(seconds))
        elif self._session.quiet:
            self._output.line(str(self._place.library))
        else:
            self._say_goodbye(seconds)

    def _run(self, command: Sequence[str]) -> Answer:
        arguments = [*command, "--json"] if self._session.json else list(command)
        answer = run(arguments, library=self._place.library, debug=self._session.debug)
        if answer.code:
            click.echo(answer.stdout + answer.stderr, err=True, nl=False)
            self._ctx.exit(answer.code)
        return answer

    def _take(self, command: Sequence[str], answer: Answer) -> None:
        if self._session.json:
            self._steps.append({"command": ["bifrost", *command], "answer": json.loads(answer.stdout)})
        self._show("\n".join(_folded((answer.stdout + answer.stderr).splitlines())))
        if command[0] == "init":
            self._show(_styled(f"$ {environment_line(self._place.library)}", fg="cyan"))

    def _show(self, text: str) -> None:
        if not self._silent:
            self._output.line(text)

    def _summary(self, seconds: float) -> dict[str, Any]:
        return {
            "folder": str(self._place.path),
            "library": str(self._place.library),
            "seconds": round(seconds, 2),
            "steps": self._steps,
            "next": [["bifrost", *command] for _, command in next_commands(self._place)],
        }

    def _say_goodbye(self, seconds: float) -> None:
        place, line = self._place, self._output.line
        line(f"\n{_styled(f'Done in {seconds:.1f} seconds.', bold=True)} All of it is in {place.path}:")
        self._output.fields(
            [
                ("  library", "the database, every file once, and a readable tree of all versions"),
                ("  work", "the files of the artist; look at robot/thumbnail.png and sh010/thumbnail.png"),
                ("  loaded", "what `load --to` placed"),
            ]
        )
        line(f"\n{_styled('Go on with', bold=True)}")
        called = program()
        for purpose, command in next_commands(place):
            line(f"  {purpose}:")
            line("    " + _styled(f"{called} {typed(command)}", fg="cyan"))


def _folded(lines: Sequence[str]) -> list[str]:
    """Leave out the middle of a long answer, such as the paths of a sequence."""
    if len(lines) <= _SHOWN_LINES:
        return list(lines)
    return [*lines[:3], f"... ({len(lines) - 5} more)", *lines[-2:]]


def _styled(text: str, **style: Any) -> str:
    # Where no terminal reads it, click leaves the colours out by itself.
    return text if os.environ.get("NO_COLOR") else click.style(text, **style)
