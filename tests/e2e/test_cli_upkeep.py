"""Looking after a library from the command line."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cli_running import Cli

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


def damage(path: Path, old: bytes, new: bytes) -> None:
    """Change bytes in place, as a failing disk does: size, time and permissions stay."""
    found = path.stat()
    path.chmod(0o644)
    data = path.read_bytes()
    assert old in data
    with path.open("r+b") as stream:
        stream.write(data.replace(old, new))
    path.chmod(found.st_mode)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def test_versions_are_whole_again_when_a_damaged_file_is_set_aside_and_published_again(cli: Cli) -> None:
    publish(cli)
    publish(cli)
    cli.do("publish", CHAIR, "proxy", "chair.obj")
    (shown,) = map(Path, cli.do("load", f"{CHAIR}/model@v001").splitlines())
    (later,) = map(Path, cli.do("load", f"{CHAIR}/model@v002").splitlines())
    assert shown.stat().st_ino == later.stat().st_ino == stored_blob(cli, f"{CHAIR}/model@v001").stat().st_ino
    blob = stored_blob(cli, f"{CHAIR}/model@v001")
    damage(blob, b"v 0 0 0", b"v 9 9 9")

    done = cli.run("verify")
    assert done.returncode == 13
    assert "chair.obj" in done.stdout
    assert f"{CHAIR}/model@v001, {CHAIR}/model@v002, {CHAIR}/proxy@v001" in done.stdout
    assert str(shown) in done.stdout
    assert "bifrost verify --set-aside" in done.stdout
    assert blob.is_file()

    # Without setting it aside, nothing is repaired: the store takes the file for stored.
    cli.do("publish", CHAIR, "copy", "chair.obj")
    assert cli.run("verify").returncode == 13

    done = cli.run("verify", "--set-aside", "--json")
    assert done.returncode == 13
    (item,) = json.loads(done.stdout)["damaged"]
    assert Path(item["set_aside"]).read_bytes() == b"v 9 9 9\n"
    assert not blob.exists()
    assert not shown.exists()
    assert "blob_not_found" in cli.run("load", f"{CHAIR}/model@v001", "--json").stderr
    done = cli.run("verify")
    assert (done.returncode, "missing  chair.obj" in done.stdout) == (13, True)

    cli.do("asset", "create", "DEMO", "table")
    cli.do("publish", "DEMO/assets/table", "model", "chair.obj")
    assert "all as they were published" in cli.do("verify")
    for reference in ("model@v001", "model@v002", "proxy@v001", "copy@v001"):
        (path,) = map(Path, cli.do("load", f"{CHAIR}/{reference}").splitlines())
        assert path.read_bytes() == b"v 0 0 0\n"
    assert "Nothing to remove" in cli.do("gc", "--grace", "0")


def test_verify_says_where_the_bytes_went_when_a_damaged_file_is_set_aside(cli: Cli) -> None:
    publish(cli)
    blob = stored_blob(cli, f"{CHAIR}/model@v001")
    damage(blob, b"0 0 0", b"1 2 3")
    done = cli.run("verify", "--set-aside")
    assert done.returncode == 13
    assert f"Moved chair.obj to {cli.library / 'store' / 'damaged' / blob.name}" in done.stdout
    assert "publish the same file again" in done.stdout


def test_verify_ends_with_13_when_a_manifest_or_a_file_is_lost(cli: Cli) -> None:
    publish(cli)
    version = cli.json("show", f"{CHAIR}/model@v001")["id"]
    (manifest,) = (cli.library / "store" / "documents").rglob(f"{version}.json")
    manifest.unlink()
    done = cli.run("verify", "--json")
    assert done.returncode == 13
    assert [item["reference"] for item in json.loads(done.stdout)["missing_manifests"]] == [f"{CHAIR}/model@v001"]
    done = cli.run("verify")
    assert done.returncode == 13
    assert "1 manifest lost" in done.stdout
    assert "bifrost gc --apply" in done.stdout
    assert "damaged or missing" not in done.stdout
    shown = cli.run("gc")
    assert (shown.returncode, shown.stdout) == (0, "Would write 1 manifest that the store lacked\n")
    assert "bifrost gc --apply" in shown.stderr
    assert cli.do("gc", "--apply") == "Wrote 1 manifest that the store lacked\n"
    assert "all as they were published" in cli.do("verify")
    stored_blob(cli, f"{CHAIR}/model@v001").unlink()
    done = cli.run("verify")
    assert (done.returncode, "missing: publish the same file again" in done.stdout) == (13, True)


def test_gc_names_view_folders_that_stay_when_somebody_changed_files(cli: Cli) -> None:
    for content in ("v 0 0 0\n", "v 1 1 1\n", "v 2 2 2\n"):
        publish(cli, content)
    for number in ("v001", "v002"):
        cli.do("status", f"{CHAIR}/model@{number}", "archived")
        cli.do("purge", f"{CHAIR}/model@{number}", "--yes")
    folder = cli.library / "view" / CHAIR / "model" / "v002"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.txt").write_text("notes", encoding="utf-8")
    done = cli.run("gc", "--grace", "0")
    assert "Would remove 2 unused files: 16 B\n" in done.stdout
    assert "Would remove 1 folder of the view" in done.stdout
    assert f"  {CHAIR}/model/v002\n" in done.stdout
    assert "temporary" not in done.stdout
    assert "manifest" not in done.stdout
    cli.do("gc", "--grace", "0", "--apply")
    assert (folder / "mine.txt").is_file()
    done = cli.run("gc", "--grace", "0")
    assert "Nothing to remove\nKept 1 folder" in done.stdout


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
    problems = problems_in(done.stdout)
    assert set(problems) == {"library"}
    assert "bifrost init" in problems["library"]["hint"]
    assert not (tmp_path / "nowhere").exists()


def problems_in(document: str) -> dict[str, Any]:
    found = [item for item in json.loads(document)["findings"] if item["level"] == "problem"]
    assert all(item["message"] and item["hint"] for item in found)
    return {item["check"]: item for item in found if item["check"] != "free space"}


def doctor_problems(cli: Cli) -> dict[str, Any]:
    done = cli.run("doctor", "--json")
    assert (done.returncode, done.stderr) == (13, "")
    text = cli.run("doctor")
    assert (text.returncode, text.stderr) == (13, "")
    assert "What to do:" in text.stdout
    assert "Traceback" not in text.stdout
    return problems_in(done.stdout)


def test_doctor_checks_the_rest_when_the_store_is_gone(cli: Cli) -> None:
    (cli.library / "store").rename(cli.library / "elsewhere")
    assert set(doctor_problems(cli)) == {"store"}
    checked = {item["check"] for item in json.loads(cli.run("doctor", "--json").stdout)["findings"]}
    assert {"database", "database place", "view", "user"} <= checked
    # The mount point of a share that is not mounted: an empty folder.
    (cli.library / "store").mkdir()
    assert "connected" in doctor_problems(cli)["store"]["hint"]
    assert list((cli.library / "store").iterdir()) == []


def test_doctor_checks_the_rest_when_the_database_is_no_database(cli: Cli) -> None:
    for path in cli.library.glob("library.db*"):
        path.unlink()
    (cli.library / "library.db").write_bytes(b"no database, but long enough to look like one " * 200)
    problems = doctor_problems(cli)
    assert set(problems) == {"database"}
    assert "recover" in problems["database"]["hint"]
    findings = json.loads(cli.run("doctor", "--json").stdout)["findings"]
    assert {"store", "links", "free space"} <= {item["check"] for item in findings}


def test_doctor_says_recover_when_the_database_is_gone(cli: Cli) -> None:
    for path in cli.library.glob("library.db*"):
        path.unlink()
    problems = doctor_problems(cli)
    assert set(problems) == {"library"}
    assert "recover" in problems["library"]["hint"]
    assert list(cli.library.glob("library.db*")) == []


@pytest.mark.parametrize(("revision", "advice"), [("0000", "bifrost init"), ("9999", "newer Bifrost")])
def test_doctor_names_the_release_when_the_database_is_of_another(cli: Cli, revision: str, advice: str) -> None:
    with closing(sqlite3.connect(cli.library / "library.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        database.commit()
    problems = doctor_problems(cli)
    assert set(problems) == {"database"}
    assert revision in problems["database"]["message"]
    assert advice in problems["database"]["hint"]


def test_doctor_names_the_view_when_it_is_no_folder(cli: Cli) -> None:
    (cli.library / "view").write_text("in the way", encoding="utf-8")
    problems = doctor_problems(cli)
    assert "view" in problems
    assert str(cli.library / "view") in problems["view"]["hint"]
    assert (cli.library / "view").read_text(encoding="utf-8") == "in the way"


def test_doctor_answers_when_the_location_or_the_settings_are_wrong(cli: Cli) -> None:
    done = cli.run("doctor", "--json", "--library", "ftp://nas/library")
    assert (done.returncode, set(problems_in(done.stdout))) == (13, {"library"})
    broken = cli.file("settings.toml", "login = ")
    cli.environment["BIFROST_AMS_SETTINGS"] = str(broken)
    assert set(doctor_problems(cli)) == {"settings"}


def test_recover_brings_the_same_versions_back_when_the_database_is_gone(cli: Cli) -> None:
    publish(cli)
    before = cli.json("versions", CHAIR)
    for path in cli.library.glob("library.db*"):
        path.unlink()
    assert "recover" in cli.error(4, "versions", CHAIR)["hint"]
    assert cli.json("recover")["versions"] == 1
    assert cli.json("versions", CHAIR) == before
    assert cli.error(5, "recover")["code"] == "conflict"
    done = cli.run("recover", "--force")
    assert "1 version" in done.stdout
    assert "Next: `bifrost verify`" in done.stderr


def test_project_travels_in_an_archive_when_exported_and_imported(cli: Cli, tmp_path: Path) -> None:
    publish(cli)
    assert "1 version" in cli.do("export", "DEMO", "demo.bifrost.zip")
    other = ("--library", str(tmp_path / "other"))
    cli.do("init", str(tmp_path / "other"))
    assert cli.json("import", "demo.bifrost.zip", *other)["versions"] == 1
    assert "nothing new" in cli.do("import", "demo.bifrost.zip", *other)
    (path,) = cli.do("load", f"{CHAIR}/model", *other).splitlines()
    assert Path(path).read_text(encoding="utf-8") == "v 0 0 0\n"


def test_project_has_a_new_code_when_another_has_its_own(cli: Cli, tmp_path: Path) -> None:
    publish(cli)
    cli.do("export", "DEMO", "demo.bifrost.zip")
    other = ("--library", str(tmp_path / "other"))
    cli.do("init", str(tmp_path / "other"))
    cli.do("project", "create", "DEMO", *other)
    assert "another code" in cli.error(5, "import", "demo.bifrost.zip", *other)["hint"]
    assert "Imported DEMO2: 1 version" in cli.do("import", "demo.bifrost.zip", "--as", "DEMO2", *other)
    (path,) = cli.do("load", "DEMO2/assets/chair/model@v001", *other).splitlines()
    assert "DEMO2" in Path(path).parts
    assert cli.run("import", "demo.bifrost.zip", "--code", "DEMO3").returncode == 2


def test_import_says_what_was_left_out_when_it_needs_another_project(cli: Cli, tmp_path: Path) -> None:
    publish(cli)
    cli.do("project", "create", "FILM")
    cli.do("asset", "create", "FILM", "set")
    cli.do("publish", "FILM/assets/set", "layout", "chair.obj", "--depends", f"{CHAIR}/model")
    cli.do("export", "FILM", "film.bifrost.zip")
    other = ("--library", str(tmp_path / "other"))
    cli.do("init", str(tmp_path / "other"))
    done = cli.run("import", "film.bifrost.zip", *other)
    left_out = f"FILM/assets/set/layout@v001 uses {CHAIR}/model@v001, which is not there"
    assert (done.returncode, "Imported FILM: 1 version" in done.stdout) == (0, True)
    assert f"Warning: left out: {left_out}" in done.stderr
    assert "again adds what was left out" in done.stderr
    assert cli.json("import", "film.bifrost.zip", *other)["skipped"] == [left_out]


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
