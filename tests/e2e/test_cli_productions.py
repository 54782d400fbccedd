"""Projects, assets, shots, tasks and users from the command line."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
from cli_running import Cli

CHAIR = "DEMO/assets/chair"


def test_project_has_what_was_given_when_created_and_updated(cli: Cli) -> None:
    made = cli.json("project", "show", "DEMO")
    assert (made["name"], made["fps"], made["width"], made["height"]) == ("The demo", 25.0, 1280, 720)
    schema = cli.file("schema.json", '{"type": "object", "required": ["polycount"]}')
    cli.do("project", "update", "DEMO", "--metadata-schema", str(schema), "--fps", "24", "--code", "SHOW")
    changed = cli.json("project", "show", "SHOW")
    assert (changed["fps"], changed["name"]) == (24.0, "The demo")
    assert changed["metadata_schema"]["required"] == ["polycount"]
    cli.file("chair.obj", "v 0 0 0\n")
    assert cli.error(3, "publish", "SHOW/assets/chair", "model", "chair.obj")["code"] == "invalid_request"
    cli.do("project", "update", "SHOW", "--no-metadata-schema")
    cli.do("publish", "SHOW/assets/chair", "model", "chair.obj")


def test_project_is_listed_only_with_all_when_archived(cli: Cli) -> None:
    cli.do("project", "archive", "DEMO")
    assert cli.json("project", "list")["items"] == []
    assert [item["code"] for item in cli.json("project", "list", "--all")["items"]] == ["DEMO"]
    cli.do("project", "archive", "DEMO", "--restore")
    assert [item["code"] for item in cli.json("project", "list")["items"]] == ["DEMO"]


def test_project_is_refused_when_its_name_is_taken(cli: Cli) -> None:
    assert cli.error(5, "project", "create", "demo")["code"] == "already_exists"


def test_asset_is_refused_when_its_name_is_bad(cli: Cli) -> None:
    error = cli.error(3, "asset", "create", "DEMO", "my chair")
    assert "space" in error["message"]


def test_asset_changes_when_updated_archived_and_restored(cli: Cli) -> None:
    changed = cli.json("asset", "update", CHAIR, "--name", "stool", "--tag", "seat", "--tag", "old")
    assert (changed["path"], changed["tags"], changed["kind"]) == ("DEMO/assets/stool", ["seat", "old"], "prop")
    assert cli.json("asset", "update", "DEMO", "stool", "--no-tags")["tags"] == []
    cli.do("asset", "archive", "DEMO/assets/stool")
    assert cli.json("asset", "list", "DEMO")["items"] == []
    assert len(cli.json("asset", "list", "DEMO", "--archived")["items"]) == 1
    assert len(cli.json("asset", "list", "DEMO", "--all")["items"]) == 1
    assert cli.json("asset", "archive", "DEMO", "stool", "--restore")["archived"] is False


def test_assets_are_listed_with_their_newest_versions(published: Cli) -> None:
    (found,) = published.json("asset", "list", "DEMO", "--kind", "prop")["items"]
    assert found["products"][0]["latest"]["version"] == "v002"
    assert published.do("asset", "list", "DEMO").splitlines() == [
        "ASSET  KIND  LATEST      TAGS",
        "chair  prop  model v002  wood",
    ]
    assert published.json("asset", "list", "DEMO", "--tag", "metal")["items"] == []


def test_shot_has_its_frames_when_created_and_moves_when_updated(cli: Cli) -> None:
    made = cli.json("shot", "create", "DEMO", "ep01/sq010/sh030", "--frames", "-5-20", "--fps", "30", "--handles", "8")
    assert made["path"] == "DEMO/shots/ep01/sq010/sh030"
    assert (made["first_frame"], made["last_frame"], made["fps"], made["handles"]) == (-5, 20, 30.0, 8)
    assert cli.json("show", "DEMO/shots/ep01/sq010/sh030")["id"] == made["id"]
    moved = cli.json("shot", "update", "DEMO", "sq010/sh020", "--name", "sq020/sh025", "--frames", "1-9")
    assert (moved["path"], moved["last_frame"], moved["handles"]) == ("DEMO/shots/sq020/sh025", 9, 2)
    assert [item["name"] for item in cli.json("shot", "list", "DEMO", "--sequence", "sq020")["items"]] == ["sh025"]
    cli.do("shot", "archive", "DEMO", "sq020/sh025")
    assert [item["name"] for item in cli.json("shot", "list", "DEMO")["items"]] == ["sh030"]


def test_shot_is_refused_when_it_names_no_sequence(cli: Cli) -> None:
    assert "SEQ/NAME" in cli.error(3, "shot", "create", "DEMO", "sh020")["hint"]


def test_tasks_are_found_by_who_and_where_when_listed(cli: Cli) -> None:
    cli.do("task", "create", CHAIR, "modeling", "--assign", "mia")
    cli.do("task", "create", CHAIR, "rigging", "--assign", "ben", "--status", "wip")
    assert [item["type"] for item in cli.json("task", "list", "--mine")["items"]] == ["modeling"]
    assert [item["type"] for item in cli.json("task", "list", CHAIR, "--assignee", "ben")["items"]] == ["rigging"]
    assert len(cli.json("task", "list", "DEMO")["items"]) == 2
    assert [item["type"] for item in cli.json("task", "list", "--status", "wip")["items"]] == ["rigging"]


def test_task_changes_when_updated_by_its_type(cli: Cli) -> None:
    cli.do("task", "create", CHAIR, "modeling", "--assign", "mia")
    changed = cli.json("task", "update", CHAIR, "modeling", "--status", "done", "--assign", "ben")
    assert (changed["status"], changed["assignees"]) == ("done", ["ben"])
    assert cli.json("task", "update", CHAIR, "modeling", "--unassign")["assignees"] == []
    assert "task create" in cli.error(4, "task", "update", CHAIR, "lookdev", "--status", "done")["hint"]


def test_users_are_created_and_changed(cli: Cli) -> None:
    cli.do("user", "create", "ben", "--name", "Ben Ode", "--email", "ben@example.com")
    assert cli.json("user", "update", "ben", "--inactive")["active"] is False
    assert {item["login"] for item in cli.json("user", "list")["items"]} >= {"ben"}


def test_project_list_says_why_it_is_empty_when_all_projects_are_archived(cli: Cli) -> None:
    assert "No project is archived." in cli.run("project", "list", "--archived").stderr
    cli.do("project", "archive", "DEMO")
    assert "All projects are archived" in cli.run("project", "list").stderr


def test_project_show_prints_the_schema_when_it_has_one(cli: Cli) -> None:
    cli.file("schema.json", '{"type": "object", "required": ["lens"]}')
    cli.do("project", "update", "DEMO", "--metadata-schema", "schema.json")
    assert '"required": ["lens"]' in cli.do("project", "show", "DEMO")


def test_update_is_refused_when_two_options_exclude_each_other(cli: Cli) -> None:
    cli.file("schema.json", "{}")
    cli.do("task", "create", CHAIR, "modeling")
    for words in (
        ("project", "update", "DEMO", "--metadata-schema", "schema.json", "--no-metadata-schema"),
        ("asset", "update", CHAIR, "--tag", "wood", "--no-tags"),
        ("task", "update", CHAIR, "modeling", "--assign", "mia", "--unassign"),
    ):
        assert "exclude each other" in cli.error(2, *words)["message"]


def test_task_update_says_what_became_of_the_task_when_it_is_put_away(cli: Cli) -> None:
    cli.do("task", "create", CHAIR, "modeling")
    assert cli.do("task", "update", CHAIR, "modeling", "--archive").startswith("Archived task modeling")
    assert cli.do("task", "update", CHAIR, "modeling", "--restore").startswith("Restored task modeling")


def test_shot_is_refused_with_the_reason_when_its_name_has_four_parts(cli: Cli) -> None:
    assert "too many parts" in cli.error(3, "shot", "create", "DEMO", "s01/ep01/sq010/sh020")["message"]


def test_project_says_which_one_is_there_when_only_the_letter_case_differs(cli: Cli) -> None:
    error = cli.error(5, "project", "create", "demo")
    assert "“DEMO”" in error["message"]
    assert "letter case" in error["hint"]


@pytest.mark.parametrize(
    ("what", "create"),
    [
        ("project archive DEMO", "project create DEMO"),
        (f"asset archive {CHAIR}", "asset create DEMO chair"),
        ("shot archive DEMO/shots/sq010/sh020", "shot create DEMO sq010/sh020"),
    ],
)
def test_hint_is_the_command_that_restores_when_something_is_archived(cli: Cli, what: str, create: str) -> None:
    cli.do(*what.split())
    cli.file("chair.obj", "v 0 0 0\n")
    entity = what.rsplit(maxsplit=1)[-1] if "/" in what else CHAIR
    refused = cli.error(5, "publish", entity, "model", "chair.obj")
    taken = cli.error(5, *create.split())
    assert "archived" in taken["message"]
    for error in (refused, taken):
        assert f"`bifrost {what} --restore`" in error["hint"]
    cli.do(*what.split(), "--restore")
    cli.do("publish", entity, "model", "chair.obj")


def test_task_type_is_called_so_when_it_is_refused(cli: Cli) -> None:
    for words in (("task", "create", CHAIR, "my task"), ("task", "list", "--type", "my task")):
        message = cli.error(3, *words)["message"]
        assert "task type" in message
        assert "kind" not in message


def test_source_is_recorded_with_a_warning_when_it_does_not_exist(cli: Cli) -> None:
    cli.file("chair.obj", "v 0 0 0\n")
    done = cli.run("publish", CHAIR, "model", "chair.obj", "--source", "nope.blend")
    assert done.returncode == 0
    assert "Warning: The source “nope.blend” does not exist" in done.stderr
    assert cli.json("show", f"{CHAIR}/model@v001")["source"] == "nope.blend"
    cli.file("work.blend", "scene")
    assert cli.json("publish", CHAIR, "model", "chair.obj", "--source", "work.blend")["warnings"] == []
    (warning,) = cli.json("publish", CHAIR, "model", "chair.obj", "--source", "nope.blend")["warnings"]
    assert "nope.blend" in warning


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking it")
def test_nothing_is_published_or_left_when_sigterm_comes_meanwhile(cli: Cli) -> None:
    with (cli.folder / "big.abc").open("wb") as stream:
        stream.truncate(3 * 2**30)
    process = cli.start("publish", CHAIR, "cache", "big.abc")
    store = cli.library / "store"
    deadline = time.monotonic() + 60
    while not _bytes_in(store):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (143, "")
    assert "Cancelled; nothing was published." in err
    assert "Traceback" not in err
    assert cli.json("versions", CHAIR) == []
    assert _bytes_in(store) == 0


def _bytes_in(folder: Path) -> int:
    """Return how many bytes there are in large files; they may go meanwhile."""
    sizes = []
    for path in folder.rglob("*"):
        with suppress(OSError):
            sizes.append(path.stat().st_size if path.is_file() else 0)
    return sum(size for size in sizes if size > 2**20)
