"""The contract of the search."""

from __future__ import annotations

import contextlib

import pytest

from bifrost_core.errors import InvalidRequest
from bifrost_core.models.asset import AssetUpdate
from bifrost_core.models.search import HitType, SearchQuery, SearchSort
from bifrost_core.models.version import StatusChange
from bifrost_core.operations.catalogue import Services
from bifrost_core.storage.port import BlobStore
from bifrost_core.testing.services.making import make_asset, make_project, make_shot, publish

__all__ = ["SearchContract"]


def _found(services: Services, text: str, **query: object) -> list[str]:
    page = services.search.find(SearchQuery(text=text, sort=SearchSort.NAME, **query))
    return sorted(hit.reference for hit in page.items)


class SearchContract:
    """What the search promises."""

    @pytest.fixture
    def stocked(self, services: Services, store: BlobStore) -> Services:
        make_project(services)
        make_asset(services, "heroBody", kind="character", tags=("main",))
        make_asset(services, "oak_tree", kind="prop", description="An old oak")
        make_shot(services, "sh010", "sq010")
        publish(services, store, "DEMO/assets/heroBody", "rig", comment="Fixed the élbow", metadata={"joints": "many"})
        publish(services, store, "DEMO/assets/oak_tree", "model", status="approved")
        publish(services, store, "DEMO/assets/oak_tree", "model")
        return services

    def test_words_and_their_beginnings_are_found(self, stocked: Services) -> None:
        assert "DEMO/assets/heroBody" in _found(stocked, "hero")
        assert "DEMO/assets/heroBody" in _found(stocked, "bod")
        assert "DEMO/assets/oak_tree" in _found(stocked, "tree OAK")
        assert _found(stocked, "elbow") == ["DEMO/assets/heroBody/rig"]
        assert _found(stocked, "joints") == ["DEMO/assets/heroBody/rig"]
        assert _found(stocked, "hero oak") == []
        assert _found(stocked, "hero type:asset") == ["DEMO/assets/heroBody"]

    def test_filters_narrow(self, stocked: Services) -> None:
        assert _found(stocked, "kind:character") == ["DEMO/assets/heroBody", "DEMO/assets/heroBody/rig"]
        assert _found(stocked, "tag:MAIN type:asset") == ["DEMO/assets/heroBody"]
        assert _found(stocked, "sequence:sq010") == ["DEMO/shots/sq010/sh010"]
        assert _found(stocked, "status:approved") == ["DEMO/assets/oak_tree/model"]
        assert _found(stocked, "type:asset -kind:character") == ["DEMO/assets/oak_tree"]
        assert _found(stocked, "type:product product:rig") == ["DEMO/assets/heroBody/rig"]
        assert _found(stocked, "tree -oak") == []
        assert "DEMO/assets/oak_tree" in _found(stocked, "oak", project="demo")

    def test_a_product_shows_the_newest_version_that_fits(self, stocked: Services) -> None:
        (hit,) = stocked.search.find(SearchQuery(text="status:approved")).items
        assert hit.type is HitType.PRODUCT
        assert hit.version is not None
        assert hit.version.version == "v001"
        (hit,) = stocked.search.find(SearchQuery(text="oak type:product")).items
        assert hit.version is not None
        assert hit.version.version == "v002"

    def test_changes_are_found_at_once(self, stocked: Services) -> None:
        stocked.assets.update("DEMO/assets/heroBody", AssetUpdate(name="champion", tags=("second",)))
        assert _found(stocked, "herobody") == []
        assert _found(stocked, "champion") == ["DEMO/assets/champion", "DEMO/assets/champion/rig"]
        stocked.versions.set_status(StatusChange(version="DEMO/assets/oak_tree/model@v002", status="rejected"))
        assert _found(stocked, "status:rejected") == ["DEMO/assets/oak_tree/model"]

    def test_archived_things_are_found_only_on_demand(self, stocked: Services) -> None:
        stocked.assets.update("DEMO/assets/oak_tree", AssetUpdate(archived=True))
        assert _found(stocked, "oak type:asset") == []
        assert _found(stocked, "oak type:asset is:archived") == ["DEMO/assets/oak_tree"]

    def test_hits_are_paged_without_doubles(self, stocked: Services) -> None:
        for sort in SearchSort:
            seen, cursor = [], None
            while True:
                page = stocked.search.find(SearchQuery(text="", sort=sort, limit=2, cursor=cursor))
                seen += [hit.id for hit in page.items]
                cursor = page.next_cursor
                if cursor is None:
                    break
            assert len(seen) == len(set(seen)) == 5

    def test_an_unknown_filter_is_refused(self, stocked: Services) -> None:
        with pytest.raises(InvalidRequest, match="colour"):
            _found(stocked, "colour:red")

    def test_odd_texts_break_nothing(self, stocked: Services) -> None:
        for text in ('"', "'", "*", "NEAR(a b)", "a AND", "(", "-", ":", '"half', "é\u0301", "AND OR NOT", "^x", "{a}"):
            with contextlib.suppress(InvalidRequest):
                _found(stocked, text)
