"""`bifrost demo`, run as an artist runs it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bifrost_cli.demo.folder import DemoFolder
from bifrost_core.errors import AlreadyExists, Conflict

FRAMES = [f"sh010.{frame}.exr" for frame in range(1001, 1013)]


def bifrost(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bifrost_cli", *arguments],
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def answered(cwd: Path, *arguments: str) -> Any:
    done = bifrost(cwd, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder with the demo in ./bifrost-demo, and its summary."""
    cwd = tmp_path_factory.mktemp("demo")
    return cwd, answered(cwd, "demo")


def step(summary: dict[str, Any], *beginning: str) -> list[Any]:
    found = [item["answer"] for item in summary["steps"] if item["command"][1 : 1 + len(beginning)] == list(beginning)]
    assert found, f"no step bifrost {' '.join(beginning)}"
    return found


def test_demo_publishes_two_models_and_a_sequence_when_run(made: tuple[Path, dict[str, Any]]) -> None:
    _, summary = made
    models = step(summary, "publish", "DEMO/assets/robot")
    assert [item["version"] for item in models] == ["v001", "v002"]
    usd = {item["name"]: item for item in models[0]["representations"]}["usd"]
    assert [item["name"] for item in usd["files"]] == [
        "robot.usda",
        "textures/robot_color.png",
        "textures/robot_roughness.png",
    ]
    (shot,) = step(summary, "publish", "DEMO/shots/sq010/sh010")
    frames = {item["name"]: item for item in shot["representations"]}["exr"]
    assert [item["name"] for item in frames["files"]] == FRAMES
    assert not models[0]["warnings"] + models[1]["warnings"] + shot["warnings"]


def test_demo_stores_textures_once_when_the_second_version_keeps_them(made: tuple[Path, dict[str, Any]]) -> None:
    _, summary = made
    first, second = step(summary, "publish", "DEMO/assets/robot")
    textures = sum(
        file["size"]
        for item in first["representations"]
        for file in item["files"]
        if file["name"].startswith("textures/")
    )
    assert textures > 100_000
    assert first["bytes_reused"] == 0
    assert second["bytes_reused"] == textures


def test_demo_tells_the_latest_from_the_approved_when_loading(made: tuple[Path, dict[str, Any]]) -> None:
    cwd, summary = made
    approved, latest = step(summary, "load")
    assert approved["version"] == "v001"
    assert latest["version"] == "v002"
    first, second = (Path(next(p for p in item["paths"] if p.endswith(".usda"))) for item in (approved, latest))
    assert (cwd / second).is_relative_to(cwd / "bifrost-demo" / "loaded")
    assert "propeller" not in (cwd / first).read_text(encoding="utf-8")
    assert "propeller" in (cwd / second).read_text(encoding="utf-8")
    assert ((cwd / second).parent / "textures" / "robot_color.png").is_file()


def test_demo_knows_who_uses_what_when_asked(made: tuple[Path, dict[str, Any]]) -> None:
    _, summary = made
    used, users = step(summary, "deps")
    link = {"user": "DEMO/shots/sq010/sh010/render@v001", "used": "DEMO/assets/robot/model@v001"}
    for answer in (used, users):
        assert [{"user": item["user"]["reference"], "used": item["used"]["reference"]} for item in answer["items"]] == [
            link
        ]
    (outdated,) = step(summary, "outdated")
    assert [item["latest"]["version"] for item in outdated["items"]] == ["v002"]


def test_demo_finds_and_verifies_when_all_is_published(made: tuple[Path, dict[str, Any]]) -> None:
    _, summary = made
    (found,) = step(summary, "search")
    assert [item["reference"] for item in found["items"]] == ["DEMO/assets/robot/model"]
    (verified,) = step(summary, "verify")
    assert verified["damaged"] == []
    # two models, two textures, two thumbnails; the frames and their thumbnail
    assert verified["blobs"] == 6 + len(FRAMES) + 1


def test_demo_is_done_within_a_minute_when_run(made: tuple[Path, dict[str, Any]]) -> None:
    _, summary = made
    assert 0 < summary["seconds"] < 60


def test_demo_leaves_working_commands_when_done(made: tuple[Path, dict[str, Any]]) -> None:
    cwd, summary = made
    assert len(summary["next"]) >= 3
    for command in summary["next"]:
        if "publish" in command:
            continue  # it would change what the other tests look at
        done = bifrost(cwd, *command[1:])
        # the doctor may find something wrong with this very machine
        assert done.returncode == 0 or (command[-1] == "doctor" and done.returncode == 13), done.stderr
        assert done.stdout


def test_demo_shows_each_command_when_it_tells_the_story(tmp_path: Path) -> None:
    done = bifrost(tmp_path, "demo", "my demo")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith("$ bifrost publish DEMO/assets/robot model") for line in lines)
    assert "Published DEMO/assets/robot/model@v002" in lines
    assert "DEMO/assets/robot/model@v001 is now approved" in lines
    assert "\x1b" not in done.stdout
    assert str(tmp_path / "my demo") in done.stdout
    assert any(line.startswith("  ") and "--library 'my demo/library'" in line for line in lines) or os.name == "nt"


def test_demo_prints_only_the_library_when_quiet(tmp_path: Path) -> None:
    done = bifrost(tmp_path, "demo", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [str(tmp_path.resolve() / "bifrost-demo" / "library")]


def test_demo_refuses_and_says_how_to_start_again_when_it_is_there(made: tuple[Path, dict[str, Any]]) -> None:
    cwd, _ = made
    before = tree(cwd)
    done = bifrost(cwd, "demo", "--json")
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, error["code"], done.stdout) == (5, "already_exists", "")
    assert "demo --fresh" in error["hint"]
    assert tree(cwd) == before


def test_demo_starts_again_and_keeps_foreign_files_when_fresh(tmp_path: Path) -> None:
    answered(tmp_path, "demo")
    note, sketch = tmp_path / "bifrost-demo" / "note.txt", tmp_path / "bifrost-demo" / "work" / "robot" / "sketch.png"
    note.write_text("mine", encoding="utf-8")
    sketch.write_bytes(b"mine too")
    again = answered(tmp_path, "demo", "--fresh")
    assert note.read_text(encoding="utf-8") == "mine"
    assert sketch.read_bytes() == b"mine too"
    assert [item["version"] for item in step(again, "publish", "DEMO/assets/robot")] == ["v001", "v002"]


def test_demo_leaves_the_own_library_alone_when_run(tmp_path: Path) -> None:
    bifrost(tmp_path, "init", "own")
    before = tree(tmp_path / "own" / "store") if (tmp_path / "own" / "store").is_dir() else {}
    done = bifrost(tmp_path, "--library", "own", "demo")
    assert done.returncode == 0, done.stderr
    assert answered(tmp_path, "--library", "own", "project", "list")["items"] == []
    assert (tree(tmp_path / "own" / "store") if before else {}) == before


def test_removing_takes_everything_away_when_nothing_was_changed(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "demo")
    folder.begin()
    folder.change_model()
    (folder.library / "store").mkdir(parents=True)
    blob = folder.library / "store" / "blob"
    blob.write_bytes(b"x")
    blob.chmod(0o444)
    (folder.library / "store").chmod(0o555)
    folder.remember()
    DemoFolder(tmp_path / "demo").remove()
    assert list(tmp_path.iterdir()) == []


def test_removing_takes_everything_away_when_the_demo_was_interrupted(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "demo")
    folder.begin()
    assert bifrost(tmp_path, "init", "demo/library").returncode == 0
    folder.loaded.mkdir()
    (folder.loaded / "robot.usda").write_bytes((folder.work / "robot" / "robot.usda").read_bytes())
    DemoFolder(tmp_path / "demo").remove()
    assert list(tmp_path.iterdir()) == []


def test_removing_refuses_when_a_file_was_changed(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "demo")
    folder.begin()
    mine = folder.work / "robot" / "robot.usda"
    mine.write_text("#usda 1.0", encoding="utf-8")
    before = tree(tmp_path)
    with pytest.raises(Conflict, match=r"robot\.usda was changed"):
        DemoFolder(tmp_path / "demo").remove()
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", ["../precious.txt", "work/../../precious.txt", "/precious.txt", "C:/precious.txt"])
def test_removing_refuses_when_the_note_names_foreign_files(tmp_path: Path, name: str) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_bytes(b"gold")
    folder = DemoFolder(tmp_path / "demo")
    folder.begin()
    marker = folder.path / "bifrost-demo.json"
    document = json.loads(marker.read_text(encoding="utf-8"))
    document["files"][name] = hashlib.sha256(b"gold").hexdigest()
    marker.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(Conflict):
        DemoFolder(tmp_path / "demo").remove()
    assert precious.read_bytes() == b"gold"


def test_beginning_refuses_when_files_of_others_stand_in_the_way(tmp_path: Path) -> None:
    theirs = tmp_path / "work" / "robot" / "robot.usda"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"theirs")
    with pytest.raises(AlreadyExists):
        DemoFolder(tmp_path).begin()
    assert tree(tmp_path) == {"work/robot/robot.usda": hashlib.sha256(b"theirs").hexdigest()}


def test_shipped_files_stay_small() -> None:
    files = Path(sys.modules[DemoFolder.__module__].__file__ or "").with_name("files")
    sizes = {path.relative_to(files).as_posix(): path.stat().st_size for path in files.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 1_600_000
    assert max(sizes[name] for name in sizes if name.startswith("textures/")) <= 256 * 1024


def without_what_differs(text: str) -> list[str]:
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "DATE", text)
    return text.splitlines()


@pytest.mark.skipif(os.name == "nt", reason="the README shows paths and quotes of Linux and macOS")
def test_readme_shows_what_the_demo_prints(tmp_path: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIFROST_AMS_LOGIN", "mia")
    printed = bifrost(tmp_path, "demo").stdout.replace(str(tmp_path.resolve()), "/shows/try")
    told = {"\n".join(without_what_differs(part)[1:]) for part in printed.strip("\n").split("\n\n")}
    readme = (project_root / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)\n```", readme, flags=re.DOTALL)
    assert len(blocks) >= 10
    for block in blocks:
        assert "\n".join(without_what_differs(block)) in told, block


def test_readme_links_lead_somewhere(project_root: Path) -> None:
    readme = (project_root / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", readme) if "://" not in link]
    assert links
    assert [link for link in links if not (project_root / link).is_file()] == []
