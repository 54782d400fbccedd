"""A real library in a folder of the test, with an asset and a shot to publish on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bifrost_core.bootstrap import Library, create_library
from bifrost_core.models.asset import AssetCreate
from bifrost_core.models.project import ProjectCreate
from bifrost_core.models.shot import ShotCreate
from bifrost_core.settings import Settings


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with create_library(str(tmp_path / "library"), Settings(login="ann")) as made:
        made.projects.create(ProjectCreate(code="DEMO"))
        made.assets.create(AssetCreate(project="DEMO", name="chair", kind="prop"))
        made.assets.create(AssetCreate(project="DEMO", name="room", kind="environment"))
        made.shots.create(ShotCreate(project="DEMO", sequence="sq010", name="sh020"))
        yield made


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with an OBJ, its material and its texture, and three frames."""
    folder = tmp_path / "work"
    (folder / "tex").mkdir(parents=True)
    (folder / "chair.obj").write_text("mtllib chair.mtl\nv 0 0 0\n", encoding="utf-8")
    (folder / "chair.mtl").write_text("map_Kd tex/wood.png\n", encoding="utf-8")
    (folder / "tex" / "wood.png").write_bytes(b"a picture of wood")
    for frame in (1001, 1002, 1004):
        (folder / f"sh020.{frame}.exr").write_bytes(b"frame %d" % frame)
    return folder
