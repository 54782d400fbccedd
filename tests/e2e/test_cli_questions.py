"""Looking things up from the command line: versions, show, deps, outdated, search."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_running import Cli

CHAIR = "DEMO/assets/chair"
SHOT = "DEMO/shots/sq010/sh020"


def test_versions_is_a_list_newest_first_when_json_is_asked_for(published: Cli) -> None:
    done = published.process("versions", CHAIR, "model", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert [(item["version"], item["status"], item["author"]) for item in found] == [
        ("v002", "pending", "mia"),
        ("v001", "approved", "mia"),
    ]
    assert all(item["created"] for item in found)
    assert [item["version"] for item in published.json("versions", CHAIR, "--status", "approved")] == ["v001"]


def test_versions_are_aligned_when_people_read_them(published: Cli) -> None:
    title, second, first = published.do("versions", CHAIR).splitlines()
    assert title.split() == ["PRODUCT", "VERSION", "STATUS", "AUTHOR", "CREATED", "COMMENT"]
    assert second.endswith("Rounder legs")
    assert title.index("COMMENT") == second.index("Rounder") == first.index("First")


@pytest.mark.parametrize(
    ("words", "count"),
    [([CHAIR], 2), ([f"{CHAIR}/model"], 2), ([f"{CHAIR}/model@v001"], 2), ([SHOT], 1), ([f"{SHOT}/comp"], 1)],
)
def test_versions_are_found_when_the_product_stands_in_the_path(published: Cli, words: list[str], count: int) -> None:
    assert len(published.json("versions", *words)) == count


def test_versions_says_how_to_publish_when_there_are_none(cli: Cli) -> None:
    done = cli.run("versions", CHAIR)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"bifrost publish {CHAIR}" in done.stderr


@pytest.mark.parametrize(
    ("reference", "field", "value"),
    [
        ("DEMO", "code", "DEMO"),
        (CHAIR, "path", CHAIR),
        (SHOT, "path", SHOT),
        (f"{CHAIR}/model", "name", "model"),
        (f"{SHOT}/comp", "name", "comp"),
        (f"{CHAIR}/model@v001", "version", "v001"),
        (f"{CHAIR}/model@latest", "version", "v002"),
        (f"bifrost://{CHAIR}/model?version=approved", "version", "v001"),
    ],
)
def test_show_finds_what_a_reference_names(published: Cli, reference: str, field: str, value: str) -> None:
    assert published.json("show", reference)[field] == value
    assert value in published.do("show", reference)


def test_show_says_what_there_is_when_the_product_is_unknown(published: Cli) -> None:
    error = published.error(4, "show", f"{CHAIR}/rig")
    assert "rig" in error["message"]
    assert "model" in error["hint"]


def test_show_is_readable_when_it_is_a_version(published: Cli) -> None:
    text = published.do("show", f"{CHAIR}/model@v001")
    assert "meta polycount  1200" in text
    assert "chair.obj" in text


def test_deps_follow_both_ways_when_asked(published: Cli) -> None:
    (link,) = published.json("deps", f"{SHOT}/comp")["items"]
    assert (link["user"]["reference"], link["used"]["reference"]) == (f"{SHOT}/comp@v001", f"{CHAIR}/model@v001")
    (link,) = published.json("deps", f"{CHAIR}/model@v001", "--used-by")["items"]
    assert link["user"]["reference"] == f"{SHOT}/comp@v001"
    assert published.json("deps", f"{CHAIR}/model@v002", "--used-by")["items"] == []
    assert "Nothing uses it" in published.run("deps", f"{CHAIR}/model@v002", "--used-by").stderr


def test_deps_are_drawn_when_a_tree_is_asked_for(published: Cli) -> None:
    assert published.do("deps", f"{SHOT}/comp", "--tree").splitlines() == [
        f"{SHOT}/comp@v001 (pending)",
        f"└─ {CHAIR}/model@v001 (reference, approved)",
    ]
    assert published.do("deps", f"{CHAIR}/model", "--tree").splitlines() == [f"{CHAIR}/model@v002 (pending)"]


@pytest.mark.parametrize("where", [["DEMO"], [f"{SHOT}/comp"], []])
def test_outdated_names_the_newer_version_when_an_old_one_is_used(published: Cli, where: list[str]) -> None:
    (item,) = published.json("outdated", *where)["items"]
    assert item["used"]["reference"] == f"{CHAIR}/model@v001"
    assert item["latest"]["version"] == "v002"
    assert item["user"]["reference"] == f"{SHOT}/comp@v001"
    assert "v002" in published.do("outdated", *where)


def test_search_finds_by_words_filters_and_what_to_leave_out(published: Cli) -> None:
    assert CHAIR in {hit["reference"] for hit in published.json("search", "cha")["items"]}
    hits = published.json("search", "sequence:sq010", "-archived", "--sort", "name")["items"]
    assert {hit["reference"].split("@")[0] for hit in hits} >= {SHOT}
    assert published.json("search", "chair", "-kind:prop", "type:asset")["items"] == []
    assert "Nothing fits" in published.run("search", "unheardof").stderr


def test_search_says_so_when_a_filter_is_unknown(published: Cli) -> None:
    assert published.error(3, "search", "colour:red")["code"] == "invalid_request"


@pytest.mark.parametrize(
    ("topic", "hint"),
    [("zork", "project, asset, shot, task"), ("version.zork", "version.published"), ("asse", "asset")],
)
def test_events_name_the_topics_there_are_when_one_is_unknown(published: Cli, topic: str, hint: str) -> None:
    error = published.error(3, "events", "--topic", topic)
    assert error["message"] == f"No event has the topic “{topic}”."
    assert hint in error["hint"]


def test_events_of_every_topic_can_be_asked_for_when_they_happened(published: Cli) -> None:
    topics = {event["topic"] for event in published.json("events")["items"]}
    assert {"version.published", "asset.created"} <= topics
    for topic in topics:
        assert published.json("events", "--topic", topic)["items"]
        assert published.json("events", "--topic", topic.split(".")[0])["items"]
    assert "Nothing of that happened." in published.run("events", "--topic", "version.purged").stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [("versions", CHAIR), ("versions", CHAIR, "--json"), ("--help",), ("show", "DEMO")])
def test_answer_that_cannot_be_written_is_an_error_when_the_disk_is_full(
    published: Cli, words: tuple[str, ...], unbuffered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    with Path("/dev/full").open("w") as full:
        done = _process(published, words, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1, done.stderr
    assert "The answer could not be written: No space left on device." in done.stderr
    assert "fault of its own" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is always full")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("versions", CHAIR, "--status", "rejected"), 0),
        (("show", f"{CHAIR}/rig"), 4),
        (("show", "A/b", "--json"), 3),
        (("zork",), 2),
    ],
)
def test_exit_code_is_the_same_when_errors_cannot_be_written(published: Cli, words: tuple[str, ...], code: int) -> None:
    with Path("/dev/full").open("w") as full:
        assert _process(published, words, stdout=subprocess.PIPE, stderr=full).returncode == code


def _process(cli: Cli, words: tuple[str, ...], **streams: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bifrost_cli.main", *words]
    environment = {**os.environ, **cli.variables}
    return subprocess.run(
        command, cwd=cli.folder, env=environment, check=False, timeout=60, encoding="utf-8", **streams
    )
