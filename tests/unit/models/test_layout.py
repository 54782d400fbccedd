from __future__ import annotations

from pathlib import PurePosixPath
from typing import Callable

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from model_strategies import LIMITS, digest, entities, one_file, valid_names

from bifrost_core.errors import PublishRejected
from bifrost_core.models.files import File, Representation
from bifrost_core.models.layout import (
    check_lengths,
    representation_path,
    stands_in_folder,
    version_folder,
    view_paths,
)
from bifrost_core.models.names import VIEW_PATH_LIMIT, file_key, name_key, path_length
from bifrost_core.models.reference import EntityPath

HERO = EntityPath(project="DEMO", asset="hero")
SHOT = EntityPath(project="DEMO", sequence="sq010", shot="sh020")
EXTENSIONS = st.sampled_from(["", ".usd", ".USD", ".usda", ".bgeo.sc", ".gz", ".tar.gz", ".b", ".v003", "._x"])


def files_of(*names: str) -> tuple[File, ...]:
    return tuple(File(name=name, size=1, sha256=digest(name)) for name in names)


@st.composite
def representations(draw: Callable[..., object]) -> Representation:
    name = draw(valid_names("representation") | st.sampled_from(["usd", "a_b_v003", "a_b_v003_x", "x", "gz", "bgeo"]))
    if draw(st.booleans()):
        return Representation(name=name, files=files_of("hero.usda", "textures/skin.png"))
    return one_file(str(name), f"{draw(st.sampled_from(['file', 'a.b', 'x_y']))}{draw(EXTENSIONS)}")


@pytest.mark.parametrize(
    ("representation", "expected"),
    [
        (one_file("blend", "work/Hero_final2.blend"), ["hero_model_v003.blend"]),
        (one_file("proxy", "low.blend"), ["hero_model_v003_proxy.blend"]),
        (one_file("USD", "hero.usd"), ["hero_model_v003.usd"]),
        (one_file("bgeo", "fog.bgeo.sc"), ["hero_model_v003.bgeo.sc"]),
        (one_file("points", "scan.ply.gz"), ["hero_model_v003_points.ply.gz"]),
        (one_file("usd", "hero.v003.usd"), ["hero_model_v003.usd"]),
        (one_file("file", "Makefile"), ["file/Makefile"]),
        (one_file("file", "sub/.alembic"), ["file/sub/.alembic"]),
        (one_file("dat", "render.1001"), ["dat/render.1001"]),
        (one_file("gz", "cache.0001.gz"), ["hero_model_v003.gz"]),
        (Representation(name="usd", files=files_of("a.usda", "tex/b.png")), ["usd/a.usda", "usd/tex/b.png"]),
        (Representation(name="exr", files=files_of("a.1.exr"), pattern="a.%d.exr", frames="1"), ["exr/a.1.exr"]),
    ],
)
def test_a_representation_stands_where_people_look_when_it_is_shown(
    representation: Representation, expected: list[str]
) -> None:
    paths = view_paths(HERO, "model", 3, representation)
    assert [str(path) for path in paths] == [f"DEMO/assets/hero/model/v003/{path}" for path in expected]


def test_a_version_has_its_folder_when_it_is_of_a_shot() -> None:
    assert version_folder(SHOT, "comp", 12) == PurePosixPath("DEMO/shots/sq010/sh020/comp/v012")
    episode = EntityPath(project="DEMO", episode="ep01", sequence="sq010", shot="sh020")
    assert version_folder(episode, "comp", 1200) == PurePosixPath("DEMO/shots/ep01/sq010/sh020/comp/v1200")


@given(entity=entities(), product=valid_names("product"), one=representations(), other=representations())
@example(
    EntityPath(project="P", asset="a"),
    "b",
    one_file("x", "file"),
    Representation(name="a_b_v003_x", files=files_of("a.usda", "b.usda")),
)
@example(EntityPath(project="P", asset="a"), "b", one_file("x", "f.y"), one_file("y", "f.x"))
def test_two_representations_share_no_path_when_they_belong_to_one_version(
    entity: EntityPath, product: str, one: Representation, other: Representation
) -> None:
    assume(name_key(one.name) != name_key(other.name))
    taken = [file_key(str(representation_path(entity, product, 3, item))) for item in (one, other)]
    assert taken[0] != taken[1]
    paths = [[file_key(str(path)) for path in view_paths(entity, product, 3, item)] for item in (one, other)]
    for first in paths[0]:
        for second in paths[1]:
            assert first != second
            assert not first.startswith(second + "/")
            assert not second.startswith(first + "/")


@given(
    one=entities(),
    other=entities(),
    products=st.tuples(valid_names("product"), valid_names("product")),
    numbers=st.tuples(st.integers(1, 9999), st.integers(1, 9999)),
)
@example(
    EntityPath(project="P", sequence="a", shot="b"),
    EntityPath(project="P", episode="a", sequence="b", shot="c"),
    ("c", "d"),
    (1, 1),
)
def test_two_versions_share_no_folder_when_they_are_of_different_products(
    one: EntityPath, other: EntityPath, products: tuple[str, str], numbers: tuple[int, int]
) -> None:
    other = other.model_copy(update={"project": one.project})
    assume((one.key, name_key(products[0])) != (other.key, name_key(products[1])))
    first = file_key(str(version_folder(one, products[0], numbers[0])))
    second = file_key(str(version_folder(other, products[1], numbers[1])))
    assert first != second
    assert not first.startswith(second + "/")
    assert not second.startswith(first + "/")


def longest(what: str, letter: str) -> str:
    """The longest name of that kind that passes, of one letter."""
    limit = LIMITS[what][1]
    return letter * min(limit // path_length(letter), 2 * limit // len(letter.encode("utf-8")))


@pytest.mark.parametrize("letter", ["x", "é", "語", "\U00020000", "ﷺ"])
@pytest.mark.parametrize("kind", ["asset", "shot"])
def test_the_path_of_one_file_is_short_enough_when_every_name_is_as_long_as_it_may_be(kind: str, letter: str) -> None:
    names = {what: longest(what, letter) for what in LIMITS}
    if kind == "asset":
        entity = EntityPath(project=names["project"], asset=names["asset"])
    else:
        parts = {part: names[part] for part in ("project", "episode", "sequence", "shot")}
        entity = EntityPath(**parts)
    for extension in (".usd", ".safetensors"[:12]):
        representation = one_file(names["representation"], "file" + extension)
        assert not stands_in_folder(representation)
        check_lengths(entity, names["product"], 999_999, representation)
        (path,) = view_paths(entity, names["product"], 999_999, representation)
        assert path_length(str(path)) <= VIEW_PATH_LIMIT
        assert all(len(part.encode("utf-8")) <= 255 for part in path.parts)


def test_the_limits_are_used_up_when_plain_names_are_as_long_as_they_may_be() -> None:
    names = {what: longest(what, "x") for what in LIMITS}
    entity = EntityPath(**{part: names[part] for part in ("project", "episode", "sequence", "shot")})
    (path,) = view_paths(entity, names["product"], 999_999, one_file(names["representation"], "a.safetensors"))
    assert VIEW_PATH_LIMIT - 5 <= len(str(path)) <= VIEW_PATH_LIMIT


def test_a_path_is_refused_when_a_file_in_a_folder_makes_it_too_long() -> None:
    deep = Representation(name="usd", files=files_of("a.usda", "textures/" + "x" * 151))
    with pytest.raises(PublishRejected, match=f"at most {VIEW_PATH_LIMIT}") as caught:
        check_lengths(EntityPath(project="DEMO", asset="hero_of_the_story"), "model", 3, deep)
    assert caught.value.details["limit"] == VIEW_PATH_LIMIT
    assert caught.value.details["path"].startswith("DEMO/assets/hero_of_the_story/model/v003/usd/textures/xxx")


def test_a_path_is_refused_when_the_extension_takes_too_many_bytes() -> None:
    with pytest.raises(PublishRejected, match="255 bytes"):
        check_lengths(HERO, "model", 3, one_file("usd", "a." + "語" * 80))
