"""Answers as JSON, tables and lines."""

from __future__ import annotations

import io
import json
from typing import Any

import click
import pytest

from bifrost_cli.output import Column, Output
from bifrost_core.errors import NotFound, StaleWrite
from bifrost_core.models.query import Page
from bifrost_core.models.user import UserCreate

COLUMNS = [Column("NAME"), Column("SIZE", right=True), Column("STATUS", status=True), Column("COMMENT", flexible=True)]
ROWS = [["chair", "12 B", "approved", "round\nlegs"], ["table_long", "3 B", "pending", ""]]


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Ascii(io.StringIO):
    encoding = "ascii"


def make(stdout: io.StringIO | None = None, **options: Any) -> tuple[Output, io.StringIO, io.StringIO]:
    out, err = stdout or io.StringIO(), io.StringIO()
    return Output(out, err, **options), out, err


def test_table_is_aligned_without_colour_when_it_goes_into_a_pipe() -> None:
    output, out, _ = make()
    output.table(COLUMNS, ROWS)
    assert out.getvalue().splitlines() == [
        "NAME        SIZE  STATUS    COMMENT",
        "chair       12 B  approved  round legs",
        "table_long   3 B  pending",
    ]


def test_table_keeps_names_whole_when_the_terminal_is_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    output, out, _ = make(Terminal())
    reference = "DEMO/assets/robot/model@v003"
    output.table([Column("REFERENCE"), Column("COMMENT", flexible=True)], [[reference, "a comment " * 20]])
    lines = click.unstyle(out.getvalue()).splitlines()
    assert len(lines) == 2
    assert reference in lines[1]
    assert all(len(line) <= 60 for line in lines)
    assert "…" in lines[1]


def test_table_is_as_wide_as_its_names_when_the_terminal_is_too_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("TERM", "xterm")
    output, out, _ = make(Terminal())
    reference = "DEMO/shots/sq010/sh020/comp@v001"
    output.table([Column("REFERENCE"), Column("COMMENT", flexible=True)], [[reference, "long " * 9]])
    assert reference in click.unstyle(out.getvalue()).splitlines()[1]


def test_table_goes_over_several_lines_when_a_message_must_be_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    output, out, _ = make(Terminal())
    output.table(
        [Column("CHECK"), Column("FINDING", wraps=True)], [["disk", "only 3 GB are free on the disk of the store"]]
    )
    lines = [line.rstrip() for line in click.unstyle(out.getvalue()).splitlines()]
    assert len(lines) == 3
    assert " ".join(" ".join(lines[1:]).split()) == "disk only 3 GB are free on the disk of the store"


def test_table_colours_statuses_when_it_goes_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    output, out, _ = make(Terminal())
    output.table(COLUMNS, ROWS)
    assert "\x1b[32mapproved" in out.getvalue()


def test_table_prints_brackets_when_a_comment_looks_like_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    output, out, _ = make(Terminal())
    output.table([Column("COMMENT", flexible=True)], [["fixed [bold]legs[/bold] :smile:"]])
    assert "fixed [bold]legs[/bold] :smile:" in out.getvalue()


def test_table_prints_nothing_when_there_are_no_rows() -> None:
    output, out, _ = make()
    output.table(COLUMNS, [])
    assert out.getvalue() == ""


def test_document_is_json_when_models_stand_inside() -> None:
    output, out, _ = make(json=True)
    output.document({"page": Page[UserCreate](items=(UserCreate(login="mia"),)), "paths": ("a", "b")})
    assert json.loads(out.getvalue()) == {
        "page": {"items": [{"login": "mia", "name": "", "email": ""}], "next_cursor": None},
        "paths": ["a", "b"],
    }


@pytest.mark.parametrize("text", ["Brücke 橋", "broken \udcff name"])
def test_document_is_json_when_the_console_lacks_the_characters(text: str) -> None:
    output, out, _ = make(Ascii(), json=True)
    output.document({"text": text})
    assert out.getvalue().isascii()
    assert json.loads(out.getvalue()) == {"text": text}


def test_answer_is_only_json_when_json_is_asked_for() -> None:
    output, out, err = make(json=True)
    output.answer({"a": 1}, lambda: output.line("for people"))
    output.done("done")
    output.note("note")
    output.warn("warning")
    assert json.loads(out.getvalue()) == {"a": 1}
    assert err.getvalue() == ""


def test_confirmations_and_notes_are_silent_when_quiet() -> None:
    output, out, err = make(quiet=True)
    output.answer({}, lambda: output.line("/path"))
    output.done("done")
    output.note("note")
    output.warn("warning")
    assert (out.getvalue(), err.getvalue()) == ("/path\n", "")


def test_error_has_message_and_hint_when_people_read_it() -> None:
    output, out, err = make()
    output.error(StaleWrite("Someone else changed it."))
    assert out.getvalue() == ""
    assert err.getvalue().splitlines() == ["Error: Someone else changed it.", f"Hint: {StaleWrite.default_hint}"]


def test_error_has_exactly_the_four_fields_when_json_is_asked_for() -> None:
    output, out, err = make(json=True)
    output.error(NotFound("There is none.", hint="Look.", details={"name": "x"}))
    assert out.getvalue() == ""
    assert json.loads(err.getvalue()) == {
        "error": {"code": "not_found", "message": "There is none.", "hint": "Look.", "details": {"name": "x"}}
    }


def test_fields_are_aligned_and_empty_ones_left_out() -> None:
    output, out, _ = make()
    output.fields([("path", "DEMO/assets/a"), ("description", ""), ("kind", "prop")])
    assert out.getvalue().splitlines() == ["path  DEMO/assets/a", "kind  prop"]
