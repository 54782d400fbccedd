"""The contract of dependencies."""

from __future__ import annotations

import pytest

from bifrost_core.errors import InvalidRequest, PublishRejected
from bifrost_core.models.dependency import DependencyQuery, Direction, OutdatedQuery
from bifrost_core.models.version import StatusChange
from bifrost_core.operations.catalogue import Services
from bifrost_core.storage.port import BlobStore
from bifrost_core.testing.services.making import make_asset, make_project, publish

__all__ = ["DependenciesContract"]


def _chain(services: Services, store: BlobStore) -> None:
    """wood <- chair <- set; everything at v001."""
    make_project(services)
    for name in ("wood", "chair", "set"):
        make_asset(services, name)
    publish(services, store, "DEMO/assets/wood", "textures")
    publish(services, store, "DEMO/assets/chair", depends=["DEMO/assets/wood/textures"])
    publish(services, store, "DEMO/assets/set", depends=["DEMO/assets/chair/model@v001"])


def _links(services: Services, version: str, direction: Direction, recursive: bool) -> list[tuple[str, str, int]]:
    query = DependencyQuery(version=version, direction=direction, recursive=recursive)
    return [(link.user.reference, link.used.reference, link.depth) for link in services.dependencies.list(query)]


class DependenciesContract:
    """What dependencies promise."""

    def test_links_are_followed_both_ways(self, services: Services, store: BlobStore) -> None:
        _chain(services, store)
        wood, chair, whole = (f"DEMO/assets/{path}@v001" for path in ("wood/textures", "chair/model", "set/model"))
        assert _links(services, whole, Direction.UPSTREAM, recursive=False) == [(whole, chair, 1)]
        assert _links(services, whole, Direction.UPSTREAM, recursive=True) == [(whole, chair, 1), (chair, wood, 2)]
        assert _links(services, wood, Direction.USED_BY, recursive=True) == [(chair, wood, 1), (whole, chair, 2)]
        assert _links(services, wood, Direction.UPSTREAM, recursive=True) == []

    def test_a_shared_dependency_is_listed_once_for_each_user(self, services: Services, store: BlobStore) -> None:
        _chain(services, store)
        publish(
            services, store, "DEMO/assets/set", "look",
            depends=["DEMO/assets/chair/model", "DEMO/assets/wood/textures", "DEMO/assets/wood/textures@v001"],
        )  # fmt: skip
        links = _links(services, "DEMO/assets/set/look", Direction.UPSTREAM, recursive=True)
        assert sorted((user.split("/")[2], used.split("/")[2]) for user, used, _ in links) == [
            ("chair", "wood"), ("set", "chair"), ("set", "wood"),
        ]  # fmt: skip

    def test_a_circle_of_products_is_refused(self, services: Services, store: BlobStore) -> None:
        _chain(services, store)
        with pytest.raises(PublishRejected, match="circle"):
            publish(services, store, "DEMO/assets/wood", "textures", depends=["DEMO/assets/set/model"])
        assert services.versions.get("DEMO/assets/wood/textures").number == 1

    def test_a_version_may_use_an_older_one_of_its_product(self, services: Services, store: BlobStore) -> None:
        _chain(services, store)
        version = publish(services, store, "DEMO/assets/chair", depends=["DEMO/assets/chair/model@v001"])
        assert _links(services, version.id, Direction.UPSTREAM, recursive=False) == [
            ("DEMO/assets/chair/model@v002", "DEMO/assets/chair/model@v001", 1)
        ]

    def test_a_file_of_another_product_is_recognised(self, services: Services, store: BlobStore) -> None:
        make_project(services)
        make_asset(services, "wood")
        make_asset(services, "chair")
        for extra in (b"1", b"2"):
            publish(services, store, "DEMO/assets/wood", "textures", files={"png": {"oak.png": b"oak", "x.png": extra}})
        version = publish(
            services, store, "DEMO/assets/chair",
            files={"usd": {"chair.usda": b"chair", "oak.png": b"oak", "empty": b""}, "thumbnail": {"t.png": b"t"}},
        )  # fmt: skip
        (link,) = services.dependencies.list(DependencyQuery(version=version.id))
        assert (link.used.reference, link.kind) == ("DEMO/assets/wood/textures@v002", "content")
        again = publish(services, store, "DEMO/assets/wood", "textures", files={"png": {"oak.png": b"oak"}})
        assert services.dependencies.list(DependencyQuery(version=again.id)) == ()

    def test_outdated_uses_are_named(self, services: Services, store: BlobStore) -> None:
        _chain(services, store)
        assert services.dependencies.outdated(OutdatedQuery(project="DEMO")) == ()
        publish(services, store, "DEMO/assets/wood", "textures")
        (found,) = services.dependencies.outdated(OutdatedQuery(project="DEMO"))
        assert found.user is not None
        assert found.latest is not None
        assert (found.user.reference, found.used.reference) == (
            "DEMO/assets/chair/model@v001", "DEMO/assets/wood/textures@v001",
        )  # fmt: skip
        assert (found.latest.version, found.approved) == ("v002", None)
        services.versions.set_status(StatusChange(version="DEMO/assets/wood/textures@v002", status="approved"))
        (found,) = services.dependencies.outdated(OutdatedQuery(version="DEMO/assets/chair/model"))
        assert found.approved is not None
        assert services.dependencies.outdated(OutdatedQuery(version="DEMO/assets/set/model")) == ()
        publish(services, store, "DEMO/assets/chair", depends=["DEMO/assets/wood/textures"])
        (found,) = services.dependencies.outdated(OutdatedQuery(project="DEMO"))
        assert found.used.reference == "DEMO/assets/chair/model@v001"

    def test_loaded_versions_are_checked_each_on_its_own(self, services: Services, store: BlobStore) -> None:
        _chain(services, store)
        old = services.versions.get("DEMO/assets/chair/model")
        publish(services, store, "DEMO/assets/chair")
        current = services.versions.get("DEMO/assets/set/model")
        answers = services.dependencies.outdated(
            OutdatedQuery(versions=(old.id, current.id, "f" * 32, "DEMO/assets/wood/textures@v001"))
        )
        assert {item.used.id: (item.error or {}).get("code") for item in answers} == {
            old.id: None, "f" * 32: "not_found",
        }  # fmt: skip

    def test_the_question_must_be_one(self, services: Services) -> None:
        with pytest.raises(InvalidRequest):
            services.dependencies.outdated(OutdatedQuery())
        with pytest.raises(InvalidRequest):
            services.dependencies.outdated(OutdatedQuery(project="DEMO", versions=()))
