"""The declaration of an operation, and what can be made of it: arguments and results to JSON and back.

The rules that a declared method follows, so that every transport can be made from it:

* a parameter is a ``str`` or ``int`` that stands in the path, or it is one pydantic model;
* a ``GET`` sends the model's fields as the query, every other verb sends the model as the body;
* the method returns a model, a tuple or page of models, or None.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Callable, Optional, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from bifrost_core.errors import IncompatibleServer, InvalidRequest
from bifrost_core.models.base import invalid_request

__all__ = ["Operation", "operation", "operations_of"]

_F = TypeVar("_F", bound=Callable[..., Any])
_ATTRIBUTE = "__bifrost_operation__"
_PATH_PARAMETER = re.compile(r"{(\w+)(?::path)?}")


def operation(verb: str, path: str, *, permission: str) -> Callable[[_F], _F]:
    """Declare the method below as an operation.

    Args:
        verb: the HTTP verb.
        path: the HTTP path; ``{name}`` takes one part, ``{name:path}`` all that follows.
        permission: what the caller must be allowed: view, create, publish, review, manage or admin.
    """

    def declare(method: _F) -> _F:
        setattr(method, _ATTRIBUTE, (verb, path, permission))
        return method

    return declare


@dataclass(frozen=True)
class Operation:
    """One operation of an interface."""

    noun: str
    method: str
    verb: str
    path: str
    permission: str
    function: Callable[..., Any]

    @property
    def name(self) -> str:
        """The name over any transport: ``assets.create``."""
        return f"{self.noun}.{self.method}"

    @property
    def documentation(self) -> str:
        """The text for people."""
        return inspect.getdoc(self.function) or ""

    @cached_property
    def path_parameters(self) -> tuple[str, ...]:
        """The parameters that stand in the path."""
        return tuple(_PATH_PARAMETER.findall(self.path))

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """Each parameter's name and type."""
        hints = typing.get_type_hints(self.function, include_extras=True)
        names = [name for name in inspect.signature(self.function).parameters if name != "self"]
        return {name: hints[name] for name in names}

    @cached_property
    def model_parameter(self) -> Optional[str]:
        """The parameter that is a model, if there is one: the query of a GET, else the body."""
        models = [
            name
            for name, kind in self.parameters.items()
            if inspect.isclass(kind) and issubclass(kind, BaseModel) and name not in self.path_parameters
        ]
        return models[0] if models else None

    @cached_property
    def _argument_types(self) -> Mapping[str, TypeAdapter[Any]]:
        return {name: TypeAdapter(kind) for name, kind in self.parameters.items()}

    @cached_property
    def _result_type(self) -> TypeAdapter[Any]:
        return TypeAdapter(typing.get_type_hints(self.function, include_extras=True)["return"])

    def bind(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the arguments of a Python call as JSON."""
        bound = inspect.signature(self.function).bind(None, *args, **kwargs).arguments
        return {
            name: self._argument_types[name].dump_python(value, mode="json", exclude_unset=True)
            for name, value in bound.items()
            if name in self._argument_types
        }

    def decode_arguments(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return JSON arguments as a Python call takes them.

        Raises:
            InvalidRequest: an argument lacks, is unknown or is not of its type.
        """
        unknown = sorted(str(name) for name in arguments if name not in self.parameters)
        missing = [name for name in self.parameters if name not in arguments]
        if unknown or missing:
            problem = f"it knows no “{unknown[0]}”" if unknown else f"it needs “{missing[0]}”"
            raise InvalidRequest(f"{self.name} cannot be called like that: {problem}.")
        try:
            return {name: self._argument_types[name].validate_python(value) for name, value in arguments.items()}
        except ValidationError as exc:
            raise invalid_request(exc) from exc

    def encode_result(self, result: Any) -> Any:
        """Return a result as JSON; raises when it is not of the declared type."""
        return self._result_type.dump_python(result, mode="json", warnings="error")

    def decode_result(self, result: Any) -> Any:
        """Return a JSON result as the method's own return type.

        Raises:
            IncompatibleServer: the result is not of that type.
        """
        try:
            return self._result_type.validate_python(result)
        except ValidationError as exc:
            raise IncompatibleServer(
                f"The answer to {self.name} is not one that this version of Bifrost understands.",
                hint="Use the same version of Bifrost on both sides.",
                details={"operation": self.name, **invalid_request(exc).details},
            ) from exc


def operations_of(interface: type) -> tuple[Operation, ...]:
    """Return the operations that an interface declares, in the order of their declaration."""
    found = []
    for method, function in vars(interface).items():
        declared = getattr(function, _ATTRIBUTE, None)
        if declared:
            verb, path, permission = declared
            found.append(Operation(interface.__name__.lower(), method, verb, path, permission, function))
    return tuple(found)
