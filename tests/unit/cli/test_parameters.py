"""The written forms of arguments and options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_cli.parameters import (
    Frames,
    KeyValue,
    Percentage,
    Resolution,
    asset_path,
    json_file,
    metadata,
    shot_path,
    store_url,
)
from bifrost_core.errors import InvalidRequest


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        (Frames(), "1001-1100", (1001, 1100)),
        (Frames(), "-10--2", (-10, -2)),
        (Frames(), "-10-20", (-10, 20)),
        (Frames(), "7", (7, 7)),
        (Resolution(), "1920x1080", (1920, 1080)),
        (Resolution(), "4096X1716", (4096, 1716)),
        (KeyValue(), "usd=a=b.usda", ("usd", "a=b.usda")),
        (Percentage(), "10%", 0.1),
        (Percentage(), "100", 1.0),
    ],
)
def test_value_is_read_when_it_is_written_well(form: click.ParamType, text: str, value: Any) -> None:
    assert form.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (Frames(), "1001..1100"),
        (Frames(), ""),
        (Frames(), "a-b"),
        (Resolution(), "1920"),
        (Resolution(), "1920*1080"),
        (KeyValue(), "usd"),
        (KeyValue(), "=file"),
        (KeyValue(), "usd="),
        (Percentage(), "0%"),
        (Percentage(), "101%"),
        (Percentage(), "some"),
        (Percentage(), "nan"),
    ],
)
def test_value_is_refused_with_the_text_when_it_is_malformed(form: click.ParamType, text: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        form.convert(text, None, None)
    assert f"“{text}”" in caught.value.message


@given(first=st.integers(-999_999_999, 999_999_999), last=st.integers(-999_999_999, 999_999_999))
def test_frames_are_read_when_any_two_numbers_are_joined(first: int, last: int) -> None:
    assert Frames().convert(f"{first}-{last}", None, None) == (first, last)


@pytest.mark.parametrize(
    "words",
    [("DEMO/assets/hero",), ("DEMO", "hero"), ("DEMO/hero",), ("DEMO", "assets/hero")],
)
def test_asset_path_is_whole_when_written_in_any_form(words: tuple[str, ...]) -> None:
    assert asset_path(words) == "DEMO/assets/hero"


@pytest.mark.parametrize("words", [("DEMO/shots/sq010/sh020",), ("DEMO", "sq010/sh020"), ("DEMO/sq010/sh020",)])
def test_shot_path_is_whole_when_written_in_any_form(words: tuple[str, ...]) -> None:
    assert shot_path(words) == "DEMO/shots/sq010/sh020"


def test_path_stays_when_it_is_an_id_or_a_uri() -> None:
    assert asset_path(("0190f1a2b3c4",)) == "0190f1a2b3c4"
    assert asset_path(("bifrost://DEMO/assets/hero",)) == "bifrost://DEMO/assets/hero"


def test_path_is_refused_when_three_things_are_named() -> None:
    with pytest.raises(InvalidRequest, match="more than one"):
        asset_path(("DEMO", "hero", "villain"))


def test_metadata_is_json_when_it_reads_as_json_and_text_otherwise() -> None:
    pairs = [("polycount", "1200"), ("rigged", "true"), ("lod", "[1, 2]"), ("note", "1 200"), ("odd", "NaN")]
    assert metadata(pairs) == {"polycount": 1200, "rigged": True, "lod": [1, 2], "note": "1 200", "odd": "NaN"}


@pytest.mark.parametrize(
    ("content", "message"), [("{", "no JSON"), ("[1]", "no JSON object"), (None, "cannot be read")]
)
def test_json_file_is_refused_when_it_holds_no_object(tmp_path: Path, content: Any, message: str) -> None:
    path = tmp_path / "schema.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidRequest, match=message):
        json_file(path)


def test_json_file_is_read_when_it_holds_an_object(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text('{"type": "object"}')
    assert json_file(path) == {"type": "object"}


def test_store_is_a_url_when_a_folder_is_named(tmp_path: Path) -> None:
    assert store_url(str(tmp_path)) == tmp_path.as_uri()
    assert store_url("memory:") == "memory:"
    assert store_url("s3://bucket/key") == "s3://bucket/key"
