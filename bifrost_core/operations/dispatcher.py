"""Any operation, called from JSON and answered in JSON: what the REST API and the bridge are made of."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from bifrost_core.errors import BifrostError, InternalError, InvalidRequest
from bifrost_core.operations.catalogue import Services, find_operation

__all__ = ["Dispatcher"]

_log = logging.getLogger(__name__)


class Dispatcher:
    """Calls operations of one set of services by name."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Call an operation with JSON arguments and return its JSON result.

        Raises:
            BifrostError: what the operation raised; nothing else leaves.
        """
        item = find_operation(name)
        decoded = item.decode_arguments(arguments)
        try:
            result = getattr(getattr(self._services, item.noun), item.method)(**decoded)
            return item.encode_result(result)
        except BifrostError:
            raise
        except Exception as exc:
            # The boundary: a fault of ours must reach the caller as an error it knows, and the log in full.
            _log.exception("%s failed", name)
            raise InternalError(f"Bifrost met a fault of its own in {name}.", details={"operation": name}) from exc

    def handle(self, message: Any) -> dict[str, Any]:
        """Answer ``{"operation", "arguments"}`` with ``{"result"}`` or ``{"error"}``; never raises."""
        try:
            if not isinstance(message, Mapping) or not isinstance(message.get("operation"), str):
                raise InvalidRequest("A call needs an “operation” and its “arguments”.")
            arguments = message.get("arguments", {})
            if not isinstance(arguments, Mapping):
                raise InvalidRequest("The “arguments” of a call must be an object.")
            return {"result": self.call(message["operation"], arguments)}
        except BifrostError as exc:
            return {"error": exc.to_wire()}
