"""The contract of the operations on every implementation that there is."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bifrost_core.bootstrap import Library, create_library
from bifrost_core.errors import from_wire
from bifrost_core.operations.catalogue import Services, catalogue
from bifrost_core.operations.client import client_services
from bifrost_core.operations.declaration import Operation
from bifrost_core.operations.dispatcher import Dispatcher
from bifrost_core.settings import Settings
from bifrost_core.storage.port import BlobStore
from bifrost_core.testing.services import ServicesContract


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with create_library(str(tmp_path / "library"), Settings(login="tester")) as made:
        yield made


class TestLocalServices(ServicesContract):
    """On SQLite, called directly."""

    @pytest.fixture
    def services(self, library: Library) -> Services:
        return library

    @pytest.fixture
    def store(self, library: Library) -> BlobStore:
        return library.store


class TestLoopbackServices(ServicesContract):
    """On SQLite, through JSON and the dispatcher: the shape of every remote client."""

    @pytest.fixture
    def services(self, library: Library) -> Services:
        dispatcher = Dispatcher(library)

        def call(operation: Operation, arguments: dict[str, Any]) -> Any:
            message = json.dumps({"operation": operation.name, "arguments": arguments})
            answer = json.loads(json.dumps(dispatcher.handle(json.loads(message))))
            if "error" in answer:
                raise from_wire(answer["error"])
            return answer["result"]

        return client_services(call)

    @pytest.fixture
    def store(self, library: Library) -> BlobStore:
        return library.store


def test_the_contract_calls_every_operation() -> None:
    folder = Path(inspect.getfile(ServicesContract)).parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    assert [name for name in catalogue() if f".{name}(" not in text] == []
