"""What happens in the demo: each step says why, and which command an artist would type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable, Optional

from bifrost_cli.demo.commandline import nearby
from bifrost_cli.demo.folder import DemoFolder

__all__ = ["Step", "next_commands", "story"]

_MODEL = "DEMO/assets/robot/model"
_RENDER = "DEMO/shots/sq010/sh010/render"


@dataclass(frozen=True)
class Step:
    """One or several commands that belong together.

    ``before`` is what happens outside of Bifrost first: the artist's own work.
    """

    text: str
    commands: Sequence[Sequence[str]]
    before: Optional[Callable[[], None]] = None


def story(folder: DemoFolder) -> tuple[Step, ...]:
    """Return the steps of a demo in that folder."""
    return (*_set_up(folder), *_publish(folder), *_use(folder))


def _set_up(folder: DemoFolder) -> tuple[Step, ...]:
    return (
        Step(
            "A library holds everything: one folder, no server.",
            [("init", nearby(folder.library))],
        ),
        Step(
            "A project with an asset, a toy robot, and a shot of twelve frames.",
            [
                ("project", "create", "DEMO", "--name", "The toy robot", "--resolution", "320x180"),
                ("asset", "create", "DEMO", "robot", "--kind", "prop", "--tag", "toy"),
                ("shot", "create", "DEMO", "sq010/sh010", "--frames", "1001-1012"),
            ],
        ),
    )


def _publish(folder: DemoFolder) -> tuple[Step, ...]:
    robot, frames = folder.work / "robot", folder.work / "sh010"
    model = ("publish", "DEMO/assets/robot", "model", nearby(robot / "robot.usda"))
    picture = ("--thumbnail", nearby(robot / "thumbnail.png"))
    return (
        Step(
            "The modeller publishes the robot; the textures that it names come along.",
            [(*model, *picture, "--comment", "First model")],
        ),
        Step(
            "The supervisor approves it.",
            [("status", f"{_MODEL}@v001", "approved", "--comment", "Ready for lighting")],
        ),
        Step(
            "Lighting renders the shot with the approved robot, and publishes the frames.",
            [
                (
                    "publish",
                    "DEMO/shots/sq010/sh010",
                    "render",
                    nearby(frames / "sh010.####.exr"),
                    "--depends",
                    f"{_MODEL}@approved",
                    "--thumbnail",
                    nearby(frames / "thumbnail.png"),
                    "--comment",
                    "First light",
                ),
            ],
        ),
        Step(
            "The modeller changes robot.usda and publishes again. The textures stayed as they were: they are not "
            "stored twice.",
            [(*model, *picture, "--comment", "Grippers and a propeller")],
            before=folder.change_model,
        ),
    )


def _use(folder: DemoFolder) -> tuple[Step, ...]:
    return (
        Step(
            "Which versions are there? v002 is the latest, v001 the approved one.", [("versions", "DEMO/assets/robot")]
        ),
        Step(
            "Anyone opens either: straight from the library, or as files of one's own.",
            [
                ("load", f"{_MODEL}@approved:usd"),
                ("load", _MODEL, "--to", nearby(folder.loaded), "--copy"),
            ],
        ),
        Step(
            "What is the shot made of, who uses the first model, and what is out of date?",
            [
                ("deps", _RENDER, "--tree"),
                ("deps", f"{_MODEL}@v001", "--used-by"),
                ("outdated", "DEMO"),
            ],
        ),
        Step("Find it again by the beginning of any word: here one of a comment.", [("search", "propel")]),
        Step("Read every stored file again and compare it with what was published.", [("verify",)]),
    )


def next_commands(folder: DemoFolder) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return what to try next: what for, and the command without the program's name."""
    library = ("--library", nearby(folder.library))
    scene = nearby(folder.work / "robot" / "robot.usda")
    return (
        ("a version and its files", (*library, "show", f"{_MODEL}@latest")),
        (f"the next version, once you have changed {scene}",
         (*library, "publish", "DEMO/assets/robot", "model", scene)),
        ("all that happened so far", (*library, "events")),
        ("a check of the library and this machine", (*library, "doctor")),
    )  # fmt: skip
