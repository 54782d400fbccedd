"""Publishing and loading from the command line."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_running import Cli

CHAIR = "DEMO/assets/chair"


def test_publish_answers_files_with_digests_and_paths_when_json_is_asked_for(cli: Cli) -> None:
    cli.file("chair.obj", "v 0 0 0\n")
    answer = cli.json("publish", CHAIR, "model", "chair.obj", "--comment", "First")
    assert answer["reference"] == f"{CHAIR}/model@v001"
    assert (answer["project"], answer["entity"], answer["product"]) == ("DEMO", CHAIR, "model")
    assert (answer["version"], answer["number"], answer["author"]) == ("v001", 1, "mia")
    (form,) = answer["representations"]
    (file,) = form["files"]
    assert form["name"] == "obj"
    assert (file["name"], file["size"]) == ("chair.obj", 8)
    assert file["sha256"] == hashlib.sha256(b"v 0 0 0\n").hexdigest()
    assert Path(file["path"]).read_text(encoding="utf-8") == "v 0 0 0\n"


def test_publish_prints_the_reference_and_each_path_when_people_read_it(cli: Cli) -> None:
    cli.file("chair.obj", "v 0 0 0\n")
    done = cli.process("publish", CHAIR, "model", "chair.obj")
    assert (done.returncode, done.stderr) == (0, "")
    first, *paths = done.stdout.splitlines()
    assert first == f"Published {CHAIR}/model@v001"
    assert [Path(path).name for path in paths] == ["chair_model_v001.obj"]
    assert Path(paths[0]).is_file()


def test_publish_takes_named_representations_when_no_file_is_positional(cli: Cli) -> None:
    cli.file("rig.ma", "//Maya ASCII 2024 scene\n")
    cli.file("rig.usda", "#usda 1.0\n")
    answer = cli.json(
        "publish", CHAIR, "rig", "--representation", "ma=rig.ma", "--representation", "usd=rig.usda", "--type", "setup"
    )
    assert {form["name"] for form in answer["representations"]} == {"ma", "usd"}
    assert cli.json("show", f"{CHAIR}/rig")["type"] == "setup"


def test_publish_warns_of_gaps_when_frames_lack(cli: Cli) -> None:
    for frame in (1001, 1002, 1005):
        cli.file(f"sh020.{frame}.exr", str(frame))
    done = cli.run("publish", "DEMO/shots/sq010/sh020", "comp", "sh020.%04d.exr")
    assert done.returncode == 0
    assert "Warning: " in done.stderr
    assert "1003-1004" in done.stderr
    shown = cli.json("show", "DEMO/shots/sq010/sh020/comp@latest")
    assert (shown["representations"][0]["frames"], shown["representations"][0]["missing"]) == (
        "1001-1002,1005",
        "1003-1004",
    )


def test_publish_keeps_everything_said_about_it(cli: Cli) -> None:
    cli.file("chair.obj", "v 0 0 0\n")
    cli.do("task", "create", CHAIR, "modeling")
    cli.do(
        *("publish", CHAIR, "model", "chair.obj", "--task", "modeling", "--source", "chair.blend"),
        *("--status", "review", "--meta", "polycount=1200", "--meta", "note=1 200", "--token", "my-token-1"),
    )
    shown = cli.json("show", f"{CHAIR}/model@v001")
    assert (shown["task"], shown["source"], shown["status"]) == ("modeling", "chair.blend", "review")
    assert shown["metadata"] == {"polycount": 1200, "note": "1 200"}


def test_publish_happens_once_when_the_token_is_the_same(cli: Cli) -> None:
    cli.file("chair.obj", "v 0 0 0\n")
    order = ("publish", CHAIR, "model", "chair.obj", "--token", "render-farm-42")
    assert cli.json(*order)["reference"] == cli.json(*order)["reference"]
    assert len(cli.json("versions", CHAIR)) == 1


def test_publish_says_which_file_when_it_is_missing(cli: Cli) -> None:
    error = cli.error(3, "publish", CHAIR, "model", "nothing.obj")
    assert error["code"] == "invalid_request"
    assert "nothing.obj" in error["message"]


def test_publish_says_what_is_missing_when_the_asset_is_unknown(cli: Cli) -> None:
    cli.file("chair.obj", "v 0 0 0\n")
    done = cli.process("publish", "DEMO/assets/chiar", "model", "chair.obj")
    assert done.returncode == 4
    assert done.stderr.startswith("Error: ")
    assert "chiar" in done.stderr
    assert "Traceback" not in done.stderr


def test_publish_expands_wildcards_when_the_shell_did_not(cli: Cli) -> None:
    for frame in (1, 2):
        cli.file(f"renders/sh020.{frame:04d}.exr", str(frame))
    answer = cli.json("publish", "DEMO/shots/sq010/sh020", "comp", "renders/*.exr")
    assert [file["name"] for file in answer["representations"][0]["files"]] == ["sh020.0001.exr", "sh020.0002.exr"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_nothing_is_published_when_ctrl_c_comes_meanwhile(cli: Cli) -> None:
    big = cli.folder / "big.abc"
    with big.open("wb") as stream:
        stream.truncate(3 * 2**30)
    process = cli.start("publish", CHAIR, "cache", "big.abc")
    store = cli.library / "store"
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size > 2**20 for path in _files(store)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Cancelled; nothing was published." in err
    assert "Traceback" not in err
    assert cli.json("versions", CHAIR) == []


def test_what_was_published_is_named_when_ctrl_c_comes_too_late(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    cli.file("chair.obj", "v 0 0 0\n")
    # The moment between the commit and the end is too short to be met from outside.
    monkeypatch.setattr("bifrost_core.workflows.publishing.show", interrupted)
    error = cli.error(130, "publish", CHAIR, "model", "chair.obj")
    assert error["message"] == f"Cancelled too late: {CHAIR}/model@v001 was published."
    assert error["details"] == {"version": f"{CHAIR}/model@v001"}


def _files(folder: Path) -> list[Path]:
    found = []
    for path in folder.rglob("*"):
        try:
            if path.is_file() and path.stat().st_size:
                found.append(path)
        except OSError:
            continue
    return found


def test_load_prints_only_paths_when_people_read_it(published: Cli) -> None:
    done = published.process("load", f"{CHAIR}/model")
    assert (done.returncode, done.stderr) == (0, "")
    (path,) = done.stdout.splitlines()
    assert Path(path).read_text(encoding="utf-8") == "v 0 0 0\nv 1 0 0\n"
    (path,) = published.do("load", f"{CHAIR}/model@approved:obj").splitlines()
    assert Path(path).read_text(encoding="utf-8") == "v 0 0 0\n"


def test_load_answers_reference_version_and_paths_when_json_is_asked_for(published: Cli) -> None:
    answer = published.json("load", "DEMO/shots/sq010/sh020/comp")
    assert answer["reference"].startswith("DEMO/shots/sq010/sh020/comp@v001")
    assert answer["version"] == "v001"
    assert [Path(path).name for path in answer["paths"]] == [f"sh020.{frame}.exr" for frame in (1001, 1002, 1004)]


def test_load_gives_files_to_change_when_copied_elsewhere(published: Cli) -> None:
    (path,) = published.do("load", f"{CHAIR}/model@v001", "--to", "mine", "--copy").splitlines()
    assert (published.folder / "mine") in Path(path).parents
    Path(path).write_text("changed", encoding="utf-8")
    assert json.loads(published.do("verify", "--json"))["damaged"] == []
    error = published.error(5, "load", f"{CHAIR}/model@v001", "--to", "mine", "--copy")
    assert "--overwrite" in error["hint"]
    published.do("load", f"{CHAIR}/model@v001", "--to", "mine", "--copy", "--overwrite")
    assert Path(path).read_text(encoding="utf-8") == "v 0 0 0\n"


def test_load_names_what_there_is_when_the_representation_is_unknown(published: Cli) -> None:
    error = published.error(4, "load", f"{CHAIR}/model:fbx")
    assert error["code"] == "not_found"
    assert "obj" in error["message"] + error["hint"]


def test_output_is_let_go_quietly_when_its_reader_is_gone(published: Cli) -> None:
    if sys.platform == "win32":
        pytest.skip("there is no SIGPIPE to stand for")
    process = published.start("versions", CHAIR, "--json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait(timeout=60)


def test_home_folder_is_found_when_a_path_begins_with_a_tilde(cli: Cli) -> None:
    cli.file("home/chair.obj", "v 0 0 0\n")
    cli.file("home/chair.png", "a picture")
    cli.environment["HOME"] = cli.environment["USERPROFILE"] = str(cli.folder / "home")
    named = ("--representation", "obj=~/chair.obj", "--thumbnail", "~/chair.png")
    assert len(cli.json("publish", CHAIR, "model", *named)["representations"]) == 2
    loaded = cli.json("load", f"{CHAIR}/model", "--to", "~/loaded")
    assert Path(loaded["paths"][0]).parent == cli.folder / "home" / "loaded"


def test_empty_path_is_refused_when_a_script_has_an_empty_variable(cli: Cli) -> None:
    cli.file("chair.obj", "v 0 0 0\n")
    assert "is empty" in cli.error(3, "publish", CHAIR, "model", "")["message"]
    cli.do("publish", CHAIR, "model", "chair.obj")
    assert "names no folder" in cli.error(2, "load", f"{CHAIR}/model", "--to", "")["message"]


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell closes the streams")
def test_command_ends_as_ever_when_its_streams_are_closed(cli: Cli) -> None:
    cli.file("chair.obj", "v 0 0 0\n")
    run = f'"{sys.executable}" -m bifrost_cli.main'
    for command, code in (
        (f"publish {CHAIR} model chair.obj >&-", 0),
        (f"load {CHAIR}/model 2>&-", 0),
        (f"load {CHAIR}/rig 2>&-", 4),
        ("doctor >&- 2>&-", 0),
    ):
        variables = {**os.environ, **cli.variables}
        done = subprocess.run(
            f"{run} {command}", shell=True, cwd=cli.folder, env=variables, capture_output=True, check=False
        )
        assert (command, done.returncode, done.stderr) == (command, code, b"")


@pytest.mark.skipif(sys.platform != "linux", reason="only there the encoding of file names follows the language")
def test_error_names_the_language_settings_when_they_cannot_name_a_file(cli: Cli) -> None:
    cli.file("Stuhl.obj", "v 0 0 0\n")
    cli.file("Stühle.obj", "v 1 0 0\n")
    cli.do("publish", CHAIR, "model", "Stuhl.obj", "Stühle.obj")
    cli.environment.update(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    done = cli.process("load", f"{CHAIR}/model", "--to", "here")
    assert done.returncode == 12
    assert "language settings" in done.stderr
    assert "LC_ALL=C.UTF-8" in done.stderr
