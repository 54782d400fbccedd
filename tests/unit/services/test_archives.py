"""A project goes into an archive and comes back the same; an archive of a stranger does no harm."""

from __future__ import annotations

import hashlib
import json
import os
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Optional

import pytest
from sqlalchemy import select
from upkeep_library import blob_file, digest_of, fill, new_library, publish, set_status, tables

from bifrost_core.bootstrap import Library
from bifrost_core.database.tables import EventRow
from bifrost_core.errors import (
    AlreadyExists,
    BifrostError,
    BlobCorrupt,
    Cancelled,
    Conflict,
    InvalidRequest,
    NotFound,
)
from bifrost_core.models.asset import AssetCreate
from bifrost_core.models.base import new_id
from bifrost_core.models.dependency import DependencyQuery
from bifrost_core.models.event import EventQuery
from bifrost_core.models.project import ProjectCreate, ProjectUpdate
from bifrost_core.models.search import SearchQuery
from bifrost_core.models.task import TaskCreate


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with new_library(tmp_path / "library") as made:
        yield made


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Library]:
    with new_library(tmp_path / "other", login="zoe") as made:
        yield made


@pytest.fixture
def archive(library: Library, tmp_path: Path) -> Path:
    fill(library)
    path = tmp_path / "demo.zip"
    library.upkeep.export_project("DEMO", path)
    return path


def rewritten(archive: Path, change: Callable[[dict[str, bytes]], Optional[dict[str, bytes]]]) -> Path:
    """Make the archive anew with other parts."""
    with zipfile.ZipFile(archive) as opened:
        parts = {name: opened.read(name) for name in opened.namelist()}
    parts = change(parts) or parts
    path = archive.with_name("hostile.zip")
    with zipfile.ZipFile(path, "w") as target:
        for name, data in parts.items():
            kind = zipfile.ZIP_STORED if name.startswith("blobs/") else zipfile.ZIP_DEFLATED
            target.writestr(name, data, compress_type=kind)
    return path


def with_manifests(parts: dict[str, bytes], change: Callable[[str, dict[str, Any]], None]) -> None:
    """Change each manifest of an archive's parts."""
    lines = []
    for line in parts["manifests.jsonl"].splitlines():
        name, _, data = line.partition(b"\t")
        content = json.loads(data)
        change(name.decode(), content)
        lines.append(name + b"\t" + json.dumps(content).encode())
    parts["manifests.jsonl"] = b"\n".join(lines) + b"\n"


# --- there and back --------------------------------------------------------------------------------------------------


def test_every_table_is_the_same_when_a_project_was_imported(library: Library, other: Library, tmp_path: Path) -> None:
    made = fill(library)
    told: list[int] = []
    exported = library.upkeep.export_project("demo", tmp_path / "demo.zip", progress=told.append)
    assert (exported.project, exported.entities, exported.versions, exported.blobs) == ("DEMO", 3, 5, 6)
    assert exported.size == sum(told) == 33
    told.clear()
    imported = other.upkeep.import_project(tmp_path / "demo.zip", progress=told.append)
    assert (imported.project, imported.entities, imported.versions, imported.blobs) == ("DEMO", 3, 5, 6)
    assert imported.size == sum(told) == 33
    assert imported.skipped == ()
    assert tables(other) == tables(library)
    for key, version in made.items():
        if key != "model4":
            assert other.versions.get(version.id) == library.versions.get(version.id)
    assert other.upkeep.verify().damaged == ()


def test_the_store_alone_is_enough_when_a_project_was_imported(other: Library, archive: Path) -> None:
    other.upkeep.import_project(archive)
    assert other.upkeep.verify().missing_manifests == ()
    assert other.upkeep.collect_garbage(grace_hours=0).blobs == ()
    assert sum(1 for _ in other.store.documents.list("manifests/")) == 2 + 1 + 3 + 5


def test_one_event_tells_of_it_when_a_project_was_imported(other: Library, archive: Path) -> None:
    other.upkeep.import_project(archive)
    (event,) = other.events.list(EventQuery())
    assert (event.topic, event.author, event.project, event.reference) == ("project.imported", "zoe", "DEMO", "DEMO")


def test_nothing_changes_when_an_archive_is_imported_twice(other: Library, archive: Path) -> None:
    other.upkeep.import_project(archive)
    before, events = tables(other), len(other.events.list(EventQuery()))
    again = other.upkeep.import_project(archive)
    assert (again.entities, again.versions, again.blobs, again.size) == (0, 0, 0, 0)
    assert tables(other) == before
    assert len(other.events.list(EventQuery())) == events


def test_what_is_new_is_added_when_part_of_the_project_is_there(
    library: Library, other: Library, archive: Path, tmp_path: Path
) -> None:
    other.upkeep.import_project(archive)
    library.assets.create(AssetCreate(project="DEMO", name="neu"))
    library.tasks.create(TaskCreate(entity="DEMO/assets/Hero", type="rigging"))
    publish(library, "DEMO/assets/Hero", "rig", {"ma": {"rig.ma": b"rig"}}, depends=("DEMO/assets/Hero/model@v001",))
    publish(library, "DEMO/assets/Hero", "model", {"usd": {"hero.usda": b"#usda 5"}}, depends=())
    library.upkeep.export_project("DEMO", tmp_path / "more.zip")
    report = other.upkeep.import_project(tmp_path / "more.zip")
    assert (report.entities, report.versions, report.blobs) == (1, 2, 2)
    assert tables(other) == tables(library)
    assert other.versions.get("DEMO/assets/Hero/model@latest").number == 5
    assert [hit.reference for hit in other.search.find(SearchQuery(text="rig")).items]


def test_what_the_library_changed_stays_when_an_older_archive_is_imported(other: Library, archive: Path) -> None:
    other.upkeep.import_project(archive)
    version = other.versions.get("DEMO/assets/Hero/model@v001")
    set_status(other, version, "omit")
    other.projects.update("DEMO", ProjectUpdate(name="Mein Film"))
    before = tables(other)
    other.upkeep.import_project(archive)
    assert tables(other) == before


def test_a_purged_version_stays_gone_when_it_is_imported_again(other: Library, archive: Path) -> None:
    other.upkeep.import_project(archive)
    version = other.versions.get("DEMO/assets/Hero/model@v003")
    other.versions.purge(version.id)
    before = tables(other)
    report = other.upkeep.import_project(archive)
    assert tables(other) == before
    assert [text for text in report.skipped if version.id in text]


def test_a_damaged_blob_is_mended_when_the_project_is_imported_again(other: Library, archive: Path) -> None:
    other.upkeep.import_project(archive)
    blob_file(other, digest_of(other.versions.get("DEMO/assets/Hero/model@v001"))).unlink()
    assert other.upkeep.verify().damaged
    assert other.upkeep.import_project(archive).blobs == 1
    assert other.upkeep.verify().damaged == ()


def test_a_project_gets_another_code_when_its_own_is_taken(other: Library, archive: Path) -> None:
    other.projects.create(ProjectCreate(code="Demo"))
    before = tables(other)
    with pytest.raises(AlreadyExists, match="Demo"):
        other.upkeep.import_project(archive)
    assert tables(other) == before
    report = other.upkeep.import_project(archive, code="DEMO2")
    assert report.project == "DEMO2"
    assert other.versions.get("DEMO2/assets/Hero/model@v001").project == "DEMO2"
    with pytest.raises(Conflict, match="DEMO2"):
        other.upkeep.import_project(archive, code="DEMO3")
    with pytest.raises(InvalidRequest):
        other.upkeep.import_project(archive, code="../x")


def test_users_are_the_same_when_their_logins_are(other: Library, archive: Path) -> None:
    other.assets  # noqa: B018 - the author of the archive is a user here already, with another id
    with new_library(other.root, login="ANN") as same:
        same.projects.create(ProjectCreate(code="MINE"))
    other.upkeep.import_project(archive)
    assert sorted(user.login for user in other.users.list()) == ["ANN", "bob@studio"]


def test_versions_of_other_projects_are_told_when_the_library_lacks_them(
    library: Library, other: Library, tmp_path: Path
) -> None:
    fill(library)
    library.projects.create(ProjectCreate(code="FILM"))
    library.assets.create(AssetCreate(project="FILM", name="set"))
    files = {"usd": {"set.usda": b"set"}}
    user = publish(library, "FILM/assets/set", "layout", files, depends=("DEMO/assets/Hero/model@v001",))
    library.upkeep.export_project("FILM", tmp_path / "film.zip")
    library.upkeep.export_project("DEMO", tmp_path / "demo.zip")
    report = other.upkeep.import_project(tmp_path / "film.zip")
    assert report.skipped == ("FILM/assets/set/layout@v001 uses DEMO/assets/Hero/model@v001, which is not there",)
    assert other.dependencies.list(DependencyQuery(version=user.id)) == ()
    other.upkeep.import_project(tmp_path / "demo.zip")
    assert other.upkeep.import_project(tmp_path / "film.zip").skipped == ()
    (link,) = other.dependencies.list(DependencyQuery(version=user.id))
    assert link.used.reference == "DEMO/assets/Hero/model@v001"
    assert other.upkeep.collect_garbage().manifests == 0


# --- refusals --------------------------------------------------------------------------------------------------------


def test_an_import_is_refused_when_a_number_was_given_to_another_version(
    library: Library, other: Library, archive: Path, tmp_path: Path
) -> None:
    other.upkeep.import_project(archive)
    publish(other, "DEMO/assets/Hero", "model", {"usd": {"hero.usda": b"theirs"}})
    ours = publish(library, "DEMO/assets/Hero", "model", {"usd": {"hero.usda": b"ours"}})
    library.assets.create(AssetCreate(project="DEMO", name="neu"))
    library.upkeep.export_project("DEMO", tmp_path / "more.zip")
    before = tables(other)
    with pytest.raises(Conflict, match="number of another version"):
        other.upkeep.import_project(tmp_path / "more.zip")
    assert tables(other) == before
    assert other.store.missing([digest_of(ours)]) == {digest_of(ours)}


@pytest.mark.parametrize("taken", ["asset", "product"])
def test_an_import_is_refused_when_a_name_was_given_to_something_else(
    library: Library, other: Library, archive: Path, tmp_path: Path, taken: str
) -> None:
    other.upkeep.import_project(archive)
    for place, name in ((library, "Neu"), (other, "neu")):
        if taken == "asset":
            place.assets.create(AssetCreate(project="DEMO", name=name))
        else:
            publish(place, "DEMO/assets/kiste", name, {"usd": {"a.usda": b"a"}})
    library.upkeep.export_project("DEMO", tmp_path / "more.zip")
    before = tables(other)
    with pytest.raises(Conflict):
        other.upkeep.import_project(tmp_path / "more.zip")
    assert tables(other) == before


def test_an_export_is_refused_when_there_is_a_file(library: Library, archive: Path) -> None:
    data = archive.read_bytes()
    with pytest.raises(AlreadyExists):
        library.upkeep.export_project("DEMO", archive)
    assert archive.read_bytes() == data


@pytest.mark.parametrize("damage", ["missing", "corrupt", "cancelled", "no folder", "no project"])
def test_an_export_leaves_nothing_when_it_fails(library: Library, tmp_path: Path, damage: str) -> None:
    made = fill(library)
    blob = blob_file(library, digest_of(made["anim"]))
    folder = tmp_path / "exports"
    folder.mkdir()
    path = folder / "demo.zip"

    def cancel(_: int) -> None:
        raise Cancelled("enough")

    if damage == "missing":
        blob.unlink()
    elif damage == "corrupt":
        blob.chmod(0o644)
        blob.write_bytes(b"xyz")
    code = {"corrupt": BlobCorrupt, "cancelled": Cancelled, "no folder": InvalidRequest, "no project": NotFound}
    with pytest.raises(code.get(damage, BifrostError)):
        library.upkeep.export_project(
            "NOPE" if damage == "no project" else "DEMO",
            folder / "no" / "demo.zip" if damage == "no folder" else path,
            progress=cancel if damage == "cancelled" else None,
        )
    assert list(folder.iterdir()) == []


def test_an_import_changes_nothing_when_it_is_cancelled(other: Library, archive: Path) -> None:
    def cancel(_: int) -> None:
        raise Cancelled("enough")

    before = tables(other)
    with pytest.raises(Cancelled):
        other.upkeep.import_project(archive, progress=cancel)
    assert tables(other) == before
    assert other.upkeep.import_project(archive).versions == 5


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x03\x04" + b"\0" * 100])
def test_a_file_is_refused_when_it_is_no_archive(other: Library, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(InvalidRequest, match="no usable archive"):
        other.upkeep.import_project(path)
    with pytest.raises(InvalidRequest, match="does not exist"):
        other.upkeep.import_project(tmp_path / "nothing.zip")


def test_a_blob_is_named_when_it_is_damaged_in_the_archive(other: Library, archive: Path) -> None:
    def damage(parts: dict[str, bytes]) -> None:
        name = next(name for name, data in parts.items() if data == b"abc")
        parts[name] = b"xyz"

    before = tables(other)
    with pytest.raises(BlobCorrupt) as caught:
        other.upkeep.import_project(rewritten(archive, damage))
    assert caught.value.details["sha256"] == hashlib.sha256(b"abc").hexdigest()
    assert tables(other) == before
    assert other.store.missing([hashlib.sha256(b"xyz").hexdigest()])


def test_a_bit_is_noticed_when_it_flips_anywhere_in_the_archive(other: Library, archive: Path) -> None:
    """Either the import is refused, or what was flipped meant nothing and the result is the same."""
    data = archive.read_bytes()
    other.upkeep.import_project(archive)
    before = tables(other)
    path = archive.with_name("flipped.zip")
    for position in range(0, len(data), max(1, len(data) // 40)):
        path.write_bytes(data[:position] + bytes([data[position] ^ 0x10]) + data[position + 1 :])
        with suppress(BifrostError):
            other.upkeep.import_project(path)
        assert tables(other) == before


def _without(name: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda parts: {key: data for key, data in parts.items() if key != name}


def _with(name: str, data: bytes = b"x") -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda parts: {**parts, name: data}


def _manifest(change: Callable[[str, dict[str, Any]], None]) -> Callable[[dict[str, bytes]], None]:
    return lambda parts: with_manifests(parts, change)


def _versions(field: str, value: Any) -> Callable[[dict[str, bytes]], None]:
    def change(name: str, content: dict[str, Any]) -> None:
        if "versions" in content:
            content["versions"][field] = value

    return _manifest(change)


def _files(field: str, value: Any) -> Callable[[dict[str, bytes]], None]:
    def change(name: str, content: dict[str, Any]) -> None:
        for representation in content.get("representations", []):
            representation["files"][0][field] = value

    return _manifest(change)


def _entities(field: str, value: Any) -> Callable[[dict[str, bytes]], None]:
    def change(name: str, content: dict[str, Any]) -> None:
        if "entities" in content:
            content["entities"][field] = value

    return _manifest(change)


def _stranger(parts: dict[str, bytes]) -> None:
    project = json.loads(parts["bifrost.json"])["project_id"]
    parts["manifests.jsonl"] = parts["manifests.jsonl"].replace(project.encode(), new_id().encode())


def _drop_blob(parts: dict[str, bytes]) -> dict[str, bytes]:
    name = next(name for name in parts if name.startswith("blobs/"))
    return _without(name)(parts)


def _reversed(parts: dict[str, bytes]) -> None:
    parts["manifests.jsonl"] = b"\n".join(reversed(parts["manifests.jsonl"].splitlines())) + b"\n"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_with("../../evil.txt"), id="a name that goes up"),
        pytest.param(_with("/etc/evil.txt"), id="an absolute name"),
        pytest.param(_with("blobs/../../x"), id="a blob that goes up"),
        pytest.param(_with("blobs/" + "A" * 64), id="a digest in capitals"),
        pytest.param(_without("bifrost.json"), id="no header"),
        pytest.param(_without("manifests.jsonl"), id="no manifests"),
        pytest.param(_with("bifrost.json", b"{}"), id="an empty header"),
        pytest.param(_with("bifrost.json", b"[" * 100_000), id="a deep header"),
        pytest.param(_with("bifrost.json", b'{"kind": "bifrost project", "format": 2}'), id="a newer format"),
        pytest.param(_with("manifests.jsonl", b""), id="empty manifests"),
        pytest.param(_with("manifests.jsonl", b"no tab\n"), id="a manifest without a name"),
        pytest.param(_with("manifests.jsonl", b"../x\t{}\n"), id="a manifest with another name"),
        pytest.param(_with("manifests.jsonl", b"\xff\xfe\t{}\n"), id="a manifest whose name is no text"),
        pytest.param(_with("manifests.jsonl", b" " * (50 << 20)), id="a bomb"),
        pytest.param(_reversed, id="another order"),
        pytest.param(_drop_blob, id="a blob is missing"),
        pytest.param(_stranger, id="manifests of another project"),
        pytest.param(_versions("number", 0), id="number 0"),
        pytest.param(_versions("number", 10**12), id="a huge number"),
        pytest.param(_versions("number", 1), id="one number twice"),
        pytest.param(_versions("author", "a\0b"), id="a text with NUL"),
        pytest.param(_versions("comment", "\ud800"), id="half a character"),
        pytest.param(_versions("created", "2020-01-01T00:00:00"), id="a time without a zone"),
        pytest.param(_versions("product_id", new_id()), id="an unknown product"),
        pytest.param(_versions("id", new_id()), id="another version than its name says"),
        pytest.param(_files("name", "../../evil.txt"), id="a file that goes up"),
        pytest.param(_files("name", "C:/evil.txt"), id="a file on a drive"),
        pytest.param(_files("size", 10**15), id="a file of another size"),
        pytest.param(_files("sha256", "0" * 64), id="a file of another digest"),
        pytest.param(_entities("name", "../evil"), id="an asset that goes up"),
        pytest.param(_entities("project_id", new_id()), id="an asset of another project"),
        pytest.param(_entities("fps", 1e400), id="an endless frame rate"),
        pytest.param(_entities("path_key", "x"), id="harmless: a key that is made anew"),
    ],
)
def test_a_hostile_archive_changes_nothing_when_it_is_imported(
    library: Library,
    other: Library,
    archive: Path,
    tmp_path: Path,
    change: Callable[[dict[str, bytes]], Optional[dict[str, bytes]]],
    request: pytest.FixtureRequest,
) -> None:
    before, outside = tables(other), {*tmp_path.iterdir(), tmp_path / "hostile.zip"}
    path = rewritten(archive, change)
    if "harmless" in request.node.callspec.id:
        other.upkeep.import_project(path)
        assert tables(other) == tables(library)
        return
    with pytest.raises(BifrostError) as caught:
        other.upkeep.import_project(path)
    assert caught.value.code in ("invalid_request", "conflict")
    assert tables(other) == before
    assert set(tmp_path.iterdir()) == outside
    with other.database.reading() as session:
        assert session.scalars(select(EventRow.id)).all() == []


def test_versions_of_another_project_stay_when_an_archive_claims_their_product(
    library: Library, other: Library, archive: Path
) -> None:
    other.projects.create(ProjectCreate(code="MINE"))
    other.assets.create(AssetCreate(project="MINE", name="box"))
    mine = publish(other, "MINE/assets/box", "model", {"usd": {"a.usda": b"a"}})
    before = tables(other)
    with pytest.raises(Conflict, match="product that is not there"):
        other.upkeep.import_project(rewritten(archive, _versions("product_id", mine.product_id)))
    assert tables(other) == before


def test_a_compressed_blob_is_refused_when_it_could_be_a_bomb(other: Library, archive: Path) -> None:
    bomb = b"\0" * (30 << 20)
    with zipfile.ZipFile(archive, "a") as opened:
        name = f"blobs/{hashlib.sha256(bomb).hexdigest()}"
        opened.writestr(name, bomb, compress_type=zipfile.ZIP_DEFLATED)
    with pytest.raises(InvalidRequest, match="compressed"):
        other.upkeep.import_project(archive)


def test_memory_stays_small_when_files_are_large(library: Library, other: Library, tmp_path: Path) -> None:
    library.projects.create(ProjectCreate(code="BIG"))
    library.assets.create(AssetCreate(project="BIG", name="cache"))
    publish(library, "BIG/assets/cache", "sim", {"vdb": {"fog.vdb": os.urandom(1 << 20) * 96}})
    tracemalloc.start()
    try:
        library.upkeep.export_project("BIG", tmp_path / "big.zip")
        other.upkeep.import_project(tmp_path / "big.zip")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 48 << 20
    assert other.upkeep.verify().damaged == ()
