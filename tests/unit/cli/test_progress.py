"""The progress bar."""

from __future__ import annotations

import io
import time

import pytest

from bifrost_cli import progress as module
from bifrost_cli.output import Output
from bifrost_cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    return Terminal()


def test_bar_stays_away_when_the_work_is_short(terminal: Terminal) -> None:
    with Progress("Publishing", terminal) as shown:
        shown.update(5, 10)
    assert terminal.getvalue() == ""


def test_bar_shows_what_is_done_when_the_work_is_long(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.0)
    with Progress("Publishing", terminal) as shown:
        shown.update(2_000_000, 4_000_000, "uploading")
        time.sleep(0.15)
        shown.update(4_000_000, 4_000_000, "uploading")
    assert "Uploading" in terminal.getvalue()
    assert "4.0" in terminal.getvalue()


def test_bar_counts_up_when_the_whole_is_unknown(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.0)
    with Progress("Verifying", terminal) as shown:
        for _ in range(3):
            shown.advance(1_000_000)
    assert "3.0" in terminal.getvalue()


@pytest.mark.parametrize("options", [{"json": True}, {"quiet": True}])
def test_bar_is_left_out_when_nobody_wants_it(
    terminal: Terminal, options: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.0)
    with Output(io.StringIO(), terminal, **options).progress("Publishing") as shown:
        shown.update(1, 2)
    assert terminal.getvalue() == ""
