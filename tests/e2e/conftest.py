"""Fixtures of the end-to-end tests: a library of its own for each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli_running import Cli


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library that has the project DEMO, an asset and a shot."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "work").mkdir()
    cli = Cli(folder / "work", folder / "library")
    for command in (
        ("init", str(cli.library)),
        ("project", "create", "DEMO", "--name", "The demo", "--fps", "25", "--resolution", "1280x720"),
        ("asset", "create", "DEMO", "chair", "--kind", "prop", "--tag", "wood"),
        ("shot", "create", "DEMO", "sq010/sh020", "--frames", "1001-1010", "--handles", "2"),
    ):
        done = cli.process(*command)
        assert done.returncode == 0, done.stderr
    return folder


def new_cli(template: Path, folder: Path) -> Cli:
    """Return a command line with a copy of the template: a library works wherever it is moved."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    return Cli(folder / "work", folder / "library")


@pytest.fixture
def cli(template: Path, tmp_path: Path) -> Cli:
    """A command line with a library of this test's own."""
    return new_cli(template, tmp_path)


@pytest.fixture(scope="module")
def published(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A command line with two models of a chair and a comp that uses the first; tests only read it."""
    cli = new_cli(template, tmp_path_factory.mktemp("published"))
    cli.file("chair.obj", "v 0 0 0\n")
    cli.do("publish", "DEMO/assets/chair", "model", "chair.obj", "--comment", "First", "--meta", "polycount=1200")
    for frame in (1001, 1002, 1004):
        cli.file(f"comp/sh020.{frame}.exr", f"frame {frame}")
    cli.do("publish", "DEMO/shots/sq010/sh020", "comp", "comp/sh020.####.exr", "--depends", "DEMO/assets/chair/model")
    cli.file("chair.obj", "v 0 0 0\nv 1 0 0\n")
    cli.do("publish", "DEMO/assets/chair", "model", "chair.obj", "--comment", "Rounder legs")
    cli.do("status", "DEMO/assets/chair/model@v001", "approved")
    return cli
