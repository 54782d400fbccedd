from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from bifrost_core.models.asset import AssetCreate, AssetQuery
from bifrost_core.models.base import JsonObject, Model, Timestamp, invalid_request, new_id, utc_now
from bifrost_core.models.product import VersionSummary
from bifrost_core.models.query import MAXIMUM_PAGE, Page
from bifrost_core.models.task import TaskCreate
from bifrost_core.models.version import ResolveRequest

TIMESTAMP: TypeAdapter[datetime] = TypeAdapter(Timestamp)
OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(JsonObject)
ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
JSON = st.recursive(
    PLAIN | TEXTS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=8
)


def test_ids_are_unique_and_of_version_7_when_many_are_made() -> None:
    ids = [new_id() for _ in range(20_000)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9a-f]{32}", item) for item in ids)
    assert all(item[12] == "7" and item[16] in "89ab" for item in ids)
    assert UUID(ids[0]).version == 7


def test_ids_stand_in_the_order_of_creation_when_a_moment_lies_between() -> None:
    ids = []
    for _ in range(20):
        ids.append(new_id())
        time.sleep(0.002)
    assert ids == sorted(ids)


def test_an_id_holds_the_time_when_it_is_made() -> None:
    before = time.time_ns() // 1_000_000
    made = int(new_id()[:12], 16)
    assert before <= made <= time.time_ns() // 1_000_000


@pytest.mark.parametrize("naive", [datetime(2026, 1, 1), "2026-01-01T00:00:00"])  # noqa: DTZ001 it must be refused
def test_a_time_is_refused_when_it_has_no_zone(naive: object) -> None:
    with pytest.raises(ValidationError, match="timezone"):
        TIMESTAMP.validate_python(naive)


@given(st.datetimes(timezones=ZONES))
def test_a_time_is_the_same_moment_in_utc_when_it_had_another_zone(value: datetime) -> None:
    try:
        converted = TIMESTAMP.validate_python(value)
    except ValidationError as exc:
        assert "outside the years 1 to 9999" in str(exc)
        assert value.year in (1, 9999)
    else:
        assert converted.utcoffset() == timedelta(0)
        assert converted == value
        assert TIMESTAMP.validate_python(json.loads(TIMESTAMP.dump_json(converted))) == converted


def test_now_is_aware_when_it_is_asked_for() -> None:
    assert utc_now().utcoffset() == timedelta(0)
    assert abs(utc_now().timestamp() - time.time()) < 60


def test_an_answer_passes_over_a_field_when_a_newer_server_adds_it() -> None:
    class Answer(Model):
        name: str

    assert Answer.model_validate({"name": "hero", "colour": "red"}) == Answer(name="hero")


def test_an_order_refuses_a_field_when_it_is_unknown() -> None:
    with pytest.raises(ValidationError, match="kindd"):
        AssetCreate.model_validate({"project": "DEMO", "name": "hero", "kindd": "prop"})


def test_models_are_immutable_when_they_are_made() -> None:
    order = AssetCreate(project="DEMO", name="hero")
    with pytest.raises(ValidationError, match="frozen"):
        order.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "\udcff"])
def test_an_order_is_refused_when_a_text_could_not_be_stored(text: str) -> None:
    with pytest.raises(ValidationError, match="“entity” contains characters that are no text"):
        TaskCreate(entity=text, type="modeling")
    with pytest.raises(ValidationError, match="“references” contains characters that are no text"):
        ResolveRequest(references=("DEMO/assets/hero/model", text))


@given(value=st.dictionaries(TEXTS, JSON, max_size=4))
def test_json_is_the_same_when_it_was_checked(value: dict[str, Any]) -> None:
    assert OBJECT.validate_python(value) == value


def test_json_has_its_plain_form_when_python_has_another() -> None:
    assert OBJECT.validate_python({"a": (1, 2), "b": {3: 4}}) == {"a": [1, 2], "b": {"3": 4}}
    assert OBJECT.validate_python({"path": "C:\\u0000"}) == {"path": "C:\\u0000"}


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), datetime.now(timezone.utc), {1, 2}, b"x", "\0", "\ud800", {"\0": 1}]
)
def test_json_is_refused_when_it_is_not_plain(value: object) -> None:
    with pytest.raises(ValidationError, match=r"it is not plain JSON|characters that are no text"):
        OBJECT.validate_python({"a": value})


def test_json_is_refused_when_it_holds_itself_or_is_too_deep() -> None:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    deep: dict[str, Any] = {}
    for _ in range(200_000):
        deep = {"a": deep}
    for value in (loop, deep):
        with pytest.raises(ValidationError, match="it is not plain JSON"):
            OBJECT.validate_python(value)
    while deep:  # one by one: freeing it at once would be as deep
        deep = deep["a"]


def test_the_complaint_names_each_field_when_several_are_wrong() -> None:
    with pytest.raises(ValidationError) as caught:
        AssetCreate.model_validate({"project": "DE MO", "kind": 3})
    error = invalid_request(caught.value)
    assert error.code == "invalid_request"
    assert error.message.startswith("The project code “DE MO” contains a space")
    assert [problem["field"] for problem in error.details["problems"]] == ["project", "name", "kind"]
    json.dumps(error.to_wire())


def test_a_page_is_the_same_when_it_went_through_json() -> None:
    summary = VersionSummary(
        id=new_id(), number=3, version="v003", status="pending", author="anna", comment="", created=utc_now()
    )
    page = Page[VersionSummary](items=(summary,), next_cursor="abc")
    again = Page[VersionSummary].model_validate(json.loads(page.model_dump_json()))
    assert again == page
    assert isinstance(again.items[0], VersionSummary)
    assert Page[VersionSummary](items=()).next_cursor is None


@pytest.mark.parametrize("limit", [0, -1, MAXIMUM_PAGE + 1, "many"])
def test_a_query_is_refused_when_its_page_is_too_large_or_none(limit: object) -> None:
    with pytest.raises(ValidationError):
        AssetQuery.model_validate({"project": "DEMO", "limit": limit})
