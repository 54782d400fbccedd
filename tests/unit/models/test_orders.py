"""What orders to create and change things accept: projects, shots, publishes, versions, events."""

from __future__ import annotations

from typing import Any

import pytest
from model_strategies import one_file
from pydantic import ValidationError

from bifrost_core.models.event import EventQuery
from bifrost_core.models.project import DEFAULT_STATUSES, ProjectCreate, ProjectUpdate
from bifrost_core.models.publish import PublishBegin, PublishCommit
from bifrost_core.models.shot import ShotCreate, ShotUpdate
from bifrost_core.models.upkeep import HealthFinding, HealthLevel, HealthReport

TOKEN = "0123456789abcdef"


def test_a_project_has_the_usual_statuses_when_none_are_given() -> None:
    assert ProjectCreate(code="DEMO").statuses == DEFAULT_STATUSES


@pytest.mark.parametrize("lacking", ["pending", "approved", "archived"])
def test_statuses_are_refused_when_one_that_selectors_need_is_missing(lacking: str) -> None:
    statuses = tuple(status for status in (*DEFAULT_STATUSES, "omit") if status != lacking)
    for order in (lambda: ProjectCreate(code="DEMO", statuses=statuses), lambda: ProjectUpdate(statuses=statuses)):
        with pytest.raises(ValidationError, match=f"must include {lacking}"):
            order()


def test_statuses_may_be_the_studios_own_when_the_needed_ones_are_among_them() -> None:
    statuses = ("pending", "client_review", "approved", "archived")
    assert ProjectCreate(code="DEMO", statuses=statuses).statuses == statuses
    assert ProjectUpdate().statuses is None


@pytest.mark.parametrize(
    "fields", [{"fps": 0}, {"fps": float("nan")}, {"fps": float("inf")}, {"width": 0}, {"height": 70_000}, {"code": ""}]
)
def test_a_project_is_refused_when_a_value_makes_no_sense(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ProjectCreate.model_validate({"code": "DEMO", **fields})


def test_a_shot_is_refused_when_its_last_frame_is_before_its_first() -> None:
    with pytest.raises(ValidationError, match="the last frame 1000 is before the first frame 1001"):
        ShotCreate(project="DEMO", sequence="sq010", name="sh010", first_frame=1001, last_frame=1000)
    with pytest.raises(ValidationError, match="is before"):
        ShotUpdate(first_frame=0, last_frame=-1)


def test_a_shot_passes_when_it_has_one_frame_or_none_or_negative_ones() -> None:
    for first, last in ((1001, 1001), (None, None), (None, 5), (-10, -1)):
        made = ShotCreate(project="DEMO", sequence="sq010", name="sh010", first_frame=first, last_frame=last)
        assert (made.first_frame, made.last_frame) == (first, last)


@pytest.mark.parametrize("token", ["short", "x" * 65, "with space 123", "a/b/c/d/e/f", "tokén-1234", "12345678\n", ""])
def test_a_token_is_refused_when_it_is_no_plain_word(token: str) -> None:
    with pytest.raises(ValidationError):
        PublishBegin(token=token, entity="DEMO/assets/hero", product="model")


@pytest.mark.parametrize("size", [-1, 2**63])
def test_an_announced_size_is_refused_when_it_is_no_size_of_a_file(size: int) -> None:
    with pytest.raises(ValidationError):
        PublishBegin(token=TOKEN, entity="DEMO/assets/hero", product="model", sizes=(1, size))


def test_a_commit_is_refused_when_a_representation_is_given_twice() -> None:
    with pytest.raises(ValidationError, match="the representation “USD” is given twice"):
        PublishCommit(token=TOKEN, representations=(one_file("usd", "a.usda"), one_file("USD", "b.usda")))


def test_a_commit_is_refused_when_it_has_no_representation_or_odd_metadata() -> None:
    with pytest.raises(ValidationError):
        PublishCommit(token=TOKEN, representations=())
    with pytest.raises(ValidationError, match="not plain JSON"):
        PublishCommit(token=TOKEN, representations=(one_file("usd", "a.usda"),), metadata={"a": float("nan")})


@pytest.mark.parametrize("after", [-1, 2**63])
def test_a_cursor_of_events_is_refused_when_no_event_can_have_it(after: int) -> None:
    with pytest.raises(ValidationError):
        EventQuery(after=after)


def test_the_worst_finding_counts_when_health_is_summed_up() -> None:
    levels = [HealthLevel.OK, HealthLevel.PROBLEM, HealthLevel.WARNING]
    findings = tuple(HealthFinding(check="store", level=level, message="") for level in levels)
    assert HealthReport(findings=findings).worst is HealthLevel.PROBLEM
    assert HealthReport(findings=()).worst is HealthLevel.OK
