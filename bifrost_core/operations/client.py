"""Services made from the catalogue for any transport: whoever can carry a name and JSON has them all."""

from __future__ import annotations

from functools import partialmethod
from typing import Any, Callable

from bifrost_core.operations.catalogue import Services, interfaces
from bifrost_core.operations.declaration import Operation, operations_of

__all__ = ["Call", "client_services"]

Call = Callable[[Operation, dict[str, Any]], Any]
"""Carries an operation and its JSON arguments, returns the JSON result or raises the error it was answered."""


def client_services(call: Call) -> Services:
    """Return services that carry every operation out through ``call``."""
    return Services(**{noun: _client(interface, call) for noun, interface in interfaces().items()})


def _client(interface: type, call: Call) -> Any:
    methods = {item.method: partialmethod(_invoke, item) for item in operations_of(interface)}
    client = type(f"Remote{interface.__name__}", (interface,), {"__doc__": interface.__doc__, **methods})()
    client.__dict__["_call"] = call
    return client


def _invoke(self: Any, item: Operation, *args: Any, **kwargs: Any) -> Any:
    return item.decode_result(self._call(item, item.bind(*args, **kwargs)))
