"""Disks that fill up, run out of inodes, turn read-only or go away, under a library or its store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Optional

import pytest
from ledger import Ledger, all_versions, check_settled, pending_manifests, store_leftovers
from machine import mounted, run
from publisher import BIG_FILE, ENTITY, PRODUCT, SETTINGS, make_files, outcome_of, prepare, publish_once

from bifrost_core.bootstrap import Library, connect, create_library
from bifrost_core.errors import BifrostError, StorageFull, StorageReadOnly, StorageUnavailable
from bifrost_core.models.version import StatusChange
from bifrost_core.storage.port import Source
from bifrost_core.testing.services.making import publish as publish_bytes

pytestmark = [pytest.mark.faults, pytest.mark.slow]

BIG = 5 << 20
FIRST, SECOND = "publish-0001", "publish-0002"
MIB = 1 << 20


class Disk:
    """A library with one version, wholly or with its store on a small disk."""

    def __init__(self, mount: Path, folder: Path, store: Optional[str] = None) -> None:
        self.mount = mount
        self.root = folder / "library"
        self.files = mount.parent / "files"
        self.ledger = Ledger(self.root, self.files)
        with create_library(str(self.root), SETTINGS, store=store) as library:
            prepare(library, self.files, BIG)
            make_files(self.files, FIRST)
            make_files(self.files, SECOND)
            self.ledger.check([FIRST], [outcome_of(library, self.files / FIRST, FIRST)])

    def open(self) -> Library:
        """Open the library."""
        return connect(str(self.root), SETTINGS)

    def fill(self, left: int) -> None:
        """Fill the disk but for some bytes."""
        with suppress(OSError), (self.mount / "ballast").open("wb", buffering=0) as stream:
            while _free(self.mount) > left:
                stream.write(bytes(min(1 << 16, _free(self.mount) - left)))
        assert _free(self.mount) <= left

    def free(self) -> None:
        """Make space again."""
        (self.mount / "ballast").unlink()

    def remount(self, options: str) -> None:
        """Change the disk under way."""
        run("mount", "-o", f"remount,{options}", str(self.mount))


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A library wholly on a disk of 32 MiB."""
    with mounted("tmpfs", "tmpfs", tmp_path / "disk", "size=32m") as mount:
        yield Disk(mount, mount)


@pytest.fixture
def store_disk(tmp_path: Path) -> Iterator[Disk]:
    """A library whose store only is on a disk of 32 MiB."""
    with mounted("tmpfs", "tmpfs", tmp_path / "disk", "size=32m") as mount:
        yield Disk(mount, tmp_path, store=f"file://{mount.as_posix()}/store")


@pytest.mark.parametrize("left", [0, 8 << 10, 64 << 10, 256 << 10, MIB, 4 * MIB])
def test_publish_says_that_the_disk_is_full_and_succeeds_when_space_is_made(
    disk: Disk, tmp_path: Path, left: int
) -> None:
    disk.fill(left)
    try:
        with disk.open() as library:
            answer = outcome_of(library, disk.files / SECOND, SECOND)
    except BifrostError as exc:
        answer = {"token": SECOND, "error": exc.code, "message": exc.message}
    assert answer.get("error") == "storage_full", answer
    disk.free()
    disk.ledger.check([SECOND], [answer])
    with disk.open() as library:
        assert store_leftovers(library) == 0
    assert disk.ledger.repeat(SECOND) == 2
    check_settled(disk.root, tmp_path / "rebuilt")


@pytest.mark.parametrize("left", [0, 64 << 10, 4 * MIB])
def test_publish_says_that_the_disk_is_full_when_the_library_is_open_already(
    disk: Disk, tmp_path: Path, left: int
) -> None:
    with disk.open() as library:
        assert len(all_versions(library)) == 1
        disk.fill(left)
        with pytest.raises(StorageFull) as caught:
            publish_once(library, disk.files / SECOND, SECOND)
        assert "bifrost gc" in caught.value.hint or "space" in caught.value.hint
        assert len(all_versions(library)) == 1
        disk.free()
        assert publish_once(library, disk.files / SECOND, SECOND).version.number == 2
    disk.ledger.check([SECOND], [])
    check_settled(disk.root, tmp_path / "rebuilt")


def test_versions_can_be_read_when_the_disk_is_full(disk: Disk) -> None:
    with disk.open() as library:
        disk.fill(0)
        assert [item.number for item in all_versions(library)] == [1]
        assert library.upkeep.verify().damaged == ()


def test_clean_up_makes_space_when_the_disk_is_full(disk: Disk) -> None:
    with disk.open() as library:
        library.store.put_files([Source(disk.files / SECOND / "cache" / BIG_FILE)])
        disk.fill(64 << 10)
        report = library.upkeep.collect_garbage(apply=True, grace_hours=0)
        assert report.size == BIG
        assert _free(disk.mount) > BIG


def test_clean_up_makes_space_when_the_store_is_full_and_a_manifest_is_pending(store_disk: Disk) -> None:
    with store_disk.open() as library:
        library.store.put_files([Source(store_disk.files / SECOND / "cache" / BIG_FILE)])
        store_disk.fill(0)
        library.versions.set_status(StatusChange(version=f"{ENTITY}/{PRODUCT}", status="approved"))
        assert pending_manifests(store_disk.root) == 1
        library.upkeep.collect_garbage(apply=True, grace_hours=0)
        assert _free(store_disk.mount) >= BIG
        assert pending_manifests(store_disk.root) == 0


def test_view_is_a_warning_when_the_disk_is_full_after_the_commit(disk: Disk, tmp_path: Path) -> None:
    with mounted("tmpfs", "tmpfs", tmp_path / "view", "size=1m") as other, disk.open() as library:
        (disk.root / "view").rename(disk.root / "view.before")
        (disk.root / "view").symlink_to(other)
        result = publish_once(library, disk.files / SECOND, SECOND)
        assert result.version.number == 2
        assert any("no space left" in warning for warning in result.warnings)
        (disk.root / "view").unlink()
        (disk.root / "view.before").rename(disk.root / "view")
    disk.ledger.check([SECOND], [])


def test_database_that_cannot_grow_loses_nothing_when_the_disk_fills_up(tmp_path: Path) -> None:
    with mounted("tmpfs", "tmpfs", tmp_path / "disk", "size=3m") as mount:
        store = f"file://{tmp_path.as_posix()}/store"
        with create_library(str(mount / "library"), SETTINGS, store=store) as library:
            prepare(library, tmp_path / "files", 64)
            acknowledged = _publish_until_full(library)
            numbers = [item.number for item in all_versions(library, product="notes")]
            assert numbers == list(range(acknowledged, 0, -1))
            run("mount", "-o", "remount,size=16m", str(mount))
            token = _token(acknowledged + 1)
            version = publish_bytes(library, library.store, ENTITY, "notes", token=token)
            assert version.number == acknowledged + 1
            assert library.upkeep.verify().damaged == ()


def _token(number: int) -> str:
    return f"note-{number:06d}"


def _publish_until_full(library: Library) -> int:
    for number in range(1, 5000):
        comment = "x" * 3000
        try:
            publish_bytes(library, library.store, ENTITY, "notes", token=_token(number), comment=comment)
        except StorageFull:
            return number - 1
    raise AssertionError("the disk never filled up")


def test_publish_says_that_the_disk_is_full_when_it_has_no_inodes_left(tmp_path: Path) -> None:
    with mounted("tmpfs", "tmpfs", tmp_path / "disk", "size=64m,nr_inodes=1000") as mount:
        disk = Disk(mount, tmp_path, store=f"file://{mount.as_posix()}/store")
        for number in range(os.statvfs(mount).f_ffree - 2):
            (mount / f"ballast{number}").touch()
        with disk.open() as library:
            answer = outcome_of(library, disk.files / SECOND, SECOND)
        assert answer.get("error") == "storage_full", answer
        disk.ledger.check([SECOND], [answer])
        disk.remount("nr_inodes=4000")
        assert disk.ledger.repeat(SECOND) == 2


def test_publish_says_that_the_store_is_read_only_when_it_was_remounted(store_disk: Disk) -> None:
    with store_disk.open() as library:
        store_disk.remount("ro")
        with pytest.raises(StorageReadOnly):
            publish_once(library, store_disk.files / SECOND, SECOND)
        assert library.upkeep.verify().damaged == ()
        store_disk.ledger.check([SECOND], [])
        store_disk.remount("rw")
        assert publish_once(library, store_disk.files / SECOND, SECOND).version.number == 2
    store_disk.ledger.check([SECOND], [])


def test_library_says_that_it_is_read_only_when_its_disk_was_remounted(disk: Disk) -> None:
    disk.remount("ro")
    with pytest.raises(BifrostError) as caught, disk.open() as library:
        publish_once(library, disk.files / SECOND, SECOND)
    assert caught.value.code == "storage_read_only", caught.value
    disk.remount("rw")
    disk.ledger.check([SECOND], [])
    assert disk.ledger.repeat(SECOND) == 2


def test_publish_says_that_the_store_is_away_when_it_was_unmounted(tmp_path: Path) -> None:
    store = f"file://{tmp_path.as_posix()}/disk/store"
    image = tmp_path / "disk"
    with mounted("tmpfs", "tmpfs", image, "size=32m"):
        disk = Disk(image, tmp_path, store=store)
        with disk.open() as library:
            # Another mount over it: what is there now is an empty folder, as when a share was not mounted.
            (tmp_path / "nothing").mkdir()
            run("mount", "--bind", str(tmp_path / "nothing"), str(image))
            with pytest.raises(StorageUnavailable):
                publish_once(library, disk.files / SECOND, SECOND)
            assert [item.number for item in all_versions(library)] == [1]
            assert list(image.iterdir()) == [], "something was written below the mount point"
            run("umount", str(image))
            assert publish_once(library, disk.files / SECOND, SECOND).version.number == 2
        disk.ledger.check([SECOND], [])
