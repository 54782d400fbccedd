"""Kinds of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bifrost_core.formats.kinds import Role, extension, representation_name, role
from bifrost_core.models.names import RepresentationName


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hero.usda", "usd"),
        ("hero.usdc", "usd"),
        ("hero.USDZ", "usd"),
        ("hero.jpeg", "jpg"),
        ("hero.tif", "tiff"),
        ("hero.ma", "ma"),
        ("hero.mb", "mb"),
        ("hero.v2.blend", "blend"),
        ("hero.hiplc", "hip"),
        ("smoke.0001.bgeo.sc", "bgeo"),
        ("backup.tar.gz", "tar"),
        ("cache.0001.gz", "gz"),
        ("clip.mp4", "mp4"),
        ("Makefile", "file"),
        (".hidden", "file"),
        ("shot.exr.1001", "file"),
        ("trap.aux", "file"),
        ("what.é", "file"),
        ("notes. see below", "file"),
        ("x.averyveryverylongextension", "averyveryverylon"),
    ],
)
def test_representation_is_named_by_the_extension(name: str, expected: str) -> None:
    assert representation_name(name) == expected


@given(st.text(max_size=40))
def test_representation_name_is_valid_whatever_the_file_is_called(name: str) -> None:
    assert TypeAdapter(RepresentationName).validate_python(representation_name(name))


@pytest.mark.parametrize(
    ("name", "expected"), [("a.bgeo.sc", ".bgeo.sc"), ("a.0001.gz", ".gz"), ("a.PNG", ".PNG"), ("a", ""), (".a", "")]
)
def test_extension_has_both_parts_when_the_last_one_says_only_how_it_is_packed(name: str, expected: str) -> None:
    assert extension(name) == expected


def test_scene_comes_before_its_textures_when_a_folder_has_both() -> None:
    assert role("ma") == Role.SCENE
    assert role("ma") < role("obj") < role("mov") < role("png") < role("txt")
