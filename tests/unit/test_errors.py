from __future__ import annotations

import json
import pickle
import re
from typing import Any

import pytest

from bifrost_core import errors
from bifrost_core.errors import BifrostError, NotFound, StorageFull, all_errors, from_wire

CLASSES = list(all_errors())


def test_codes_are_unique_when_all_errors_are_looked_at() -> None:
    codes = [error.code for error in CLASSES]
    assert len(set(codes)) == len(codes)
    assert len(codes) > 30


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: str(error.__name__))
def test_an_error_is_declared_whole_when_it_is_part_of_the_tree(error: type[BifrostError]) -> None:
    assert re.fullmatch("[a-z_]+", error.code)
    assert error.code == "error" or error.code == re.sub(r"(?<!^)(?=[A-Z])", "_", error.__name__).lower()
    assert error.__doc__
    assert error.__name__ in errors.__all__
    assert re.search(rf"\b{error.__name__}\b", errors.__doc__ or ""), "the tree in the docstring lacks it"


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: str(error.__name__))
def test_an_error_is_the_same_when_it_went_over_the_wire(error: type[BifrostError]) -> None:
    sent = error("The store “farm” is gone.", details={"store": "farm", "tried": [1, 2]})
    received = from_wire(json.loads(json.dumps(sent.to_wire())))
    assert type(received) is error
    assert received.to_wire() == sent.to_wire()
    assert str(received) == "The store “farm” is gone."


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: str(error.__name__))
def test_an_error_is_the_same_when_it_came_from_another_process(error: type[BifrostError]) -> None:
    sent = error("gone", hint="Look for it.", details={"a": 1})
    received = pickle.loads(pickle.dumps(sent))
    assert type(received) is error
    assert received.to_wire() == sent.to_wire()


def test_an_error_has_the_hint_of_its_class_when_none_is_given() -> None:
    assert "bifrost gc" in StorageFull("The disk is full.").hint
    assert StorageFull("The disk is full.", hint="").hint == ""
    assert NotFound("It is gone.", hint="Look again.").hint == "Look again."


def test_an_error_of_a_newer_server_becomes_a_plain_one_when_its_code_is_unknown() -> None:
    received = from_wire({"code": "quota_exceeded", "message": "Too much.", "hint": "Ask.", "details": {"used": 5}})
    assert type(received) is BifrostError
    assert received.message == "Too much."
    assert received.details == {"used": 5, "code": "quota_exceeded"}


@pytest.mark.parametrize(
    "wire",
    [{}, {"code": None}, {"details": None}, {"details": "text"}, {"details": [1]}, {"message": 5, "hint": None}],
)
def test_an_error_is_rebuilt_when_the_wire_form_is_damaged(wire: dict[str, Any]) -> None:
    assert isinstance(from_wire(wire), BifrostError)


def test_details_are_the_errors_own_when_the_callers_change_later() -> None:
    details = {"a": 1}
    error = NotFound("gone", details=details)
    details["a"] = 2
    assert error.details == {"a": 1}


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        (errors.VersionSealed, errors.Conflict),
        (errors.SourceChanged, errors.PublishRejected),
        (errors.StorageFull, errors.StorageError),
        (errors.DatabaseUnavailable, errors.DatabaseError),
        (errors.ServerUnavailable, errors.RemoteError),
        (errors.SceneNotSaved, errors.HostError),
    ],
)
def test_an_error_is_caught_with_its_family_when_the_family_is_asked_for(
    child: type[BifrostError], parent: type[BifrostError]
) -> None:
    with pytest.raises(parent):
        raise child("It happened.")
