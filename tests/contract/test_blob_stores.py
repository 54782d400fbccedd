"""The contract of stores on every backend that there is."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from bifrost_core.storage.local import LocalBlobStore
from bifrost_core.storage.memory import MemoryBlobStore
from bifrost_core.storage.port import BlobStore, LocalFiles, Source
from bifrost_core.storage.views import View, ViewFile
from bifrost_core.testing.blob_store import BlobStoreContract

MKFS = shutil.which("mkfs.xfs", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
CAP_SYS_ADMIN = 1 << 21


class TestLocalStore(BlobStoreContract):
    """In a folder."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> BlobStore:
        return LocalBlobStore.create(tmp_path / "store", workers=3)

    def opened_again(self, store: BlobStore) -> BlobStore:
        assert isinstance(store, LocalBlobStore)
        return LocalBlobStore(store.root)

    def test_the_store_is_local_when_it_is_asked(self, store: BlobStore) -> None:
        assert isinstance(store, LocalFiles)


class TestMemoryStore(BlobStoreContract):
    """In memory."""

    @pytest.fixture
    def store(self) -> BlobStore:
        return MemoryBlobStore()


def can_mount_images() -> bool:
    """Whether this machine lets tests make file systems of their own."""
    status = Path("/proc/self/status")
    if not status.exists() or not Path("/dev/loop-control").exists():
        return False
    effective = next(line for line in status.read_text().splitlines() if line.startswith("CapEff"))
    return bool(int(effective.split()[1], 16) & CAP_SYS_ADMIN)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small XFS, which shares the bytes of files."""
    folder = tmp_path_factory.mktemp("disk")
    image, mounted = folder / "image", folder / "mounted"
    mounted.mkdir()
    with image.open("wb") as stream:
        stream.truncate(512 << 20)
    subprocess.run([str(MKFS), "-q", image], check=True, capture_output=True)
    subprocess.run(["mount", "-o", "loop", image, mounted], check=True, capture_output=True)
    yield mounted
    subprocess.run(["umount", mounted], check=True, capture_output=True)


class ReflinkingStore(TestLocalStore):
    """In a folder of a file system that shares the bytes of files."""

    @pytest.fixture
    def tmp_path(self, disk: Path) -> Iterator[Path]:
        folder = disk / os.urandom(8).hex()
        folder.mkdir()
        yield folder
        shutil.rmtree(folder)

    def test_bytes_are_shared_when_a_big_file_is_put(self, store: BlobStore, tmp_path: Path) -> None:
        path = tmp_path / "big"
        path.write_bytes(os.urandom(64 << 20))
        os.sync()
        before = shutil.disk_usage(tmp_path).free
        [stored] = store.put_files([Source(path)])
        os.sync()
        assert before - shutil.disk_usage(tmp_path).free < 8 << 20
        with store.open(stored.sha256) as stream:
            assert stream.read() == path.read_bytes()

    def test_a_view_shares_bytes_but_no_inode_when_the_file_system_can(self, store: BlobStore, tmp_path: Path) -> None:
        path = tmp_path / "source"
        path.write_bytes(b"x" * 5_000_000)
        [stored] = store.put_files([Source(path)])
        view = View(tmp_path / "view", store)
        [shown] = view.add(PurePosixPath("P/a.bin"), [ViewFile(None, stored.sha256, stored.size)])
        assert shown.stat().st_nlink == 1
        assert shown.read_bytes() == path.read_bytes()
        shown.chmod(0o644)
        shown.write_bytes(b"changed")
        with store.open(stored.sha256) as stream:
            assert stream.read() == path.read_bytes()


if MKFS and can_mount_images():

    @pytest.mark.faults
    class TestReflinkingStore(ReflinkingStore):
        """Only where the machine has the tools: it is left out elsewhere, not skipped."""
