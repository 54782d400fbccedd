"""Disks that are full, read-only or gone. Collected only where the machine lets tests mount small ones."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path, PurePosixPath

import pytest
from storage_making import can_mount, mounted, put, temporary_files

from bifrost_core.errors import StorageFull, StorageReadOnly, StorageUnavailable
from bifrost_core.storage.hashing import hash_file
from bifrost_core.storage.local import LocalBlobStore
from bifrost_core.storage.port import Source
from bifrost_core.storage.views import LinkMode, View

pytestmark = pytest.mark.faults
MIB = 1 << 20

if can_mount():

    def sources(folder: Path, count: int, size: int) -> list[Source]:
        paths = [folder / f"{index}-{size}" for index in range(count)]
        for path in paths:
            path.write_bytes(os.urandom(size))
        return [Source(path) for path in paths]

    @pytest.mark.parametrize(("count", "size"), [(1, 20 * MIB), (40, 400_000), (3, 5 * MIB)])
    def test_nothing_is_left_when_the_disk_is_full(tmp_path: Path, count: int, size: int) -> None:
        files = sources(tmp_path, count, size)
        with mounted(tmp_path / "disk", "size=10m") as disk:
            store = LocalBlobStore.create(disk / "store")
            kept = put(store, b"kept").sha256
            with pytest.raises(StorageFull) as caught:
                store.put_files(files)
            assert "gc" in caught.value.hint
            assert [blob.sha256 for blob in store.list()] == [kept]
            assert temporary_files(store.root) == []
            assert len(store.put_files(files[:1] if size < MIB else sources(tmp_path, 1, MIB))) == 1

    def test_the_old_document_stays_when_the_disk_is_full(tmp_path: Path) -> None:
        with mounted(tmp_path / "disk", "size=4m") as disk:
            store = LocalBlobStore.create(disk / "store")
            store.documents.write("a", b"old")
            with pytest.raises(StorageFull):
                store.documents.write("a", bytes(5 * MIB))
            assert store.documents.read("a") == b"old"
            assert temporary_files(store.root) == []

    def test_it_may_be_read_but_not_written_when_the_disk_turns_read_only(tmp_path: Path) -> None:
        files = sources(tmp_path, 1, 100)
        with mounted(tmp_path / "disk", "size=10m") as disk:
            store = LocalBlobStore.create(disk / "store")
            known = put(store, files[0].path.read_bytes()).sha256
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            calls = [
                lambda: store.put(io.BytesIO(b"new")),
                lambda: store.put_files(files),
                lambda: store.delete(known),
                lambda: store.documents.write("a/b", b"1"),
            ]
            for call in calls:
                with pytest.raises(StorageReadOnly):
                    call()
            with LocalBlobStore(store.root).open(known) as stream:
                assert stream.read() == files[0].path.read_bytes()

    def test_the_store_is_unavailable_when_its_disk_is_unmounted(tmp_path: Path) -> None:
        with mounted(tmp_path / "disk", "size=10m") as disk:
            store = LocalBlobStore.create(disk / "store")
        with pytest.raises(StorageUnavailable):
            store.put(io.BytesIO(b"new"))
        assert list((tmp_path / "disk").iterdir()) == []

    @pytest.mark.parametrize("known", [False, True])
    def test_a_big_file_is_stored_when_it_lies_on_another_disk(tmp_path: Path, known: bool) -> None:
        store = LocalBlobStore.create(tmp_path / "store")
        with mounted(tmp_path / "disk", "size=20m") as disk:
            [source] = sources(disk, 1, 9 * MIB + 1)
            told: list[int] = []
            [stored] = store.put_files([Source(source.path, probably_stored=known)], progress=told.append)
            assert store.path(stored.sha256).read_bytes() == source.path.read_bytes()
            assert hash_file(source.path) == (stored.sha256, sum(told))

    def test_a_view_copies_when_it_lies_on_another_disk(tmp_path: Path) -> None:
        store = LocalBlobStore.create(tmp_path / "store")
        with mounted(tmp_path / "disk", "size=10m") as disk:
            for mode in LinkMode:
                view = View(disk / mode.value, store, mode)
                [path] = view.add(PurePosixPath("P/a.ma"), [put(store, b"scene")])
                assert path.read_bytes() == b"scene"
                assert path.stat().st_nlink == 1

    def test_the_view_shows_nothing_when_its_disk_is_full(tmp_path: Path) -> None:
        store = LocalBlobStore.create(tmp_path / "store")
        files = [put(store, os.urandom(3 * MIB), f"{index}.exr") for index in range(4)]
        with mounted(tmp_path / "disk", "size=10m") as disk:
            view = View(disk / "view", store)
            with pytest.raises(StorageFull):
                view.add(PurePosixPath("P/exr"), files)
            assert not (disk / "view" / "P" / "exr").exists()
            assert list((disk / "view" / ".bifrost-tmp").iterdir()) == []
