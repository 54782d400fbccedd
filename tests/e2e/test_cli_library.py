"""What the command line says of libraries that are closed, that are no library, or whose database is lost."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from cli_running import Cli

CHAIR = "DEMO/assets/chair"

# The superuser of Linux obeys permissions once these two rights are given up; anybody else does anyway.
_ORDINARY = """
import ctypes, os, sys
from bifrost_cli.main import call
if os.geteuid() == 0:
    libc = ctypes.CDLL(None, use_errno=True)
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, data) == 0
    for index in (0, 1):
        data[index] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    assert libc.capset(header, data) == 0, os.strerror(ctypes.get_errno())
sys.exit(call(sys.argv[1:]))
"""


def as_ordinary_user(cli: Cli, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", _ORDINARY, *arguments],
        cwd=cli.folder,
        env={**os.environ, **cli.variables},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def refused(cli: Cli, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = as_ordinary_user(cli, *arguments, "--json")
    error: dict[str, Any] = json.loads(done.stderr)["error"]
    return done.returncode, error


@contextmanager
def mode(path: Path, bits: int) -> Iterator[None]:
    before = stat.S_IMODE(path.stat().st_mode)
    path.chmod(bits)
    try:
        yield
    finally:
        path.chmod(before)


def publish(cli: Cli) -> None:
    cli.file("chair.obj", "v 0 0 0\n")
    cli.do("publish", CHAIR, "model", "chair.obj")


def lose_database(cli: Cli) -> None:
    for path in cli.library.glob("library.db*"):
        path.unlink()


if sys.platform.startswith("linux") or (sys.platform != "win32" and os.geteuid() != 0):

    @pytest.mark.parametrize("command", ["project list", "init", "recover"])
    def test_error_speaks_of_permissions_when_the_library_is_closed(cli: Cli, command: str) -> None:
        with mode(cli.library, 0):
            code, error = refused(cli, *command.split())
        assert (code, error["code"]) == (9, "database_unavailable")
        assert str(cli.library) in error["message"]
        assert "permission" in error["hint"]
        assert str(cli.library) in error["hint"]

    def test_error_speaks_of_permissions_when_the_database_is_closed(cli: Cli) -> None:
        with mode(cli.library / "library.db", 0):
            code, error = refused(cli, "project", "list")
        assert (code, error["code"]) == (9, "database_unavailable")
        assert "permission" in error["hint"]

    def test_init_speaks_of_permissions_when_the_folder_around_is_closed(cli: Cli) -> None:
        closed = cli.folder / "closed"
        closed.mkdir()
        with mode(closed, 0):
            code, error = refused(cli, "init", str(closed / "library"))
        assert (code, error["code"]) == (9, "database_unavailable")
        assert "permission" in error["hint"]
        assert str(closed) in error["hint"]
        with mode(closed, 0o555):
            code, error = refused(cli, "init", str(closed / "library"))
        assert (code, error["code"]) == (8, "storage_read_only")
        assert f"write permission on the folder {closed}" in error["hint"]

    def test_doctor_answers_when_the_library_is_closed(cli: Cli) -> None:
        with mode(cli.library, 0):
            done = as_ordinary_user(cli, "doctor", "--json")
        assert (done.returncode, done.stderr) == (13, "")
        problems = [item for item in json.loads(done.stdout)["findings"] if item["level"] == "problem"]
        assert [item["check"] for item in problems] == ["library"]
        assert "permission" in problems[0]["hint"]

    def test_doctor_names_the_view_when_it_may_not_be_written(cli: Cli) -> None:
        view = cli.library / "view"
        view.mkdir()
        with mode(view, 0o555):
            done = as_ordinary_user(cli, "doctor", "--json")
        assert (done.returncode, done.stderr) == (13, "")
        assert "view" in {item["check"] for item in json.loads(done.stdout)["findings"] if item["level"] == "problem"}

    def test_error_asks_for_write_permission_when_the_library_may_only_be_read(cli: Cli) -> None:
        for path in cli.library.glob("library.db-*"):
            path.unlink()
        with mode(cli.library / "library.db", 0o444), mode(cli.library, 0o555):
            code, error = refused(cli, "project", "list")
        assert (code, error["code"]) == (8, "storage_read_only")
        assert f"folder {cli.library}" in error["message"]
        assert "write permission" in error["hint"]
        assert f"folder {cli.library}" in error["hint"]
        assert "for reading too" in error["hint"]


def test_init_names_recover_when_the_store_is_full_and_the_database_is_gone(cli: Cli) -> None:
    publish(cli)
    before = cli.json("versions", CHAIR)
    lose_database(cli)
    error = cli.error(5, "init", str(cli.library))
    assert error["code"] == "conflict"
    assert f"bifrost --library {cli.library} recover" in error["hint"]
    assert list(cli.library.glob("library.db*")) == []
    cli.do("recover")
    assert cli.json("versions", CHAIR) == before
    assert cli.json("init")["created"] is False


def test_init_refuses_when_the_store_belongs_to_another_library(cli: Cli) -> None:
    publish(cli)
    second = cli.folder / "second"
    error = cli.error(5, "init", str(second), "--store", str(cli.library / "store"))
    assert error["code"] == "conflict"
    assert str(cli.library / "store") in error["message"]
    assert f"bifrost --library {second} recover file:" in error["hint"]
    assert "empty" in error["hint"]
    assert not (second / "library.db").exists()


def test_init_shares_no_store_when_it_is_new(cli: Cli) -> None:
    second = cli.folder / "second"
    assert cli.json("init", str(second), "--store", str(cli.folder / "files"))["created"] is True
    assert cli.json("project", "list", "--library", str(second))["items"] == []


@pytest.mark.parametrize("command", [("project", "list"), ("init",)])
def test_hint_says_recover_when_the_database_is_empty_beside_a_full_store(cli: Cli, command: tuple[str, ...]) -> None:
    publish(cli)
    before = cli.json("versions", CHAIR)
    lose_database(cli)
    (cli.library / "library.db").touch()
    error = cli.error(5 if command == ("init",) else 4, *command)
    assert f"bifrost --library {cli.library} recover" in error["hint"]
    assert "bifrost init" not in error["hint"]
    problems = [item for item in json.loads(cli.run("doctor", "--json").stdout)["findings"] if item["level"] != "ok"]
    (library,) = [item for item in problems if item["check"] == "database"]
    assert "recover" in library["hint"]
    cli.do("recover")
    assert cli.json("versions", CHAIR) == before


def test_hint_says_recover_when_the_database_was_not_made_to_its_end(cli: Cli) -> None:

    publish(cli)
    cli.do("project", "list")
    with closing(sqlite3.connect(cli.library / "library.db")) as database:
        database.execute("DELETE FROM library WHERE key = 'store'")
        database.commit()
    for command, code in ((("project", "list"), 4), (("init",), 5)):
        hint = cli.error(code, *command)["hint"]
        assert "recover" in hint
        assert "init" not in hint


@pytest.mark.parametrize("command", ["project list", "init", "recover"])
def test_error_says_that_it_is_a_file_when_the_library_is_one(cli: Cli, command: str) -> None:
    file = cli.file("scene.blend", "BLENDER")
    error = cli.error(12, "--library", str(file), *command.split())
    assert f"{file} is a file" in error["message"]
    assert "init" not in error["hint"]
    assert file.read_text(encoding="utf-8") == "BLENDER"
