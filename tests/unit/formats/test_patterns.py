"""Patterns of file names."""

from __future__ import annotations

import pytest

from bifrost_core.errors import InvalidRequest
from bifrost_core.formats.patterns import NamePattern, printf_pattern, read_pattern


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shot.%04d.exr", NamePattern("shot.", ".exr", 4)),
        ("shot.%d.exr", NamePattern("shot.", ".exr", 1)),
        ("100%%_%03d.exr", NamePattern("100%_", ".exr", 3)),
        ("shot.####.exr", NamePattern("shot.", ".exr", 4)),
        ("shot.#.exr", NamePattern("shot.", ".exr", None)),
        ("shot.@@@.exr", NamePattern("shot.", ".exr", 3)),
        ("shot.@.exr", NamePattern("shot.", ".exr", 1)),
        ("shot.$F4.exr", NamePattern("shot.", ".exr", 4)),
        ("shot.$F.exr", NamePattern("shot.", ".exr", 1)),
        ("skin.<UDIM>.png", NamePattern("skin.", ".png", None, tiles=True)),
        ("skin.%(UDIM)d.png", NamePattern("skin.", ".png", None, tiles=True)),
        ("shot.1-3#.exr", NamePattern("shot.", ".exr", None, frames=(1, 2, 3))),
        ("shot.-2-1####.exr", NamePattern("shot.", ".exr", 4, frames=(-2, -1, 0, 1))),
        ("shot.1-9x4,20#.exr", NamePattern("shot.", ".exr", None, frames=(1, 5, 9, 20))),
        ("sh_010####.exr", NamePattern("sh_010", ".exr", 4)),
        ("a@2x.####.png", NamePattern("a@2x.", ".png", 4)),
        ("v002_####_b.exr", NamePattern("v002_", "_b.exr", 4)),
    ],
)
def test_pattern_is_read_when_a_program_writes_it_its_own_way(text: str, expected: NamePattern) -> None:
    assert read_pattern(text) == expected


@pytest.mark.parametrize("name", ["shot.1001.exr", "hero.usda", "100%.png", "%%04d.exr", "a[1-3].exr", ""])
def test_there_is_no_pattern_when_a_name_has_no_token(name: str) -> None:
    assert read_pattern(name) is None


@pytest.mark.parametrize("name", ["shot.1-99999999999#.exr"])
def test_range_is_refused_when_it_is_absurd(name: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read"):
        read_pattern(name)


@pytest.mark.parametrize(
    ("width", "number", "fits"),
    [
        (4, "0001", True),
        (4, "1001", True),
        (4, "10001", True),
        (4, "001", False),
        (4, "00001", False),
        (4, "12", False),
        (4, "-001", True),
        (4, "-0001", True),
        (4, "-01", False),
        (1, "0", True),
        (1, "12", True),
        (1, "-3", True),
        (1, "012", False),
        (None, "00012", True),
    ],
)
def test_number_fits_when_it_is_padded_as_the_pattern_says(width: int, number: str, fits: bool) -> None:
    assert NamePattern("a.", ".exr", width).fits(number) is fits


@pytest.mark.parametrize(("number", "fits"), [("1001", True), ("1999", True), ("1000", False), ("2001", False)])
def test_tile_fits_when_it_lies_in_the_udim_range(number: str, fits: bool) -> None:
    assert NamePattern("a.", ".png", None, tiles=True).fits(number) is fits


def test_percent_sign_is_kept_when_the_pattern_is_used_with_printf() -> None:
    assert printf_pattern("100% ", 4, " 5%.exr") % 7 == "100% 0007 5%.exr"
