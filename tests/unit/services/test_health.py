"""`bifrost doctor` finds what is wrong, says what to do, and never fails itself."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update
from upkeep_library import fill, new_library

from bifrost_core.bootstrap import Library
from bifrost_core.database.tables import EventRow, PublishRow, VersionRow
from bifrost_core.models.base import new_id, utc_now
from bifrost_core.models.publish import PublishBegin
from bifrost_core.models.upkeep import HealthFinding, HealthLevel
from bifrost_core.services.context import Context
from bifrost_core.services.maintenance.file_systems import (
    is_case_sensitive,
    linux_mounts,
    long_paths_enabled,
    mac_mounts,
    network_file_system,
    network_type_in_mounts,
)
from bifrost_core.services.maintenance.store_health import space_finding
from bifrost_core.services.upkeep import Upkeep
from bifrost_core.storage.memory import MemoryBlobStore
from bifrost_core.storage.views import View

CHECKS = {
    "settings", "user", "python", "sqlite", "database", "database place", "manifests", "publishes", "store", "links",
    "free space", "view", "long paths", "letter case", "clock",
}  # fmt: skip


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with new_library(tmp_path / "library") as made:
        yield made


def findings(library: Library) -> dict[str, HealthFinding]:
    return {finding.check: finding for finding in library.upkeep.health().findings}


def contents(root: Path) -> set[Path]:
    return {path for path in root.rglob("*") if not path.name.startswith("library.db-")}


def test_all_is_well_when_a_library_is_new(library: Library) -> None:
    before = contents(library.root)
    found = findings(library)
    assert set(found) == CHECKS
    # How full the disk is and how long the path is, the machine decides.
    bad = {name for name, item in found.items() if item.level is not HealthLevel.OK}
    assert bad <= {"free space", "long paths"}
    assert contents(library.root) == before


def test_nothing_is_left_when_a_library_with_versions_was_checked(library: Library) -> None:
    fill(library)
    library.store.put(io.BytesIO(b"bifrost doctor "))
    blobs = {blob.sha256 for blob in library.store.list()}
    assert "5 versions" in findings(library)["database"].message
    assert {blob.sha256 for blob in library.store.list()} == blobs
    assert library.upkeep.verify().damaged == ()


def test_pending_manifests_are_told_when_the_store_failed(library: Library) -> None:
    fill(library)
    with library.database.writing() as session:
        session.execute(update(VersionRow).values(written=0))
    found = findings(library)["manifests"]
    assert found.level is HealthLevel.WARNING
    assert found.message.startswith("5 changes")
    library.upkeep.collect_garbage(apply=True)
    assert findings(library)["manifests"].level is HealthLevel.OK


def test_abandoned_publishes_are_told_when_their_time_is_over(library: Library) -> None:
    fill(library)
    library.publishes.begin(PublishBegin(token=new_id(), entity="DEMO/assets/Hero", product="rig"))
    assert findings(library)["publishes"].level is HealthLevel.OK
    with library.database.writing() as session:
        session.execute(update(PublishRow).values(expires=utc_now() - timedelta(hours=1)))
    assert findings(library)["publishes"].level is HealthLevel.WARNING


def test_the_clock_is_told_when_events_are_still_to_come(library: Library) -> None:
    fill(library)
    with library.database.writing() as session:
        session.execute(update(EventRow).values(time=utc_now() + timedelta(hours=1)))
    found = findings(library)["clock"]
    assert found.level is HealthLevel.WARNING
    assert "NTP" in found.hint


def test_the_clock_is_told_when_the_store_has_another_one(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    put = library.store.put

    def put_in_the_past(stream: Any, **fields: Any) -> Any:
        stored = put(stream, **fields)
        os.utime(library.store.path(stored.sha256), (1e9, 1e9))  # type: ignore[attr-defined]
        return stored

    monkeypatch.setattr(library.store, "put", put_in_the_past)
    assert "differ by" in findings(library)["clock"].message


def test_a_damaged_database_is_told_when_pages_are_overwritten(tmp_path: Path) -> None:
    with new_library(tmp_path / "library") as library:
        fill(library)
        with library.database.reading() as session:
            page = session.scalar(
                text("SELECT rootpage FROM sqlite_master WHERE name = 'ix_versions_author_product_id'")
            )
    path = tmp_path / "library" / "library.db"
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    data[(page - 1) * size : (page - 1) * size + 64] = b"\x55" * 64
    path.write_bytes(data)
    with new_library_opened(path) as library:
        report = library.upkeep.health()
    found = [item for item in report.findings if item.check == "database"]
    assert found[0].level is HealthLevel.PROBLEM
    assert "damaged" in found[0].message
    assert "recover" in found[0].hint
    assert report.worst is HealthLevel.PROBLEM


def new_library_opened(path: Path) -> Library:
    from bifrost_core.bootstrap import connect
    from bifrost_core.settings import Settings

    return connect(str(path.parent), Settings(login="ann"))


@pytest.mark.skipif(sys.platform == "win32", reason="folders have other permissions there")
def test_a_vanished_store_is_told_when_its_folder_is_gone(library: Library) -> None:
    fill(library)
    (library.root / "store").rename(library.root / "elsewhere")
    found = findings(library)
    assert set(found) == CHECKS
    assert found["store"].level is HealthLevel.PROBLEM
    assert found["store"].hint
    assert found["database"].level is HealthLevel.OK


def test_each_check_is_answered_when_everything_fails(library: Library) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("broken")

    broken: Any = Broken()
    report = Upkeep(Context(broken, broken, "ann"), View(Path("nowhere"), broken), Path("nowhere")).health()
    failed = {item.check for item in report.findings if item.level is HealthLevel.PROBLEM}
    assert failed >= {"sqlite", "database", "manifests", "publishes", "store", "clock"}
    assert {item.check for item in report.findings} == CHECKS


def test_broken_settings_are_told_when_they_cannot_be_read(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    path = library.root / "settings.toml"
    path.write_text("login = ", encoding="utf-8")
    monkeypatch.setenv("BIFROST_AMS_SETTINGS", str(path))
    found = findings(library)["settings"]
    assert found.level is HealthLevel.PROBLEM
    assert str(path) in found.message


def test_views_hold_copies_when_the_store_is_elsewhere(library: Library) -> None:
    store = MemoryBlobStore()
    upkeep = Upkeep(Context(library.database, store, "ann"), View(library.root / "view", store), library.root)
    found = {item.check: item for item in upkeep.health().findings}
    assert "copies" in found["links"].message
    assert found["store"].level is HealthLevel.OK


def test_long_paths_are_told_when_the_view_lies_deep(tmp_path: Path) -> None:
    with new_library(tmp_path / ("deep" * 12)) as library:
        assert findings(library)["long paths"].level is HealthLevel.WARNING


GIB = 1 << 30


@pytest.mark.parametrize(
    ("free", "total", "level"),
    [
        (GIB // 2, 100 * GIB, HealthLevel.PROBLEM),
        (5 * GIB, 20 * GIB, HealthLevel.WARNING),
        (40 * GIB, 1000 * GIB, HealthLevel.WARNING),
        (60 * GIB, 1000 * GIB, HealthLevel.OK),
    ],
)
def test_free_space_is_judged_when_it_gets_short(free: int, total: int, level: HealthLevel) -> None:
    finding = space_finding("store", free, total)
    assert finding.level is level
    assert bool(finding.hint) is (level is not HealthLevel.OK)


MOUNTS = r"""/dev/vda / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
nas:/vol/shows /mnt/shows nfs4 rw,vers=4.2 0 0
//nas/my\040share /mnt/my\040share cifs rw 0 0
ann@host:/ /net/ann/far fuse.sshfs rw 0 0
/dev/vdb /mnt/shows/local xfs rw 0 0
"""
MAC_MOUNTS = """/dev/disk1s1 on / (apfs, local, journaled)
//ann@nas/shows on /Volumes/shows (smbfs, nodev, nosuid, mounted by ann)
nas:/vol on /Volumes/with (brackets) (nfs)
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/library", None),
        ("/mnt/shows", "nfs4"),
        ("/mnt/shows/a/b", "nfs4"),
        ("/mnt/showsmore", None),
        ("/mnt/shows/local/a", None),
        ("/mnt/my share/a", "cifs"),
        ("/net/ann/far/a", "fuse.sshfs"),
    ],
)
def test_network_file_systems_are_known_when_linux_lists_them(folder: str, kind: object) -> None:
    assert network_type_in_mounts(linux_mounts(MOUNTS), folder) == kind


@pytest.mark.parametrize(
    ("folder", "kind"), [("/Users/ann", None), ("/Volumes/shows/a", "smbfs"), ("/Volumes/with (brackets)/a", "nfs")]
)
def test_network_file_systems_are_known_when_macos_lists_them(folder: str, kind: object) -> None:
    assert network_type_in_mounts(mac_mounts(MAC_MOUNTS), folder) == kind


def test_this_machine_is_asked_when_a_folder_is_given(tmp_path: Path) -> None:
    assert network_file_system(tmp_path) is None or isinstance(network_file_system(tmp_path), str)
    sensitive = is_case_sensitive(tmp_path)
    (tmp_path / "Case").touch()
    assert (tmp_path / "CASE").exists() is not sensitive
    assert [path.name for path in tmp_path.iterdir()] == ["Case"]
    assert sys.platform == "win32" or long_paths_enabled()
