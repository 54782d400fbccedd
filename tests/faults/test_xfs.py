"""A library on XFS: blobs and views share their extents with what was published, and a disk that dies is survived."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger import Ledger, all_versions, check_settled
from machine import mounted, run, unmount, xfs_image
from publisher import ENTITY, PRODUCT, SETTINGS, make_files, outcome_of, prepare, publish_once

from bifrost_core.bootstrap import connect, create_library
from bifrost_core.errors import DatabaseUnavailable, StorageUnavailable
from bifrost_core.workflows.loading import load
from bifrost_core.workflows.orders import PublishOrder
from bifrost_core.workflows.publishing import publish

pytestmark = [pytest.mark.faults, pytest.mark.slow]

MIB = 1 << 20
FIRST, SECOND = "publish-0001", "publish-0002"


@pytest.fixture
def xfs(tmp_path: Path) -> Iterator[Path]:
    with xfs_image(tmp_path) as mount:
        yield mount


def _used(folder: Path) -> int:
    os.sync()
    found = os.statvfs(folder)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def _is_shared(path: Path) -> bool:
    extents = [line for line in run("filefrag", "-v", str(path)).splitlines() if line.strip()[:1].isdigit()]
    return bool(extents) and all("shared" in line for line in extents)


def test_publish_and_load_share_the_bytes_when_all_is_on_one_xfs(xfs: Path) -> None:
    source = xfs / "cache.abc"
    source.write_bytes(os.urandom(64 * MIB))
    with create_library(str(xfs / "library"), SETTINGS) as library:
        prepare(library, xfs / "files", 64)
        before = _used(xfs)
        result = publish(library, library.store, PublishOrder(ENTITY, "cache", files=[source]), view=library.view)
        shown = load(library, library.store, library.view, f"{ENTITY}/cache").paths[0]
        copy = load(library, library.store, library.view, f"{ENTITY}/cache", to=xfs / "mine", copy=False).paths[0]
        assert _used(xfs) - before < 2 * MIB
        digest = result.version.representations[0].files[0].sha256
        blob = xfs / "library" / "store" / "blobs" / digest[:2] / digest
        assert all(_is_shared(path) for path in (source, blob, shown, copy))
        assert len({path.stat().st_ino for path in (source, blob, shown, copy)}) == 4
        source.write_bytes(b"another scene")
        assert shown.stat().st_size == blob.stat().st_size == 64 * MIB
        assert library.upkeep.verify().damaged == ()


@pytest.mark.parametrize("where", ["library", "store"])
def test_publish_says_so_and_nothing_is_lost_when_the_disk_dies(tmp_path: Path, where: str) -> None:
    with xfs_image(tmp_path) as mount:
        root = mount / "library" if where == "library" else tmp_path / "library"
        store = None if where == "library" else f"file://{mount.as_posix()}/store"
        files = tmp_path / "files"
        ledger = Ledger(root, files)
        with create_library(str(root), SETTINGS, store=store) as library:
            prepare(library, files, 5 * MIB)
            make_files(files, FIRST)
            make_files(files, SECOND)
            ledger.check([FIRST], [outcome_of(library, files / FIRST, FIRST)])
            run("xfs_io", "-x", "-c", "shutdown", str(mount))
            with pytest.raises((StorageUnavailable, DatabaseUnavailable)):
                publish_once(library, files / SECOND, SECOND)
        unmount(mount)
        with mounted("xfs", str(tmp_path / "disk.xfs"), mount, "loop"):
            with connect(str(root), SETTINGS) as library:
                assert [item.number for item in all_versions(library, ENTITY, PRODUCT)] == [1]
            ledger.check([FIRST, SECOND], [{"token": FIRST, "version": 1}])
            assert ledger.repeat(SECOND) == 2
            check_settled(root, tmp_path / "rebuilt")
