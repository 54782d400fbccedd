"""The contract of assets, shots and their products."""

from __future__ import annotations

import pytest

from bifrost_core.errors import AlreadyExists, Conflict, InvalidRequest, NotFound, StaleWrite
from bifrost_core.models.asset import AssetQuery, AssetUpdate
from bifrost_core.models.project import ProjectUpdate
from bifrost_core.models.shot import ShotQuery, ShotUpdate
from bifrost_core.operations.catalogue import Services
from bifrost_core.storage.port import BlobStore
from bifrost_core.testing.services.making import make_asset, make_project, make_shot, publish

__all__ = ["EntitiesContract"]


class EntitiesContract:
    """What assets, shots and products promise."""

    def test_a_created_asset_is_found_by_path_and_id(self, services: Services) -> None:
        make_project(services)
        made = make_asset(services, "Hero", kind="character", tags=("main", "v2"), description="Our hero")
        assert services.assets.get("demo/assets/hero") == made == services.assets.get(made.id)
        assert (made.path, made.kind, made.tags) == ("DEMO/assets/Hero", "character", ("main", "v2"))
        assert made.products == ()

    def test_a_created_shot_is_found_by_path_and_id(self, services: Services) -> None:
        make_project(services, fps=25.0)
        made = make_shot(services, "sh010", "sq010", first_frame=1001, last_frame=1100, handles=8)
        assert services.shots.get("DEMO/shots/SQ010/SH010") == made == services.shots.get(made.id)
        assert (made.path, made.first_frame, made.last_frame, made.handles) == (
            "DEMO/shots/sq010/sh010", 1001, 1100, 8,
        )  # fmt: skip
        assert made.fps == 25.0
        assert make_shot(services, "sh020", fps=12.5).fps == 12.5

    def test_shots_of_different_episodes_may_share_a_name(self, services: Services) -> None:
        make_project(services)
        for episode in ("ep01", "ep02", None):
            make_shot(services, "sh010", "sq010", episode=episode)
        found = services.shots.list(ShotQuery(project="DEMO", sequence="sq010")).items
        assert [shot.path for shot in found] == [
            "DEMO/shots/ep01/sq010/sh010", "DEMO/shots/ep02/sq010/sh010", "DEMO/shots/sq010/sh010",
        ]  # fmt: skip
        assert len(services.shots.list(ShotQuery(project="DEMO", episode="EP01")).items) == 1
        make_shot(services, "sh010", "sq010", episode="sq010")
        make_shot(services, "sq010", "sqX10", episode="sq010")
        assert len(services.shots.list(ShotQuery(project="DEMO", sequence="sq010")).items) == 4

    def test_names_that_differ_only_in_case_are_one(self, services: Services) -> None:
        make_project(services)
        make_asset(services, "hero")
        with pytest.raises(AlreadyExists):
            make_asset(services, "HERO")
        make_shot(services, "sh010", "sq010")
        with pytest.raises(AlreadyExists):
            make_shot(services, "SH010", "Sq010")

    def test_an_asset_is_no_shot(self, services: Services) -> None:
        make_project(services)
        asset = make_asset(services)
        with pytest.raises(NotFound):
            services.shots.get(asset.id)
        with pytest.raises(NotFound):
            services.assets.get("DEMO/assets/nobody")
        with pytest.raises(InvalidRequest):
            services.assets.get("nonsense")

    def test_frames_must_be_in_order(self, services: Services) -> None:
        make_project(services)
        made = make_shot(services, first_frame=1001, last_frame=1010)
        with pytest.raises(InvalidRequest, match="before"):
            services.shots.update(made.id, ShotUpdate(first_frame=1020))
        assert services.shots.get(made.id).first_frame == 1001

    def test_an_asset_list_filters_and_pages(self, services: Services) -> None:
        make_project(services)
        for number in range(7):
            make_asset(services, f"tree{number}", kind="prop", tags=("Wood",) if number % 2 else ())
        make_asset(services, "hero", kind="character")
        services.assets.update("DEMO/assets/tree6", AssetUpdate(archived=True))

        seen, cursor, pages = [], None, 0
        while True:
            page = services.assets.list(AssetQuery(project="DEMO", kind="PROP", limit=4, cursor=cursor))
            seen += [asset.name for asset in page.items]
            cursor, pages = page.next_cursor, pages + 1
            if cursor is None:
                break
        assert (seen, pages) == ([f"tree{number}" for number in range(6)], 2)
        tagged = services.assets.list(AssetQuery(project="DEMO", tag="wood")).items
        assert [asset.name for asset in tagged] == ["tree1", "tree3", "tree5"]
        assert [a.name for a in services.assets.list(AssetQuery(project="DEMO", archived=True)).items] == ["tree6"]
        assert len(services.assets.list(AssetQuery(project="DEMO", archived=None)).items) == 8

    def test_a_foreign_cursor_is_refused(self, services: Services) -> None:
        make_project(services)
        for cursor in ("nonsense", "WzFd", "é", "W10"):
            with pytest.raises(InvalidRequest):
                services.assets.list(AssetQuery(project="DEMO", cursor=cursor))

    def test_a_list_with_products_shows_newest_and_approved_versions(
        self, services: Services, store: BlobStore
    ) -> None:
        make_project(services)
        make_asset(services, "a")
        make_asset(services, "b")
        publish(services, store, "DEMO/assets/a", "model", status="approved")
        publish(services, store, "DEMO/assets/a", "model")
        publish(services, store, "DEMO/assets/a", "rig")
        first, second = services.assets.list(AssetQuery(project="DEMO", with_products=True)).items
        assert second.products == ()
        assert first.products == services.products.list("DEMO/assets/a") == services.assets.get(first.id).products
        model, rig = first.products or ()
        assert (model.name, model.latest and model.latest.version) == ("model", "v002")
        assert model.approved is not None
        assert model.approved.version == "v001"
        assert (rig.name, rig.approved) == ("rig", None)
        assert services.assets.list(AssetQuery(project="DEMO")).items[0].products is None

    def test_a_rename_breaks_no_version(self, services: Services, store: BlobStore) -> None:
        make_project(services)
        asset = make_asset(services, "hero")
        version = publish(services, store, "DEMO/assets/hero")
        renamed = services.assets.update("DEMO/assets/hero", AssetUpdate(name="champion", revision=asset.revision))
        assert (renamed.id, renamed.path) == (asset.id, "DEMO/assets/champion")
        assert services.versions.get(version.id).reference == "DEMO/assets/champion/model@v001"
        assert services.versions.get("DEMO/assets/champion/model").id == version.id
        make_asset(services, "hero")
        with pytest.raises(AlreadyExists):
            services.assets.update("DEMO/assets/hero", AssetUpdate(name="Champion"))
        with pytest.raises(StaleWrite):
            services.assets.update("DEMO/assets/champion", AssetUpdate(name="x", revision=asset.revision))

    def test_a_shot_can_move_to_another_sequence(self, services: Services) -> None:
        make_project(services)
        shot = make_shot(services, "sh010", "sq010")
        moved = services.shots.update(shot.id, ShotUpdate(sequence="sq020", handles=4, tags=("late",)))
        assert (moved.path, moved.handles, moved.tags) == ("DEMO/shots/sq020/sh010", 4, ("late",))
        assert services.shots.get("DEMO/shots/sq020/sh010").id == shot.id

    def test_nothing_is_made_in_an_archived_project(self, services: Services) -> None:
        make_project(services)
        services.projects.update("DEMO", ProjectUpdate(archived=True))
        with pytest.raises(Conflict):
            make_asset(services)

    def test_entities_of_an_unknown_project_are_refused(self, services: Services) -> None:
        with pytest.raises(NotFound, match="nowhere"):
            make_asset(services, project="nowhere")
        with pytest.raises(NotFound):
            services.products.list("nowhere/assets/hero")
