"""Recovery gives back what the database held, from the store alone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from upkeep_library import blob_file, digest_of, fill, new_library, publish, stored, tables

from bifrost_core.bootstrap import Library, connect, recover_library
from bifrost_core.database.tables import EventRow
from bifrost_core.errors import Conflict, DatabaseUnavailable
from bifrost_core.models.base import new_id
from bifrost_core.models.dependency import DependencyQuery, Direction
from bifrost_core.models.event import EventQuery
from bifrost_core.models.project import ProjectUpdate
from bifrost_core.models.publish import PublishBegin, PublishCommit
from bifrost_core.models.search import SearchQuery
from bifrost_core.models.upkeep import RecoverReport
from bifrost_core.services.manifests import document_name, version_document
from bifrost_core.services.restoring.circles import in_circles
from bifrost_core.services.restoring.recovery import set_database_aside
from bifrost_core.settings import Settings

SETTINGS = Settings(login="eve")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with new_library(tmp_path / "library") as made:
        yield made


def recovered(library: Library) -> tuple[Library, RecoverReport]:
    """Lose the database and get it back."""
    library.close()
    for path in library.root.glob("library.db*"):
        path.unlink()
    report = recover_library(str(library.root), SETTINGS)
    return connect(str(library.root), SETTINGS), report


def change(library: Library, document: str, **changes: Any) -> None:
    """Tamper with a manifest: set fields of it, or of the row that it is of."""
    data = library.store.documents.read(document)
    assert data is not None
    content = json.loads(data)
    for key, value in changes.items():
        target = content if key in content else content[next(k for k in content if isinstance(content[k], dict))]
        target[key] = value
    library.store.documents.write(document, json.dumps(content).encode())


def manifest_of(library: Library, version_id: str) -> str:
    return version_document(library.projects.get("DEMO").id, version_id)


def test_every_table_is_as_before_when_the_database_was_lost(library: Library) -> None:
    made = fill(library)
    library.projects.update("DEMO", ProjectUpdate(name="Anders"))
    before = tables(library)
    versions = {version.id: library.versions.get(version.id) for key, version in made.items() if key != "model4"}
    again, report = recovered(library)
    with again:
        assert tables(again) == before
        assert {key: again.versions.get(key) for key in versions} == versions
        assert (report.projects, report.entities, report.versions, report.users) == (1, 3, 5, 2)
        assert report.skipped == ()
        assert report.missing_blobs == ()
        assert again.upkeep.verify().damaged == ()


def test_work_goes_on_when_the_database_was_recovered(library: Library) -> None:
    fill(library)
    again, _ = recovered(library)
    with again:
        assert again.versions.get("DEMO/assets/Hero/model@latest").number == 2
        assert again.versions.get("DEMO/assets/Hero/model@approved").number == 2
        version = publish(again, "DEMO/assets/Hero", "model", {"usd": {"hero.usda": b"new"}})
        assert version.number == 5  # the purged v004 is never given again
        found = again.search.find(SearchQuery(text="größer")).items
        assert found
        used_by = DependencyQuery(version="DEMO/assets/Hero/texture@v001", direction=Direction.USED_BY)
        assert len(again.dependencies.list(used_by)) == 3
        assert again.upkeep.collect_garbage().manifests == 0


def test_one_event_tells_of_it_when_the_database_was_recovered(library: Library) -> None:
    fill(library)
    again, _ = recovered(library)
    with again:
        (event,) = again.events.list(EventQuery())
        assert (event.topic, event.author, event.project) == ("library.recovered", "eve", None)
        assert event.payload == {"projects": 1, "entities": 3, "versions": 5, "users": 2}


def test_recovering_again_gives_the_same_when_nothing_changed(library: Library) -> None:
    fill(library)
    again, _ = recovered(library)
    before = tables(again)
    twice, _ = recovered(again)
    with twice:
        assert tables(twice) == before


def test_a_version_stays_gone_when_its_manifest_outlived_the_purge(library: Library) -> None:
    made = fill(library)
    name = manifest_of(library, made["model3"].id)
    data = library.store.documents.read(name)
    assert data is not None
    library.versions.purge(made["model3"].id)
    library.store.documents.write(name, data)
    before = tables(library)
    again, report = recovered(library)
    with again:
        assert tables(again) == before
        assert "was purged" in report.skipped[0]


def test_missing_files_are_told_when_the_store_lost_them(library: Library) -> None:
    made = fill(library)
    blob_file(library, digest_of(made["anim"])).unlink()
    again, report = recovered(library)
    with again:
        assert report.missing_blobs == (digest_of(made["anim"]),)
        assert again.versions.get("DEMO/shots/ep01/sq010/sh020/animation@v001").id == made["anim"].id


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"format": 1}',
        b'{"format": 99, "versions": {}}',
        b"[" * 100_000,
        b'{"format": 1, "versions": {"id": "../../etc"}, "representations": [], "dependencies": []}',
    ],
)
def test_a_broken_manifest_is_told_and_left_out_when_others_are_right(library: Library, data: bytes) -> None:
    made = fill(library)
    name = manifest_of(library, made["model1"].id)
    library.store.documents.write(name, data)
    again, report = recovered(library)
    with again:
        assert report.versions == 4
        assert [text for text in report.skipped if text.startswith(name)]


def test_other_documents_are_told_when_they_are_no_manifests(library: Library) -> None:
    fill(library)
    library.store.documents.write("manifests/projects/notes.json", b"{}")
    again, report = recovered(library)
    with again:
        assert report.skipped == ("manifests/projects/notes.json: this is no name of a manifest",)


def test_a_number_is_never_given_again_when_its_manifest_is_broken(library: Library) -> None:
    made = fill(library)
    version = publish(library, "DEMO/assets/Hero", "model", {"usd": {"hero.usda": b"five"}})
    change(library, manifest_of(library, version.id), created="yesterday")
    again, report = recovered(library)
    with again:
        assert made
        assert report.versions == 5
        assert publish(again, "DEMO/assets/Hero", "model", {"usd": {"hero.usda": b"x"}}).number == version.number + 1


def test_the_older_version_keeps_its_number_when_two_claim_it(library: Library) -> None:
    made = fill(library)
    change(library, manifest_of(library, made["model2"].id), number=1)
    again, report = recovered(library)
    with again:
        assert again.versions.get("DEMO/assets/Hero/model@v001").id == made["model1"].id
        assert report.versions == 4
        assert [text for text in report.skipped if made["model2"].id in text and made["model1"].id in text]


def test_the_older_version_keeps_its_number_when_it_is_read_later(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More versions than are looked at together: the younger one is in the database when the older one comes."""
    monkeypatch.setattr("bifrost_core.services.restoring.restored._MOST", 2)
    fill(library)
    first = publish(library, "DEMO/assets/kiste", "model", {"usd": {"a.usda": b"first"}})
    last = first
    for number in range(4):
        last = publish(library, "DEMO/assets/kiste", "model", {"usd": {"a.usda": b"%d" % number}})
    change(library, manifest_of(library, last.id), number=1, created="2001-01-01T00:00:00+00:00")
    again, report = recovered(library)
    with again:
        assert again.versions.get("DEMO/assets/kiste/model@v001").id == last.id
        assert report.versions == 5 + 4
        assert [text for text in report.skipped if first.id in text]


def test_versions_are_told_when_the_manifest_of_their_entity_is_gone(library: Library) -> None:
    made = fill(library)
    project, asset = library.projects.get("DEMO").id, library.assets.get("DEMO/assets/Hero").id
    library.store.documents.delete(f"manifests/projects/{project}/entities/{asset}.json")
    again, report = recovered(library)
    with again:
        assert (report.entities, report.versions) == (2, 1)
        assert sum("belongs to a product that is not there" in text for text in report.skipped) == 4
        assert [text for text in report.skipped if "animation@v001 uses" in text and made["model2"].id in text]


def test_everything_is_told_when_the_manifest_of_the_project_is_gone(library: Library) -> None:
    fill(library)
    library.store.documents.delete(f"manifests/projects/{library.projects.get('DEMO').id}/project.json")
    again, report = recovered(library)
    with again:
        assert (report.projects, report.entities, report.versions, report.users) == (0, 0, 0, 2)
        assert sum("belongs to a project that is not there" in text for text in report.skipped) == 3


def test_a_dependency_is_left_out_when_it_would_close_a_circle(library: Library) -> None:
    made = fill(library)
    use = [{"used_id": made["anim"].id, "kind": "reference"}]
    change(library, manifest_of(library, made["model2"].id), dependencies=use)
    again, report = recovered(library)
    with again:
        assert again.dependencies.list(DependencyQuery(version=made["model2"].id)) == ()
        assert sum("a circle" in text for text in report.skipped) == 2
        assert report.versions == 5


def test_an_entity_is_told_when_another_has_its_name(library: Library) -> None:
    fill(library)
    box = library.assets.get("DEMO/assets/kiste")
    name = f"manifests/projects/{library.projects.get('DEMO').id}/entities/{box.id}.json"
    change(library, name, name="HERO")
    again, report = recovered(library)
    with again:
        assert report.entities == 2
        assert [text for text in report.skipped if box.id in text]


def test_a_manifest_is_left_out_when_it_claims_another_project(library: Library) -> None:
    made = fill(library)
    data = library.store.documents.read(manifest_of(library, made["model1"].id))
    assert data is not None
    stranger = version_document(new_id(), made["model1"].id)
    library.store.documents.delete(manifest_of(library, made["model1"].id))
    library.store.documents.write(stranger, data)
    again, report = recovered(library)
    with again:
        assert report.versions == 4
        assert [text for text in report.skipped if made["model1"].id in text]


def test_a_publish_that_was_open_is_no_version_when_the_database_was_lost(library: Library) -> None:
    fill(library)
    token = new_id()
    library.publishes.begin(PublishBegin(token=token, entity="DEMO/assets/Hero", product="model"))
    representations = stored(library, {"usd": {"a.usda": b"half done"}})
    again, report = recovered(library)
    with again:
        assert report.versions == 5
        again.publishes.begin(PublishBegin(token=token, entity="DEMO/assets/Hero", product="model"))
        version = again.publishes.commit(PublishCommit(token=token, representations=representations))
        assert version.number == 5


# --- the old database ------------------------------------------------------------------------------------------------


def test_recover_refuses_when_there_is_a_database_with_projects(library: Library) -> None:
    fill(library)
    before = tables(library)
    library.close()
    with pytest.raises(Conflict, match="1 project"):
        recover_library(str(library.root), SETTINGS)
    with connect(str(library.root), SETTINGS) as again:
        assert tables(again) == before


def test_the_old_database_is_kept_when_it_is_replaced_by_force(library: Library) -> None:
    fill(library)
    before = tables(library)
    with library.database.reading() as session:
        events = session.scalar(select(func.count(EventRow.id)))
    library.close()
    recover_library(str(library.root), SETTINGS, force=True)
    with connect(str(library.root), SETTINGS) as again:
        assert tables(again) == before
    (aside,) = library.root.glob("library.db.before-recover-*")
    with closing(sqlite3.connect(aside)) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (events,)


def test_a_damaged_database_is_replaced_only_by_force(library: Library) -> None:
    fill(library)
    before = tables(library)
    library.close()
    path = library.root / "library.db"
    path.write_bytes(b"no database at all, for sure" * 1000)
    with pytest.raises(Conflict, match="cannot be read"):
        recover_library(str(library.root), SETTINGS)
    recover_library(str(library.root), SETTINGS, force=True)
    with connect(str(library.root), SETTINGS) as again:
        assert tables(again) == before
    assert list(library.root.glob("library.db.before-recover-*"))


def test_the_database_stays_when_somebody_uses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bifrost_core.services.restoring.recovery._BUSY_TIMEOUT", 0.2)
    with new_library(tmp_path / "library") as library:
        fill(library)
        before = tables(library)
        with library.database.reading() as session:
            session.execute(select(EventRow.id))
            with pytest.raises(DatabaseUnavailable):
                set_database_aside(library.root / "library.db", force=True)
        assert tables(library) == before


def test_nothing_is_set_aside_when_there_is_no_database(tmp_path: Path) -> None:
    set_database_aside(tmp_path / "library.db", force=False)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_is_set_aside_when_it_has_no_projects(library: Library) -> None:
    library.close()
    set_database_aside(library.root / "library.db", force=False)
    assert not (library.root / "library.db").exists()


def test_recover_gives_an_empty_library_when_the_store_is_empty(library: Library) -> None:
    again, report = recovered(library)
    with again:
        assert (report.projects, report.versions, report.skipped) == (0, 0, ())
        assert again.projects.list() == ()


# --- circles ---------------------------------------------------------------------------------------------------------


def test_no_node_is_in_a_circle_when_there_is_none() -> None:
    assert in_circles([("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")]) == set()


def test_the_nodes_of_circles_are_found_when_there_are_some() -> None:
    edges = [("start", "a"), ("a", "b"), ("b", "a"), ("b", "end"), ("self", "self"), ("x", "y")]
    assert in_circles(edges) == {"a", "b", "self"}


def test_a_manifest_has_the_name_that_it_is_found_by_when_it_is_written(library: Library) -> None:
    from bifrost_core.database.tables import VersionRow

    made = fill(library)
    with library.database.reading() as session:
        row = session.get(VersionRow, made["anim"].id)
        assert row is not None
        assert document_name(session, row) == manifest_of(library, made["anim"].id)
