"""The clean-up takes what no version uses, and never anything else."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest
from sqlalchemy import select, update
from upkeep_library import blob_file, digest_of, fill, new_library, publish, stored, tables

from bifrost_core.bootstrap import Library
from bifrost_core.database.tables import PublishRow
from bifrost_core.errors import BlobNotFound, Conflict, InvalidRequest, StorageReadOnly
from bifrost_core.models.asset import AssetCreate, AssetUpdate
from bifrost_core.models.base import new_id, utc_now
from bifrost_core.models.project import ProjectCreate
from bifrost_core.models.publish import PublishBegin, PublishCommit, PublishState
from bifrost_core.services.manifests import version_document
from bifrost_core.storage.views import ViewFile

_HOURS = 3600


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with new_library(tmp_path / "library") as made:
        yield made


def put(library: Library, data: bytes, *, hours_ago: float = 0) -> str:
    sha256: str = library.store.put(io.BytesIO(data)).sha256
    age(blob_file(library, sha256), hours_ago)
    return sha256


def age(path: Path, hours: float) -> None:
    then = time.time() - hours * _HOURS
    os.utime(path, (then, then))


def begin(library: Library, *, begun_hours_ago: float = 0) -> str:
    token = new_id()
    library.publishes.begin(PublishBegin(token=token, entity="DEMO/assets/Hero", product="model"))
    begun = utc_now() - timedelta(hours=begun_hours_ago)
    with library.database.writing() as session:
        session.execute(
            update(PublishRow).where(PublishRow.token == token).values(begun=begun, expires=begun + timedelta(hours=24))
        )
    return token


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(root)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.startswith("library.db")
    }


def test_gc_changes_nothing_when_it_is_not_told_to(library: Library) -> None:
    made = fill(library)
    unused = put(library, b"nobody's", hours_ago=5)
    begin(library, begun_hours_ago=30)
    left = library.store.temporary / "left"  # type: ignore[attr-defined]
    left.write_bytes(b"x")
    age(left, 5)
    files, rows = snapshot(library.root), tables(library)
    report = library.upkeep.collect_garbage()
    assert not report.applied
    assert [blob.sha256 for blob in report.blobs] == [unused]
    assert (report.size, report.temporary, report.publishes) == (8, 1, 1)
    assert snapshot(library.root) == files
    assert tables(library) == rows
    assert made


def test_gc_removes_what_it_showed_when_it_is_told_to(library: Library) -> None:
    fill(library)
    put(library, b"nobody's", hours_ago=5)
    token = begin(library, begun_hours_ago=30)
    left = library.store.temporary / "left"  # type: ignore[attr-defined]
    left.write_bytes(b"x")
    age(left, 5)
    shown = library.upkeep.collect_garbage()
    report = library.upkeep.collect_garbage(apply=True)
    assert report.applied
    assert report.model_copy(update={"applied": False}) == shown
    assert library.publishes.get(token).state is PublishState.ABORTED
    again = library.upkeep.collect_garbage(apply=True)
    assert (again.blobs, again.temporary, again.publishes, again.size) == ((), 0, 0, 0)
    assert library.upkeep.verify().damaged == ()


def test_gc_spares_what_is_young_when_nobody_uses_it(library: Library) -> None:
    young, old = put(library, b"young", hours_ago=0.5), put(library, b"old", hours_ago=2)
    assert [blob.sha256 for blob in library.upkeep.collect_garbage(apply=True).blobs] == [old]
    assert library.store.missing([young, old]) == {old}
    assert [blob.sha256 for blob in library.upkeep.collect_garbage(apply=True, grace_hours=0).blobs] == [young]


def test_gc_spares_what_an_open_publish_put_when_it_takes_longer_than_the_grace(library: Library) -> None:
    fill(library)
    begin(library, begun_hours_ago=10)
    mine, before = put(library, b"mine", hours_ago=9), put(library, b"before", hours_ago=12)
    report = library.upkeep.collect_garbage(apply=True, grace_hours=0)
    assert before in [blob.sha256 for blob in report.blobs]
    assert library.store.missing([mine]) == set()


def test_gc_takes_the_files_of_an_abandoned_publish_when_its_time_is_over(library: Library) -> None:
    fill(library)
    begin(library, begun_hours_ago=30)
    mine = put(library, b"mine", hours_ago=29)
    assert mine in [blob.sha256 for blob in library.upkeep.collect_garbage(apply=True, grace_hours=0).blobs]


def test_gc_takes_the_files_of_a_purged_version_when_nobody_else_has_them(library: Library) -> None:
    made = fill(library)
    age(blob_file(library, digest_of(made["model4"])), 5)
    age(blob_file(library, digest_of(made["model1"])), 5)
    assert [blob.sha256 for blob in library.upkeep.collect_garbage(apply=True).blobs] == [digest_of(made["model4"])]
    assert library.upkeep.verify().damaged == ()


@pytest.mark.parametrize("grace", [-1, float("nan"), float("inf")])
def test_gc_refuses_when_the_grace_is_no_time(library: Library, grace: float) -> None:
    with pytest.raises(InvalidRequest):
        library.upkeep.collect_garbage(grace_hours=grace)


def test_gc_refuses_when_another_library_has_versions_in_the_store(tmp_path: Path) -> None:
    with new_library(tmp_path / "first") as first, new_library(tmp_path / "second") as second:
        made = fill(first)
        store = first.root / "store"
        (second.root / "store").rename(second.root / "own")
        (second.root / "store").symlink_to(store, target_is_directory=True)
        for path in (store / "blobs").rglob("*"):
            if path.is_file():
                age(path, 5)
        for apply in (False, True):
            with pytest.raises(Conflict, match="5 versions"):
                second.upkeep.collect_garbage(apply=apply)
        assert first.upkeep.verify().damaged == ()
        assert made


@pytest.mark.parametrize("cut", [0, 40])
def test_gc_keeps_the_files_of_a_version_when_only_its_manifest_knows_it(library: Library, cut: int) -> None:
    """As it is after `recover` had to leave a version out, or when the database is an old copy."""
    made = fill(library)
    sha256 = put(library, b"of the unknown version", hours_ago=5)
    age(blob_file(library, digest_of(made["model4"])), 5)
    data = library.store.documents.read(version_document(library.projects.get("DEMO").id, made["anim"].id))
    assert data is not None
    text = data.replace(digest_of(made["anim"]).encode(), sha256.encode())
    library.store.documents.write(version_document(library.projects.get("DEMO").id, new_id()), text[cut:])
    report = library.upkeep.collect_garbage(apply=True)
    assert report.unknown == 1
    assert [blob.sha256 for blob in report.blobs] == [digest_of(made["model4"])]
    assert library.store.missing([sha256]) == set()


def test_gc_removes_a_manifest_when_its_version_was_purged_and_a_crash_left_it(library: Library) -> None:
    made = fill(library)
    name = version_document(library.projects.get("DEMO").id, made["model4"].id)
    library.store.documents.write(name, b"{}")
    assert library.upkeep.collect_garbage().documents == 1
    assert library.store.documents.read(name) == b"{}"
    assert library.upkeep.collect_garbage(apply=True).documents == 1
    assert library.store.documents.read(name) is None


def test_gc_says_what_is_wrong_when_nothing_can_be_removed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    old = put(library, b"old", hours_ago=5)

    def refuse(sha256: str) -> None:
        raise StorageReadOnly("The store may not be written.")

    monkeypatch.setattr(library.store, "delete", refuse)
    with pytest.raises(StorageReadOnly):
        library.upkeep.collect_garbage(apply=True)
    monkeypatch.undo()
    assert library.store.missing([old]) == set()


# --- views -----------------------------------------------------------------------------------------------------------


def shown(library: Library, version: str, data: bytes) -> Path:
    """Show a blob at a version's place in the view."""
    sha256 = library.store.put(io.BytesIO(data)).sha256
    file = ViewFile(name=None, sha256=sha256, size=len(data))
    (path,) = library.view.add(PurePosixPath(version, "file.usda"), (file,))
    return Path(path)


def test_gc_removes_a_view_folder_when_its_version_is_gone(library: Library) -> None:
    fill(library)
    kept = shown(library, "DEMO/assets/Hero/model/v001", b"#usda 1")
    gone = shown(library, "DEMO/assets/Hero/model/v004", b"#usda 4")
    age(gone, 5)  # it is a link to the blob, which goes with it
    assert library.upkeep.collect_garbage().views == 1
    assert gone.exists()
    assert library.upkeep.collect_garbage(apply=True).views == 1
    assert not gone.parent.exists()
    assert kept.read_bytes() == b"#usda 1"
    assert library.upkeep.collect_garbage(apply=True).views == 0


def test_gc_removes_the_old_view_folder_when_an_asset_was_renamed(library: Library) -> None:
    fill(library)
    old = shown(library, "DEMO/assets/Hero/model/v001", b"#usda 1")
    library.assets.update("DEMO/assets/Hero", AssetUpdate(name="Heldin"))
    new = shown(library, "DEMO/assets/Heldin/model/v001", b"#usda 1")
    assert library.upkeep.collect_garbage(apply=True).views == 1
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize("change", ["edited", "added", "set aside"])
def test_gc_keeps_a_view_folder_when_somebody_changed_it(library: Library, change: str) -> None:
    fill(library)
    path = shown(library, "DEMO/assets/Hero/model/v004", b"#usda 4")
    if change == "edited":
        path.unlink()
        path.write_bytes(b"my work")
    elif change == "added":
        path.with_name("notes.txt").write_bytes(b"my notes")
    else:
        aside = path.with_name("file.usda.modified-20260101T000000Z")
        aside.write_bytes(b"my older work")
        aside.chmod(0o444)
    report = library.upkeep.collect_garbage(apply=True, grace_hours=0)
    assert report.views == 0
    assert report.kept_views == ("DEMO/assets/Hero/model/v004",)
    assert path.exists()


def test_gc_leaves_folders_alone_when_they_are_no_versions(library: Library) -> None:
    fill(library)
    for folder in ("v001", "notes/v001", "DEMO/assets/Hero/v001", "DEMO/assets/Hero/model/old", "a/b/c/d/v001"):
        (library.view.root / folder).mkdir(parents=True)
    report = library.upkeep.collect_garbage(apply=True, grace_hours=0)
    assert (report.views, report.kept_views) == (0, ())
    assert (library.view.root / "a/b/c/d/v001").is_dir()


# --- races -----------------------------------------------------------------------------------------------------------


def test_every_publish_succeeds_when_the_clean_up_races_it(tmp_path: Path) -> None:
    """The files are old and unused before each publish: the worst that the clean-up can meet."""
    done, failures, removed = threading.Event(), [], 0

    def publish_all() -> None:
        try:
            with new_library(tmp_path / "library") as library:
                for number in range(40):
                    publish_patiently(library, b"content %d" % number)
        except BaseException as exc:  # noqa: BLE001 - the main thread shows it
            failures.append(exc)
        finally:
            done.set()

    with new_library(tmp_path / "library") as library:
        library.projects.create(ProjectCreate(code="DEMO"))
        library.assets.create(AssetCreate(project="DEMO", name="Hero"))
        for number in range(40):
            put(library, b"content %d" % number, hours_ago=5)
        thread = threading.Thread(target=publish_all)
        thread.start()
        while not done.is_set():
            removed += len(library.upkeep.collect_garbage(apply=True, grace_hours=0).blobs)
        thread.join()
        assert failures == []
        assert library.versions.get("DEMO/assets/Hero/model@latest").number == 40
        report = library.upkeep.verify()
        assert (report.blobs, report.damaged, report.missing_manifests) == (40, (), ())
        assert removed


def publish_patiently(library: Library, data: bytes) -> None:
    """Publish as the workflow does: what is missing at the commit is put again."""
    token = new_id()
    library.publishes.begin(PublishBegin(token=token, entity="DEMO/assets/Hero", product="model"))
    while True:
        representations = stored(library, {"usd": {"a.usda": data}})
        try:
            library.publishes.commit(PublishCommit(token=token, representations=representations))
        except BlobNotFound as exc:
            assert exc.details["missing"] == [representations[0].files[0].sha256]
        else:
            return


def test_the_clean_up_waits_when_a_commit_is_under_way(library: Library) -> None:
    fill(library)
    old = put(library, b"old", hours_ago=5)
    with library.database.writing() as session:
        session.execute(select(PublishRow.token))
        thread = threading.Thread(target=lambda: library.upkeep.collect_garbage(apply=True))
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        assert library.store.missing([old]) == set()
    thread.join()
    assert library.store.missing([old]) == {old}


def test_gc_spares_a_blob_when_it_is_put_again_meanwhile(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the list and the removal a publisher puts the same bytes again."""
    old = put(library, b"old", hours_ago=5)
    listed = library.store.list

    def list_and_put() -> object:
        blobs = list(listed())
        library.store.put(io.BytesIO(b"old"))
        return iter(blobs)

    monkeypatch.setattr(library.store, "list", list_and_put)
    assert library.upkeep.collect_garbage(apply=True).blobs == ()
    assert library.store.missing([old]) == set()


def test_gc_finds_a_version_published_again_when_its_file_was_garbage(library: Library) -> None:
    made = fill(library)
    data = b"#usda 4"
    age(blob_file(library, digest_of(made["model4"])), 5)
    publish(library, "DEMO/assets/Hero", "model", {"usd": {"hero.usda": data}})
    age(blob_file(library, digest_of(made["model4"])), 5)
    assert library.upkeep.collect_garbage(apply=True).blobs == ()
