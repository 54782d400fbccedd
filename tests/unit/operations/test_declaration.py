from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any

import pytest
from pydantic import BaseModel

from bifrost_core.errors import IncompatibleServer, InvalidRequest
from bifrost_core.models.asset import AssetCreate, AssetQuery, AssetUpdate
from bifrost_core.models.base import Model, Request
from bifrost_core.models.dependency import DependencyQuery, Direction, OutdatedQuery
from bifrost_core.models.event import EventQuery
from bifrost_core.models.files import File, Representation
from bifrost_core.models.project import ProjectCreate, ProjectUpdate
from bifrost_core.models.publish import PublishBegin, PublishCommit
from bifrost_core.models.search import SearchQuery, SearchSort
from bifrost_core.models.shot import ShotCreate, ShotQuery, ShotUpdate
from bifrost_core.models.task import TaskCreate, TaskQuery, TaskUpdate
from bifrost_core.models.user import UserCreate, UserUpdate
from bifrost_core.models.version import ResolveRequest, StatusChange, VersionQuery
from bifrost_core.operations.catalogue import catalogue, find_operation
from bifrost_core.operations.declaration import Operation, operation, operations_of

TOKEN = "0123456789abcdef"
USD = Representation(name="usd", files=(File(name="tex/é.png", size=2**40, sha256="ab" * 32),), frames="1-3")
SAMPLES: list[BaseModel] = [
    ProjectCreate(code="DEMO", metadata_schema={"type": "object", "required": ["a"]}),
    ProjectUpdate(name="New", statuses=("pending", "approved", "archived")),
    AssetCreate(project="DEMO", name="主人公", kind="character", tags=("hero", "a")),
    AssetQuery(project="DEMO", archived=None, limit=7),
    AssetUpdate(name="other", revision=3),
    ShotCreate(project="DEMO", episode=None, sequence="sq010", name="sh010", first_frame=-5, last_frame=9, fps=23.976),
    ShotQuery(project="DEMO", sequence="sq010"),
    ShotUpdate(episode=None, handles=8),
    TaskCreate(entity="DEMO/assets/hero", type="rigging", assignees=("anna", "bo@studio.example")),
    TaskQuery(project="DEMO", archived=True),
    TaskUpdate(status="done"),
    VersionQuery(entity="DEMO/assets/hero", product="model"),
    ResolveRequest(references=("DEMO/assets/hero/model@v003", "x")),
    StatusChange(version="DEMO/assets/hero/model@v003", status="approved", comment="fine"),
    PublishBegin(token=TOKEN, entity="DEMO/assets/hero", product="model", sizes=(1, 2**62)),
    PublishCommit(token=TOKEN, representations=(USD,), metadata={"a": [1, None, {"b": 0.5}]}),
    DependencyQuery(version="DEMO/assets/hero/model", direction=Direction.USED_BY, recursive=True),
    OutdatedQuery(versions=("a", "b")),
    EventQuery(after=2**40, topic="version"),
    SearchQuery(text="hero -archived", sort=SearchSort.NEWEST),
    UserCreate(login="anna", name="Änna"),
    UserUpdate(active=False),
]
BY_TYPE = {type(sample): sample for sample in SAMPLES}


def arguments_of(item: Operation) -> dict[str, Any]:
    plain = {str: "DEMO/assets/hé ro?&=", int: 3}
    return {name: plain.get(kind) or BY_TYPE[kind] for name, kind in item.parameters.items()}


@pytest.mark.parametrize("item", catalogue().values(), ids=lambda item: item.name)
def test_arguments_are_the_same_when_they_went_through_json(item: Operation) -> None:
    arguments = arguments_of(item)
    sent = json.loads(json.dumps(item.bind(**arguments), allow_nan=False))
    received = item.decode_arguments(sent)
    assert received == arguments
    for name, value in arguments.items():
        if isinstance(value, BaseModel):
            assert received[name].model_fields_set == value.model_fields_set


def test_arguments_are_bound_alike_when_they_are_given_by_place_or_name() -> None:
    update = find_operation("assets.update")
    changes = AssetUpdate(kind="prop")
    expected = {"asset": "DEMO/assets/hero", "changes": {"kind": "prop"}}
    assert update.bind("DEMO/assets/hero", changes) == expected
    assert update.bind("DEMO/assets/hero", changes=changes) == expected
    assert update.bind(changes=changes, asset="DEMO/assets/hero") == expected


def test_only_fields_that_were_given_travel_when_a_model_has_defaults() -> None:
    bound = find_operation("assets.list").bind(AssetQuery(project="DEMO", archived=None))
    assert bound == {"query": {"project": "DEMO", "archived": None}}


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((), {}), (("a", "b"), {}), (("a",), {"asset": "b"}), ((), {"wrong": "a"})],
)
def test_a_call_is_a_type_error_when_python_would_not_take_it(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        find_operation("assets.get").bind(*args, **kwargs)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "assets.update cannot be called like that: it needs “asset”"),
        ({"asset": "a"}, "it needs “changes”"),
        ({"asset": "a", "changes": {}, "force": True}, "it knows no “force”"),
        ({"asset": "a", "changes": {}, 3: 4, "x": 5}, "it knows no “3”"),
        ({"asset": 5, "changes": {}}, "valid string"),
        ({"asset": "a", "changes": None}, "AssetUpdate"),
        ({"asset": "a", "changes": {"kindd": "prop"}}, "kindd"),
        ({"asset": "a", "changes": {"kind": "a b"}}, "The kind “a b” contains a space"),
    ],
)
def test_arguments_are_refused_when_they_are_not_those_of_the_operation(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        find_operation("assets.update").decode_arguments(arguments)
    assert said in caught.value.message
    json.dumps(caught.value.to_wire())


@pytest.mark.parametrize("answer", [None, [], {}, {"items": [{"name": "hero"}]}, "<html>502 Bad Gateway</html>"])
def test_an_answer_is_refused_when_it_is_not_of_the_declared_type(answer: object) -> None:
    with pytest.raises(IncompatibleServer, match=r"assets\.list") as caught:
        find_operation("assets.list").decode_result(answer)
    assert caught.value.details["operation"] == "assets.list"


class Order(Request):
    size: int = 1


class Answer(Model):
    total: int


class Parcels(ABC):
    """Parcels."""

    @operation("POST", "/parcels/{shelf}/{label:path}", permission="create")
    @abstractmethod
    def put(self, shelf: int, label: str, order: Order = Order(size=2)) -> Answer:  # noqa: B008 the model is frozen
        """Put a parcel on a shelf."""

    @operation("DELETE", "/parcels/{shelf}", permission="admin")
    @abstractmethod
    def clear(self, shelf: int) -> None:
        """Clear a shelf."""

    def label(self) -> str:
        return "not an operation"


def test_an_operation_knows_its_parts_when_it_is_read_from_an_interface() -> None:
    put, clear = operations_of(Parcels)
    assert (put.name, put.verb, put.permission) == ("parcels.put", "POST", "create")
    assert put.path_parameters == ("shelf", "label")
    assert dict(put.parameters) == {"shelf": int, "label": str, "order": Order}
    assert put.model_parameter == "order"
    assert put.documentation == "Put a parcel on a shelf."
    assert clear.model_parameter is None


def test_a_default_stays_with_the_implementation_when_the_argument_is_left_out() -> None:
    put, _ = operations_of(Parcels)
    assert put.bind(1, "a/b") == {"shelf": 1, "label": "a/b"}
    assert put.bind(1, "a/b", Order()) == {"shelf": 1, "label": "a/b", "order": {}}
    assert put.bind(label="a/b", shelf=1, order=Order(size=5)) == {"shelf": 1, "label": "a/b", "order": {"size": 5}}


def test_a_result_is_the_same_when_it_went_through_json() -> None:
    put, clear = operations_of(Parcels)
    assert put.decode_result(json.loads(json.dumps(put.encode_result(Answer(total=3))))) == Answer(total=3)
    assert clear.decode_result(clear.encode_result(None)) is None
