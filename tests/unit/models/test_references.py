from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from model_strategies import ANY_TEXT, check_of, entities, references, valid_names
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from bifrost_core.errors import InvalidRequest
from bifrost_core.models.reference import (
    EntityPath,
    Reference,
    Selector,
    parse_entity,
    version_label,
    version_number,
)

PIECES = ["DEMO", "assets", "shots", "hero", "/", "//", "@", ":", "?", "#", "&", "=", "%", "%2F", "%00", "%ff", "v003"]
PIECES += ["bifrost://", "version=", "representation=", "..", ".", " ", "\n", "\x00", "\ud800", "é", "latest", "+", ";"]


@given(reference=references())
def test_a_reference_is_the_same_when_it_was_written_and_read_in_either_spelling(reference: Reference) -> None:
    assert Reference.parse(str(reference)) == reference
    assert Reference.parse(reference.uri) == reference


@given(reference=references())
def test_a_uri_is_plain_ascii_when_the_names_are_not(reference: Reference) -> None:
    assert reference.uri.isascii()
    assert reference.uri.isprintable()
    assert " " not in reference.uri


@given(entity=entities())
def test_an_entity_is_the_same_when_it_was_written_and_read(entity: EntityPath) -> None:
    assert parse_entity(str(entity)) == entity
    assert parse_entity(f"bifrost://{entity}") == entity
    assert parse_entity(f"{entity}/") == entity


@given(text=ANY_TEXT | st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
@example("bifrost://" + "%" * 10_000)
@example("/" * 10_000)
@example("DEMO/assets/hero/model@" + "9" * 5_000)
def test_reading_raises_only_invalid_request_when_the_text_is_hostile(text: str) -> None:
    for read in (Reference.parse, parse_entity):
        try:
            read(text)
        except InvalidRequest as exc:
            assert exc.message.isprintable()
            assert len(exc.message) < 900
            assert exc.hint


@given(entity=entities(), product=valid_names("product"), text=ANY_TEXT)
def test_a_text_behind_the_product_is_read_or_refused_when_it_is_anything(
    entity: EntityPath, product: str, text: str
) -> None:
    for joined in (f"{entity}/{product}@{text}", f"bifrost://{entity}/{product}?{text}"):
        try:
            reference = Reference.parse(joined)
        except InvalidRequest:
            continue
        assert Reference.parse(str(reference)) == reference


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DEMO/assets/hero/model", "DEMO/assets/hero/model@latest"),
        ("DEMO/assets/hero/model@v003", "DEMO/assets/hero/model@v003"),
        ("DEMO/assets/hero/model@3", "DEMO/assets/hero/model@v003"),
        ("DEMO/assets/hero/model@003", "DEMO/assets/hero/model@v003"),
        ("DEMO/assets/hero/model@V3", "DEMO/assets/hero/model@v003"),
        ("DEMO/assets/hero/model@v1234", "DEMO/assets/hero/model@v1234"),
        ("DEMO/assets/hero/model@Approved:usd", "DEMO/assets/hero/model@approved:usd"),
        ("DEMO/assets/hero/model:usd", "DEMO/assets/hero/model@latest:usd"),
        ("DEMO/assets/hero/model/", "DEMO/assets/hero/model@latest"),
        ("DEMO/Assets/hero/model", "DEMO/assets/hero/model@latest"),
        ("DEMO/shots/sq010/sh020/comp", "DEMO/shots/sq010/sh020/comp@latest"),
        ("DEMO/shots/ep01/sq010/sh020/comp@v2:exr", "DEMO/shots/ep01/sq010/sh020/comp@v002:exr"),
        ("bifrost://DEMO/assets/hero/model", "DEMO/assets/hero/model@latest"),
        ("BIFROST://DEMO/assets/hero/model/?version=v3", "DEMO/assets/hero/model@v003"),
        ("bifrost://DEMO/assets/hero/model?", "DEMO/assets/hero/model@latest"),
        ("bifrost://DEMO/assets/h%C3%A9ro/model?representation=usd", "DEMO/assets/héro/model@latest:usd"),
    ],
)
def test_a_reference_is_read_when_it_is_written_in_an_accepted_way(text: str, expected: str) -> None:
    assert str(Reference.parse(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "/", "bifrost://", "bifrost:///", "bifrost://DEMO", "bifrost:DEMO/assets/hero/model", "hero"),
        *("DEMO/assets/hero", "DEMO//hero/model", "bifrost:///DEMO/assets/hero/model", "DEMO/props/hero/model"),
        *("DEMO/assets/hero/model@", "DEMO/assets/hero/model@:", "DEMO/assets/hero/model@v003:", "@v003"),
        *("DEMO/assets/hero/model:", "DEMO/assets/hero/model:usd@v3", "DEMO/assets/hero/model@v1@v2"),
        *("DEMO/assets/hero/model@v0", "DEMO/assets/hero/model@v-1", "DEMO/assets/hero/model@newest"),
        *("DEMO/assets/hero/model@v1000000", "DEMO/assets/hero/model@v٣", "DEMO/assets/hero/v003"),
        *("DEMO/assets/a/b/model", "DEMO/shots/sh020/comp", "DEMO/shots/a/b/c/d/e", "DEMO/assets/../model"),
        "bifrost://DEMO/assets/hero/model#v003",
        "bifrost://DEMO/assets/hero/model?version=v003#x",
        "bifrost://DEMO/assets/hero/model?version=",
        "bifrost://DEMO/assets/hero/model?version",
        "bifrost://DEMO/assets/hero/model?version=v1&version=v2",
        "bifrost://DEMO/assets/hero/model?Version=v1",
        "bifrost://DEMO/assets/hero/model?frame=3",
        "bifrost://DEMO/assets%2Fhero/model/x",
        "bifrost://DEMO/assets/%FF/model",
        "bifrost://DEMO/assets/he%00ro/model",
        " DEMO/assets/hero/model",
        "DEMO/assets/hero/model\n",
        "DEMO\\assets\\hero\\model",
    ],
)
def test_a_reference_is_refused_when_it_is_not_written_like_one(text: str) -> None:
    with pytest.raises(InvalidRequest, match="is not a usable reference") as caught:
        Reference.parse(text)
    assert "PROJECT/assets/NAME/PRODUCT" in caught.value.hint


def test_an_entity_is_refused_when_a_version_stands_behind_it() -> None:
    for text in ("DEMO/assets/hero@v003", "DEMO/assets/hero:usd", "bifrost://DEMO/assets/hero?version=latest"):
        with pytest.raises(InvalidRequest, match="no version of its own"):
            parse_entity(text)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [("latest", "latest"), ("LATEST", "latest"), ("Approved", "approved"), ("1", "v001"), ("V0007", "v007")],
)
def test_a_selector_has_one_spelling_when_it_was_written_in_another(selector: str, expected: str) -> None:
    assert check_of(Selector)(selector) == expected


@pytest.mark.parametrize("selector", ["", "v", "v0", "000", "v000", "v1.0", "-1", "v 3", "v3\n", "v1000000", "v³"])
def test_a_selector_is_refused_when_it_names_no_version(selector: str) -> None:
    with pytest.raises(PydanticCustomError, match="is no version"):
        check_of(Selector)(selector)


@given(number=st.integers(1, 999_999))
def test_a_version_number_is_the_same_when_it_was_written_and_read(number: int) -> None:
    assert version_number(version_label(number)) == number
    assert check_of(Selector)(version_label(number)) == version_label(number)


def test_no_number_is_pinned_when_the_selector_moves() -> None:
    assert version_number("latest") is None
    assert version_number("approved") is None


def test_a_pinned_reference_keeps_the_rest_when_a_number_is_given() -> None:
    reference = Reference.parse("DEMO/shots/sq010/sh020/comp:exr")
    assert str(reference.pinned(12)) == "DEMO/shots/sq010/sh020/comp@v012:exr"
    assert str(reference.pinned(12, "jpg")) == "DEMO/shots/sq010/sh020/comp@v012:jpg"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"asset": "hero", "shot": "sh010", "sequence": "sq010"},
        {"asset": "hero", "sequence": "sq010"},
        {"asset": "hero", "episode": "ep01"},
        {"shot": "sh010"},
        {"sequence": "sq010"},
        {"episode": "ep01", "shot": "sh010"},
    ],
)
def test_an_entity_is_refused_when_it_is_not_exactly_one_asset_or_shot(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="either an asset, or a shot with its sequence"):
        EntityPath(project="DEMO", **fields)


def test_entities_have_one_key_when_only_letter_case_differs() -> None:
    assert parse_entity("DEMO/assets/Hero").key == parse_entity("demo/ASSETS/hERO").key == "assets/hero"
    assert parse_entity("DEMO/shots/EP01/SQ010/sh020").key == "shots/ep01/sq010/sh020"


@given(one=entities(), other=entities())
def test_keys_differ_when_the_entities_do(one: EntityPath, other: EntityPath) -> None:
    same_folded = [part.casefold() for part in one.parts] == [part.casefold() for part in other.parts]
    if one.key == other.key:
        assert len(one.parts) == len(other.parts)
        assert one.is_asset == other.is_asset
    else:
        assert not same_folded
