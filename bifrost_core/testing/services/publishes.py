"""The contract of publishes."""

from __future__ import annotations

import hashlib

import pytest

from bifrost_core.errors import BlobNotFound, Conflict, InvalidRequest, NotFound, PublishRejected
from bifrost_core.models.asset import AssetUpdate
from bifrost_core.models.base import new_id
from bifrost_core.models.dependency import Dependency
from bifrost_core.models.event import EventQuery
from bifrost_core.models.files import File, Representation
from bifrost_core.models.project import ProjectUpdate
from bifrost_core.models.publish import PublishBegin, PublishCommit, PublishState
from bifrost_core.models.version import VersionQuery
from bifrost_core.operations.catalogue import Services
from bifrost_core.storage.port import BlobStore
from bifrost_core.testing.services.making import make_asset, make_project, publish, stored_file

__all__ = ["PublishesContract"]

HERO = "DEMO/assets/hero"


def _commit(token: str, *files: File, **fields: object) -> PublishCommit:
    return PublishCommit(token=token, representations=(Representation(name="usd", files=files),), **fields)


class PublishesContract:
    """What publishes promise."""

    @pytest.fixture
    def hero(self, services: Services) -> Services:
        """Return services with an asset to publish on."""
        make_project(services)
        make_asset(services)
        return services

    def test_publish_gives_the_version_with_all_that_was_said(self, hero: Services, store: BlobStore) -> None:
        version = publish(
            hero,
            store,
            files={"usd": {"hero.usda": b"#usda", "textures/skin.png": b"png"}, "thumbnail": {"t.png": b"t"}},
            comment="First",
            source="work/hero_v012.blend",
            metadata={"polygons": 12, "ok": True, "none": None},
            product_type="geometry",
        )
        assert version.reference == f"{HERO}/model@v001"
        assert (version.number, version.status, version.comment) == (1, "pending", "First")
        assert (version.product_type, version.source) == ("geometry", "work/hero_v012.blend")
        assert version.metadata == {"polygons": 12, "ok": True, "none": None}
        usd, thumbnail = version.representations
        assert [file.name for file in usd.files] == ["hero.usda", "textures/skin.png"]
        assert usd.files[1].sha256 == hashlib.sha256(b"png").hexdigest()
        assert (thumbnail.name, thumbnail.files[0].size) == ("thumbnail", 1)
        assert hero.versions.get(version.id) == version == hero.versions.get(f"{HERO}/model")

    def test_publish_numbers_versions_from_one_without_gaps(self, hero: Services, store: BlobStore) -> None:
        numbers = [publish(hero, store).number for _ in range(3)]
        other = publish(hero, store, product="rig").number
        assert (numbers, other) == ([1, 2, 3], 1)

    def test_publish_keeps_sizes_beyond_32_bits_and_sequences(self, hero: Services, store: BlobStore) -> None:
        begun = hero.publishes.begin(PublishBegin(token=new_id(), entity=HERO, product="cache"))
        file = stored_file(store, "fx.1001.vdb", b"x").model_copy(update={"size": 5 * 2**32})
        frames = Representation(name="vdb", files=(file,), pattern="fx.%04d.vdb", frames="1001,1003", missing="1002")
        version = hero.publishes.commit(PublishCommit(token=begun.token, representations=(frames,)))
        assert version.representations == (frames,)

    def test_an_abandoned_publish_leaves_no_gap(self, hero: Services, store: BlobStore) -> None:
        publish(hero, store)
        begun = hero.publishes.begin(PublishBegin(token=new_id(), entity=HERO, product="model"))
        hero.publishes.abort(begun.token)
        hero.publishes.abort(begun.token)
        assert hero.publishes.get(begun.token).state is PublishState.ABORTED
        with pytest.raises(Conflict):
            hero.publishes.commit(_commit(begun.token, stored_file(store, "a.usda", b"a")))
        assert publish(hero, store).number == 2

    def test_an_open_publish_is_invisible(self, hero: Services, store: BlobStore) -> None:
        hero.publishes.begin(PublishBegin(token=new_id(), entity=HERO, product="model"))
        stored_file(store, "a.usda", b"a")
        assert hero.products.list(HERO) == ()
        assert hero.versions.list(VersionQuery(entity=HERO)).items == ()
        assert not [e for e in hero.events.list(EventQuery()) if e.topic.startswith("version.")]

    def test_the_same_publish_token_gives_the_same_version_once(self, hero: Services, store: BlobStore) -> None:
        token = new_id()
        first = publish(hero, store, token=token)
        again = hero.publishes.begin(PublishBegin(token=token, entity=HERO, product="model"))
        assert (again.state, again.version) == (PublishState.COMMITTED, first.reference)
        assert hero.publishes.commit(_commit(token, stored_file(store, "other.usda", b"other"))) == first
        assert publish(hero, store).number == 2
        with pytest.raises(Conflict):
            hero.publishes.begin(PublishBegin(token=token, entity=HERO, product="rig"))
        with pytest.raises(Conflict):
            hero.publishes.abort(token)

    def test_publish_of_a_blob_that_is_not_stored_is_refused_whole(self, hero: Services, store: BlobStore) -> None:
        begun = hero.publishes.begin(PublishBegin(token=new_id(), entity=HERO, product="model"))
        ghost = File(name="ghost.usda", size=3, sha256=hashlib.sha256(b"never stored").hexdigest())
        with pytest.raises(BlobNotFound) as caught:
            hero.publishes.commit(_commit(begun.token, stored_file(store, "a.usda", b"a"), ghost))
        assert caught.value.details["missing"] == [ghost.sha256]
        assert hero.products.list(HERO) == ()
        assert hero.publishes.get(begun.token).state is PublishState.OPEN
        version = hero.publishes.commit(_commit(begun.token, stored_file(store, "a.usda", b"a")))
        assert version.number == 1

    def test_begin_publish_tells_which_sizes_are_known(self, hero: Services, store: BlobStore) -> None:
        publish(hero, store, files={"usd": {"a.usda": b"12345"}})
        begun = hero.publishes.begin(PublishBegin(token=new_id(), entity=HERO, product="model", sizes=(5, 77, 5)))
        assert begun.known_sizes == (5,)

    def test_publish_on_something_unknown_or_archived_is_refused(self, hero: Services, store: BlobStore) -> None:
        with pytest.raises(NotFound):
            publish(hero, store, "DEMO/assets/nobody")
        with pytest.raises(NotFound):
            hero.publishes.get("unknown-token")
        hero.assets.update(HERO, AssetUpdate(archived=True))
        with pytest.raises(Conflict):
            publish(hero, store)
        hero.assets.update(HERO, AssetUpdate(archived=False))
        hero.projects.update("DEMO", ProjectUpdate(archived=True))
        with pytest.raises(Conflict):
            publish(hero, store)

    def test_publish_with_an_unknown_status_is_refused(self, hero: Services, store: BlobStore) -> None:
        with pytest.raises(InvalidRequest, match="nonsense"):
            publish(hero, store, status="nonsense")
        assert hero.products.list(HERO) == ()

    def test_publish_metadata_must_fit_the_projects_schema(self, hero: Services, store: BlobStore) -> None:
        schema = {"type": "object", "properties": {"lod": {"type": "integer"}}, "required": ["lod"]}
        hero.projects.update("DEMO", ProjectUpdate(metadata_schema=schema))
        with pytest.raises(InvalidRequest, match="lod"):
            publish(hero, store)
        with pytest.raises(InvalidRequest, match="lod"):
            publish(hero, store, metadata={"lod": "high"})
        assert publish(hero, store, metadata={"lod": 1}).metadata == {"lod": 1}
        hero.projects.update("DEMO", ProjectUpdate(metadata_schema={}))
        assert publish(hero, store).number == 2

    def test_publish_of_too_long_paths_is_refused(self, hero: Services, store: BlobStore) -> None:
        long_name = make_asset(hero, "n" * 32)
        long = {"a.usda": b"a", "/".join(["folder" * 6] * 4) + "/b.png": b"b"}
        with pytest.raises(PublishRejected, match="characters"):
            publish(hero, store, long_name.path, files={"usd": long})
        assert hero.products.list(long_name.path) == ()

    def test_publish_with_an_unknown_dependency_is_refused(self, hero: Services, store: BlobStore) -> None:
        begun = hero.publishes.begin(PublishBegin(token=new_id(), entity=HERO, product="model"))
        file = stored_file(store, "a.usda", b"a")
        with pytest.raises(NotFound):
            hero.publishes.commit(_commit(begun.token, file, dependencies=(Dependency(reference=f"{HERO}/rig"),)))
        assert hero.publishes.commit(_commit(begun.token, file)).number == 1
