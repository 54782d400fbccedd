"""What the shell offers while a command is typed; asked as the scripts of `bifrost completion` ask."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from cli_running import Cli


def offered(cli: Cli, *words: str) -> list[str]:
    asking = {
        "_BIFROST_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["bifrost", *words]),
        "COMP_CWORD": str(len(words)),
    }
    asked = dataclasses.replace(cli, environment=asking)
    return [line.partition(",")[2] for line in asked.process().stdout.splitlines() if line]


def test_commands_are_offered_when_their_beginning_is_typed(published: Cli) -> None:
    assert offered(published, "ver") == ["versions", "verify"]
    assert offered(published, "shot", "cr") == ["create"]


@pytest.mark.parametrize(
    ("command", "text", "words"),
    [
        ("load", "DE", ["DEMO/assets/", "DEMO/shots/"]),
        ("load", "DEMO/a", ["DEMO/assets/chair/model"]),
        ("load", "demo/shots/sq", ["DEMO/shots/sq010/sh020/comp"]),
        ("load", "DEMO/assets/chair/mo", ["DEMO/assets/chair/model"]),
        ("load", "DEMO/assets/table", []),
        ("versions", "DEMO/assets/", ["DEMO/assets/chair"]),
        ("versions", "NOWHERE/assets/", []),
    ],
)
def test_references_are_offered_from_the_library(published: Cli, command: str, text: str, words: list[str]) -> None:
    assert offered(published, command, text) == words


def test_nothing_is_offered_when_there_is_no_library(tmp_path: Path) -> None:
    assert offered(Cli(tmp_path, tmp_path / "nowhere"), "load", "DE") == []
