"""Numbers, times and texts for people."""

from __future__ import annotations

import pytest

from bifrost_cli.wording import count, one_line, size_text, text_width


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_400_000, "1.4 MB"),
        (123_400_000, "123 MB"),
        (999_999_999, "1.0 GB"),
        (2 * 2**30, "2.1 GB"),
        (10**15, "1.0 PB"),
    ],
)
def test_size_has_a_fitting_unit_when_it_grows(size: int, text: str) -> None:
    assert size_text(size) == text


def test_count_has_the_plural_when_it_is_not_one() -> None:
    assert [count(0, "file"), count(1, "file"), count(2000, "file")] == ["0 files", "1 file", "2,000 files"]
    assert count(2, "publish", "publishes") == "2 publishes"


def test_one_line_is_harmless_when_a_comment_holds_escapes() -> None:
    assert one_line("first\nsecond\t\x1b[31mred\x07") == "first second  [31mred "


@pytest.mark.parametrize(
    ("text", "width"), [("chair", 5), ("橋本", 4), ("Brücke", 6), ("e\N{COMBINING ACUTE ACCENT}", 1)]
)
def test_text_is_as_wide_as_the_terminal_shows_it(text: str, width: int) -> None:
    assert text_width(text) == width
