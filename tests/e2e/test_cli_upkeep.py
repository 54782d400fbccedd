"""Looking after a library from the command line."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from conftest import Cli

CHAIR = "DEMO/assets/chair"


def stored_blob(cli: Cli, reference: str) -> Path:
    digest = cli.json("show", reference)["representations"][0]["files"][0]["sha256"]
    (path,) = [path for path in (cli.library / "store").rglob(f"*{digest[4:]}*") if path.is_file()]
    return path


def publish(cli: Cli, content: str = "v 0 0 0\n") -> None:
    cli.file("chair.obj", content)
    cli.do("publish", CHAIR, "model", "chair.obj")


def test_error_says_how_to_begin_when_there_is_no_library(tmp_path: Path) -> None:
    cli = Cli(tmp_path, tmp_path / "nowhere")
    done = cli.run("project", "list")
    assert done.returncode == 4
    assert "There is no library" in done.stderr
    assert f"bifrost init {tmp_path / 'nowhere'}" in done.stderr


def test_init_is_repeated_without_harm_when_there_is_a_library(cli: Cli) -> None:
    assert cli.json("init", str(cli.library))["created"] is False
    assert "There is a library already" in cli.do("init")
    assert len(cli.json("project", "list")["items"]) == 1


def test_init_makes_the_own_library_when_no_path_is_given(tmp_path: Path) -> None:
    cli = Cli(tmp_path, tmp_path, {"BIFROST_AMS_LIBRARY": "", "XDG_DATA_HOME": str(tmp_path / "data")})
    answer = cli.json("init")
    assert answer["created"] is True
    assert Path(answer["root"]).is_dir()
    assert cli.json("project", "list")["items"] == []


def test_library_option_wins_over_the_environment(cli: Cli, tmp_path: Path) -> None:
    other = tmp_path / "other"
    cli.do("init", str(other))
    assert cli.json("--library", str(other), "project", "list")["items"] == []
    assert cli.json("project", "list", "--library", str(other))["items"] == []


def test_verify_ends_with_13_and_names_versions_when_a_blob_is_damaged(cli: Cli) -> None:
    publish(cli)
    assert "all as they were published" in cli.do("verify")
    blob = stored_blob(cli, f"{CHAIR}/model@v001")
    blob.chmod(0o644)
    blob.write_text("damaged", encoding="utf-8")
    done = cli.run("verify", "DEMO", "--json")
    assert done.returncode == 13
    (damage,) = json.loads(done.stdout)["damaged"]
    assert damage["versions"][0]["reference"] == f"{CHAIR}/model@v001"
    done = cli.run("verify", "--sample", "100%")
    assert done.returncode == 13
    assert f"{CHAIR}/model@v001" in done.stdout


def test_gc_removes_only_with_apply_what_was_purged(cli: Cli) -> None:
    publish(cli)
    publish(cli, "v 1 1 1\n")
    blob = stored_blob(cli, f"{CHAIR}/model@v001")
    assert cli.error(3, "purge", f"{CHAIR}/model@v001")["hint"] == "Add --yes to purge without a question."
    assert cli.error(5, "purge", f"{CHAIR}/model@v001", "--yes")["code"] == "conflict"
    cli.do("status", f"{CHAIR}/model@v001", "archived")
    cli.do("purge", f"{CHAIR}/model@v001", "--yes")
    shown = cli.run("gc", "--grace", "0")
    assert "Would remove 1 unused file" in shown.stdout
    assert "--apply" in shown.stderr
    assert blob.is_file()
    assert cli.json("gc", "--grace", "0", "--apply")["applied"] is True
    assert not blob.exists()
    assert [item["version"] for item in cli.json("versions", CHAIR)] == ["v002"]
    assert "Nothing to remove" in cli.do("gc", "--grace", "0")


def test_doctor_says_what_it_checked(cli: Cli) -> None:
    report = cli.json("doctor")
    assert report["findings"]
    text = cli.do("doctor")
    assert all(item["check"] in text for item in report["findings"])


def test_doctor_finds_a_problem_when_there_is_no_library(tmp_path: Path) -> None:
    done = Cli(tmp_path, tmp_path / "nowhere").run("doctor", "--json")
    assert (done.returncode, done.stderr) == (13, "")
    (finding,) = json.loads(done.stdout)["findings"]
    assert finding["level"] == "problem"
    assert "bifrost init" in finding["hint"]


def test_recover_brings_the_same_versions_back_when_the_database_is_gone(cli: Cli) -> None:
    publish(cli)
    before = cli.json("versions", CHAIR)
    for path in cli.library.glob("library.db*"):
        path.unlink()
    assert "recover" in cli.error(4, "versions", CHAIR)["hint"]
    assert cli.json("recover")["versions"] == 1
    assert cli.json("versions", CHAIR) == before
    assert cli.error(5, "recover")["code"] == "conflict"
    assert "1 version" in cli.do("recover", "--force")


def test_project_travels_in_an_archive_when_exported_and_imported(cli: Cli, tmp_path: Path) -> None:
    publish(cli)
    assert "1 version" in cli.do("export", "DEMO", "demo.bifrost.zip")
    other = ("--library", str(tmp_path / "other"))
    cli.do("init", str(tmp_path / "other"))
    assert cli.json("import", "demo.bifrost.zip", *other)["versions"] == 1
    assert "nothing new" in cli.do("import", "demo.bifrost.zip", *other)
    (path,) = cli.do("load", f"{CHAIR}/model", *other).splitlines()
    assert Path(path).read_text(encoding="utf-8") == "v 0 0 0\n"


def test_events_are_the_newest_and_resumable(cli: Cli) -> None:
    publish(cli)
    everything = cli.json("events", "--after", "0", "--limit", "500")
    ids = [item["id"] for item in everything["items"]]
    assert everything["next_after"] == ids[-1]
    assert cli.json("events")["items"] == everything["items"]
    newest = cli.json("events", "--limit", "2")
    assert newest["items"] == everything["items"][-2:]
    assert cli.json("events", "--after", str(ids[0]))["items"] == everything["items"][1:]
    assert cli.json("events", "--after", str(ids[-1])) == {"items": [], "next_after": ids[-1]}
    (event,) = cli.json("events", "--topic", "version")["items"]
    assert event["topic"] == "version.published"
    assert f"{CHAIR}/model@v001" in cli.do("events")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_events_are_followed_until_ctrl_c(cli: Cli) -> None:
    process = cli.start("events", "--follow", "--json", "--topic", "asset.created", "--limit", "1")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["reference"] == CHAIR
    cli.do("asset", "create", "DEMO", "table")
    assert json.loads(process.stdout.readline())["reference"] == "DEMO/assets/table"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")
