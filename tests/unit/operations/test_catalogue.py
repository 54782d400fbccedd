from __future__ import annotations

import inspect
import json
import re
import typing
from dataclasses import fields

import pytest
from pydantic import BaseModel, TypeAdapter

from bifrost_core import errors
from bifrost_core.errors import NotFound
from bifrost_core.operations.catalogue import Services, catalogue, find_operation, interfaces
from bifrost_core.operations.declaration import Operation, operations_of

OPERATIONS = list(catalogue().values())
PERMISSIONS = {"view", "create", "publish", "review", "manage", "admin"}


def each_operation() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("item", OPERATIONS, ids=lambda item: item.name)


def result_type(item: Operation) -> object:
    return typing.get_type_hints(item.function, include_extras=True)["return"]


def test_every_public_method_is_an_operation_when_it_stands_in_an_interface() -> None:
    for interface in interfaces().values():
        methods = {name for name, value in vars(interface).items() if inspect.isfunction(value) and name[0] != "_"}
        assert methods == {item.method for item in operations_of(interface)}, interface
        assert methods == set(interface.__abstractmethods__)  # type: ignore[attr-defined]


def test_the_services_have_one_field_for_each_interface_when_they_are_made() -> None:
    assert list(interfaces()) == [field.name for field in fields(Services)]
    assert all(noun == interface.__name__.lower() for noun, interface in interfaces().items())
    assert {item.noun for item in OPERATIONS} == set(interfaces())


def test_verbs_and_paths_are_unique_when_all_operations_are_looked_at() -> None:
    # The names of parameters do not tell routes apart.
    routes = [(item.verb, re.sub(r"{\w+", "{", item.path)) for item in OPERATIONS]
    assert len(set(routes)) == len(routes)


def test_no_route_hides_another_when_a_fixed_path_fits_a_parameter() -> None:
    for hidden in OPERATIONS:
        if hidden.path_parameters:
            continue
        for item in OPERATIONS:
            pattern = re.sub(r"{\w+}", "[^/]+", re.sub(r"{\w+:path}", ".+", item.path))
            clash = item is not hidden and item.verb == hidden.verb and re.fullmatch(pattern, hidden.path)
            assert not clash, f"{hidden.verb} {hidden.path} would be taken for {item.path}"


@each_operation()
def test_an_operation_is_declared_whole_when_it_is_in_the_catalogue(item: Operation) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", item.name)
    assert item.verb in {"GET", "POST", "PATCH", "DELETE"}
    assert re.fullmatch(r"(/([a-z]+|{\w+(:path)?}))+", item.path)
    assert item.path.split("/")[1] == item.noun
    assert item.permission in PERMISSIONS
    assert find_operation(item.name) is item


@each_operation()
def test_parameters_follow_the_rules_when_every_transport_must_be_made_of_them(item: Operation) -> None:
    models = [name for name, kind in item.parameters.items() if inspect.isclass(kind) and issubclass(kind, BaseModel)]
    assert len(models) <= 1
    assert set(item.parameters) == {*item.path_parameters, *models}
    assert all(item.parameters[name] in (str, int) for name in item.path_parameters)
    assert item.model_parameter == (models[0] if models else None)
    signature = inspect.signature(item.function)
    assert all(parameter.default is parameter.empty for parameter in signature.parameters.values())


@each_operation()
def test_a_model_travels_where_its_verb_has_room_when_it_is_called_over_http(item: Operation) -> None:
    if item.verb == "DELETE":
        assert item.model_parameter is None
    if item.verb in ("POST", "PATCH"):
        assert item.model_parameter is not None
    if item.verb == "GET" and item.model_parameter:
        # A query string holds plain values, so no field of the model may be an object or a list.
        schema = TypeAdapter(item.parameters[item.model_parameter]).json_schema()
        for field in schema["properties"].values():
            kinds = {choice.get("type", "reference") for choice in field.get("anyOf", [field])}
            assert not kinds & {"object", "array"}, field


@each_operation()
def test_types_have_a_json_schema_when_a_client_is_made_from_them(item: Operation) -> None:
    for kind in (*item.parameters.values(), result_type(item)):
        json.dumps(TypeAdapter(kind).json_schema())


@each_operation()
def test_an_operation_is_documented_when_people_read_about_it(item: Operation) -> None:
    lines = item.documentation.splitlines()
    assert lines
    assert lines[0].endswith((".", ";", ":")) or len(lines) > 1
    _, _, raises = item.documentation.partition("Raises:")
    names = re.findall(r"^\s+(\w+):", raises, re.MULTILINE)
    assert all(name in errors.__all__ for name in names), names


def test_an_operation_is_not_found_when_its_name_is_unknown() -> None:
    for name in ("", "assets", "assets.explode", "assets.__init__", "Assets.get", "assets.create "):
        with pytest.raises(NotFound) as caught:
            find_operation(name)
        assert caught.value.details == {"operation": name}
