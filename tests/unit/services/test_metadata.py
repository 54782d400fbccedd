"""Schemas of metadata: what is no schema is refused, and nothing else than that ever happens."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_core.errors import InvalidRequest
from bifrost_core.services.metadata import check_metadata, check_schema

_WORDS = (
    *("$ref", "$id", "$schema", "type", "enum", "const", "format", "pattern", "multipleOf", "minimum", "maxLength"),
    *("items", "additionalItems", "contains", "uniqueItems", "properties", "patternProperties", "propertyNames"),
    *("required", "dependencies", "definitions", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "minItems"),
    *("additionalProperties", "exclusiveMinimum", "default", "a", "b"),
)
_TEXTS = st.sampled_from(
    ("#", "#/definitions/a", "#/properties/a", "string", "object", "(", "date", "^a$", "x:y", "//")
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.floats(allow_nan=False) | _TEXTS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_WORDS), inner, max_size=4),
    max_leaves=15,
)
_OBJECTS = st.dictionaries(st.sampled_from(_WORDS), _JSON, max_size=4)
_RECURSIVE = {"properties": {"a": {"$ref": "#/properties/a"}}}


def _nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"not": value}
    return value


def _refusal(schema: Optional[dict[str, Any]], metadata: dict[str, Any]) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        check_metadata(metadata, schema)
    return caught.value


@given(schema=_OBJECTS, metadata=_OBJECTS)
def test_schema_is_accepted_or_refused_whatever_it_is(schema: dict[str, Any], metadata: dict[str, Any]) -> None:
    try:
        check_schema(schema)
    except InvalidRequest as exc:
        assert exc.message
    # One that is stored may be no schema: an older Bifrost accepted more.
    try:
        check_metadata(metadata, schema)
    except InvalidRequest as exc:
        assert exc.message


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "("},
        {"patternProperties": {"(": {}}},
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$ref": "#/definitions/none"},
        {"type": "text"},
        {"type": []},
        {"multipleOf": 0},
        {"properties": 3},
        {"properties": {"a": {"minLength": "1"}}},
        {"items": 3},
        {"format": 3},
        {"if": "a", "then": {}},
        {"$id": 3},
        {"$ref": "data:application/json,{}"},
        {"$ref": "https://example.com/schema.json"},
        {"$ref": "other.json"},
    ],
    ids=str,
)
def test_schema_is_refused_when_it_is_none(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="schema"):
        check_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        None,
        {},
        {"type": "object", "required": ["lens"], "properties": {"lens": {"type": "number", "minimum": 1}}},
        {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Shots", "properties": {"a": True}},
        {"$schema": "http://json-schema.org/draft-04/schema#", "id": "x", "exclusiveMinimum": True, "minimum": 3},
        {"definitions": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/definitions/n"}}},
        {"properties": {"child": {"$ref": "#"}, "tags": {"type": ["array", "null"], "items": {"enum": ["a", 1]}}}},
        {"dependencies": {"a": ["b"], "c": {"required": ["d"]}}, "x-studio": 3},
    ],
    ids=str,
)
def test_schema_is_accepted_when_it_is_one(schema: Optional[dict[str, Any]]) -> None:
    check_schema(schema)


@pytest.mark.parametrize("levels", [150, 3000])
def test_schema_is_refused_when_it_is_nested_too_deeply(levels: int) -> None:
    with pytest.raises(InvalidRequest, match="schema"):
        check_schema(_nested(levels))


def test_metadata_is_refused_by_the_field_when_it_does_not_fit() -> None:
    error = _refusal({"properties": {"lens": {"type": "number"}}}, {"lens": "wide"})
    assert (error.details["path"], error.details["rule"]) == (["lens"], "type")
    assert "metadata.lens" in error.message


def test_metadata_is_refused_when_a_stored_schema_has_no_end() -> None:
    check_metadata({}, _RECURSIVE)
    assert "refers to itself" in _refusal(_RECURSIVE, {"a": 1}).message
    assert "refers to itself" in _refusal({"$ref": "#"}, {}).message


def test_metadata_is_refused_when_a_stored_schema_divides_by_zero() -> None:
    assert "cannot be used" in _refusal({"properties": {"a": {"multipleOf": 0}}}, {"a": 3}).message


def test_metadata_is_refused_when_it_is_too_deep_or_too_large() -> None:
    assert "deep" in _refusal(None, _nested(200_000)).message
    assert "256 KiB" in _refusal(None, {"a": "x" * 300_000}).message
