"""One catalogue suffices for a client over any transport: here through a dispatcher and JSON text."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from memory_services import loopback, memory_services

from bifrost_core.errors import (
    AlreadyExists,
    BifrostError,
    IncompatibleServer,
    InternalError,
    NotFound,
    StaleWrite,
    StorageUnavailable,
)
from bifrost_core.models.asset import Asset, AssetCreate, AssetQuery, AssetUpdate
from bifrost_core.models.project import ProjectCreate, ProjectUpdate
from bifrost_core.models.user import UserCreate
from bifrost_core.operations.catalogue import Services, interfaces
from bifrost_core.operations.client import client_services
from bifrost_core.operations.declaration import Operation


@pytest.fixture
def local() -> Services:
    return memory_services()


@pytest.fixture
def remote(local: Services) -> Services:
    return loopback(local)


def test_a_client_is_of_the_interfaces_when_it_is_made_from_the_catalogue(remote: Services) -> None:
    for noun, interface in interfaces().items():
        client = getattr(remote, noun)
        assert isinstance(client, interface)
        assert not inspect.isabstract(type(client))


def test_results_are_equal_when_they_come_from_afar(local: Services, remote: Services) -> None:
    made = remote.projects.create(ProjectCreate(code="DEMO", metadata_schema={"type": "object"}))
    assert made == local.projects.get("demo") == remote.projects.get("demo")
    assert remote.projects.list() == local.projects.list() == (made,)
    assert made.created.utcoffset() == local.projects.get("DEMO").created.utcoffset()
    changed = remote.projects.update("DEMO", ProjectUpdate(name="Größe", revision=1))
    assert changed == local.projects.get("DEMO")
    assert (changed.name, changed.revision) == ("Größe", 2)


def test_pages_are_equal_when_they_come_from_afar(local: Services, remote: Services) -> None:
    remote.projects.create(ProjectCreate(code="DEMO"))
    for name in ("hero", "主人公", "prop"):
        remote.assets.create(AssetCreate(project="DEMO", name=name))
    remote.assets.update("DEMO/assets/prop", AssetUpdate(archived=True))
    query = AssetQuery(project="DEMO", limit=1)
    page = remote.assets.list(query)
    assert page == local.assets.list(query)
    assert isinstance(page.items[0], Asset)
    following = remote.assets.list(query.model_copy(update={"cursor": page.next_cursor}))
    assert [asset.name for asset in following.items] == ["主人公"]
    assert following.next_cursor is None
    both = AssetQuery(project="DEMO", archived=None)
    assert len(remote.assets.list(both).items) == len(local.assets.list(both).items) == 3


def test_a_field_stays_as_it_is_when_a_remote_change_leaves_it_out(remote: Services) -> None:
    remote.projects.create(ProjectCreate(code="DEMO"))
    remote.assets.create(AssetCreate(project="DEMO", name="hero", description="big", tags=("a",)))
    changed = remote.assets.update("DEMO/assets/hero", AssetUpdate(tags=()))
    assert (changed.description, changed.tags) == ("big", ())


def raised_by(services: Services, act: Any) -> BifrostError:
    with pytest.raises(BifrostError) as caught:
        act(services)
    return caught.value


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda services: services.projects.create(ProjectCreate(code="demo")), AlreadyExists),
        (lambda services: services.projects.get("NONE"), NotFound),
        (lambda services: services.projects.update("DEMO", ProjectUpdate(revision=7)), StaleWrite),
        (lambda services: services.assets.get("DEMO/assets/none"), NotFound),
        (lambda services: services.users.create(UserCreate(login="anna")), StorageUnavailable),
    ],
)
def test_the_same_error_is_raised_when_it_comes_from_afar(
    local: Services, remote: Services, act: Any, expected: type[BifrostError]
) -> None:
    local.projects.create(ProjectCreate(code="DEMO"))
    near, far = raised_by(local, act), raised_by(remote, act)
    assert type(near) is type(far) is expected
    assert far.to_wire() == near.to_wire()


def test_a_fault_over_there_is_an_internal_error_when_it_arrives(remote: Services) -> None:
    with pytest.raises(InternalError, match=r"users\.list"):
        remote.users.list()


def test_services_speak_only_through_their_own_transport_when_there_are_two() -> None:
    spoken: list[str] = []

    def transport(mark: str) -> Services:
        def call(item: Operation, arguments: dict[str, Any]) -> Any:
            spoken.append(f"{mark} {item.name} {sorted(arguments)}")
            return []

        return client_services(call)

    one, other = transport("one"), transport("other")
    assert one.projects.list() == ()
    assert other.projects.list() == ()
    assert one.products.list("DEMO/assets/hero") == ()
    assert spoken == ["one projects.list []", "other projects.list []", "one products.list ['entity']"]


def test_an_answer_is_refused_when_the_other_side_speaks_another_version() -> None:
    services = client_services(lambda item, arguments: {"surprise": True})
    with pytest.raises(IncompatibleServer):
        services.projects.get("DEMO")


def test_a_call_is_a_type_error_when_python_would_not_take_it(remote: Services) -> None:
    with pytest.raises(TypeError):
        remote.projects.get()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        remote.projects.get("DEMO", force=True)  # type: ignore[call-arg]
