from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_services import memory_services

from bifrost_core.errors import AlreadyExists, InternalError, InvalidRequest, NotFound, StorageUnavailable, all_errors
from bifrost_core.operations.catalogue import catalogue
from bifrost_core.operations.dispatcher import Dispatcher

CODES = {error.code for error in all_errors()}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def dispatcher() -> Dispatcher:
    return Dispatcher(memory_services())


def test_an_operation_answers_in_json_when_it_is_called_by_name(dispatcher: Dispatcher) -> None:
    answer = dispatcher.handle({"operation": "projects.create", "arguments": {"request": {"code": "DEMO"}}})
    assert answer["result"]["code"] == "DEMO"
    json.dumps(answer, allow_nan=False)
    listed = dispatcher.handle({"operation": "projects.list"})
    assert listed == {"result": [answer["result"]]}


def test_the_error_of_the_service_is_answered_whole_when_it_raises_one_of_ours(dispatcher: Dispatcher) -> None:
    message = {"operation": "projects.create", "arguments": {"request": {"code": "DEMO"}}}
    dispatcher.handle(message)
    error = dispatcher.handle(message)["error"]
    assert error["code"] == "already_exists"
    assert error["message"] == "There is a project “DEMO” already."
    assert error["details"] == {"code": "DEMO"}
    assert error["retryable"] is False
    error = dispatcher.handle({"operation": "users.create", "arguments": {"request": {"login": "bo"}}})["error"]
    assert (error["code"], error["retryable"]) == ("storage_unavailable", True)


@pytest.mark.parametrize(
    "message",
    [None, 3, "projects.list", [], {}, {"operation": None}, {"operation": ["projects.list"]}, {"arguments": {}}]
    + [{"operation": "projects.list", "arguments": value} for value in ([], "x", None, 3)],
)
def test_a_message_is_an_invalid_request_when_it_is_no_call(dispatcher: Dispatcher, message: Any) -> None:
    assert dispatcher.handle(message)["error"]["code"] == "invalid_request"


@pytest.mark.parametrize(
    "name", ["", "projects", "projects.drop", "projects.by_key", "projects.__class__", "_services"]
)
def test_nothing_is_called_when_the_name_is_no_operation(dispatcher: Dispatcher, name: str) -> None:
    answer = dispatcher.handle({"operation": name, "arguments": {}})
    assert answer["error"]["code"] == "not_found"
    assert answer["error"]["details"] == {"operation": name}


@pytest.mark.parametrize("arguments", [{}, {"asset": "a", "x": 1}, {"asset": 3}, {"asset": None}])
def test_arguments_are_an_invalid_request_when_they_are_wrong(
    dispatcher: Dispatcher, arguments: dict[str, Any]
) -> None:
    assert dispatcher.handle({"operation": "assets.get", "arguments": arguments})["error"]["code"] == "invalid_request"


def test_a_fault_of_the_service_is_logged_and_not_leaked_when_it_raises_anything_else(
    dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="bifrost_core"):
        error = dispatcher.handle({"operation": "users.list"})["error"]
    assert error["code"] == "internal_error"
    assert "hunter2" not in json.dumps(error)
    assert "ZeroDivisionError" not in json.dumps(error)
    assert error["details"] == {"operation": "users.list"}
    assert "users.list failed" in caplog.text
    assert "hunter2" in caplog.text, "who runs the server must find the cause"


def test_a_result_of_the_wrong_type_is_a_fault_when_it_cannot_be_answered(dispatcher: Dispatcher) -> None:
    with pytest.raises(InternalError):
        dispatcher.call("users.get", {"login": "anna"})


def test_the_error_itself_is_raised_when_the_caller_is_python(dispatcher: Dispatcher) -> None:
    dispatcher.call("projects.create", {"request": {"code": "DEMO"}})
    with pytest.raises(AlreadyExists):
        dispatcher.call("projects.create", {"request": {"code": "demo"}})
    with pytest.raises(StorageUnavailable):
        dispatcher.call("users.create", {"request": {"login": "anna"}})
    with pytest.raises(NotFound):
        dispatcher.call("projects.get", {"project": "OTHER"})
    with pytest.raises(InvalidRequest):
        dispatcher.call("projects.get", {})
    with pytest.raises(InternalError) as caught:
        dispatcher.call("users.update", {"login": "anna", "changes": {}})
    assert isinstance(caught.value.__cause__, RuntimeError)


@given(name=st.sampled_from(sorted(catalogue())), arguments=JSON, fitting=st.booleans(), value=JSON)
def test_an_answer_is_a_result_or_a_known_error_when_the_arguments_are_any_json(
    name: str, arguments: Any, fitting: bool, value: Any
) -> None:
    if fitting:
        arguments = dict.fromkeys(catalogue()[name].parameters, value)
    answer = Dispatcher(memory_services()).handle({"operation": name, "arguments": arguments})
    assert set(answer) in ({"result"}, {"error"})
    if "error" in answer:
        assert answer["error"]["code"] in CODES
        json.dumps(answer)
