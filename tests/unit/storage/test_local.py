"""What the store in a folder does beyond the contract of stores."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from storage_making import put, temporary_files

from bifrost_core.errors import (
    Cancelled,
    ConfigurationError,
    StorageUnavailable,
)
from bifrost_core.storage.hashing import hash_file
from bifrost_core.storage.local import MARKER, LocalBlobStore
from bifrost_core.storage.port import Source

BIG = 5 << 20


@pytest.fixture
def store(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore.create(tmp_path / "store")


def test_blobs_are_read_only_and_lie_by_their_digest_when_they_are_stored(store: LocalBlobStore) -> None:
    for data in (b"small", bytes(BIG)):
        sha256 = put(store, data).sha256
        path = store.root / "blobs" / sha256[:2] / sha256
        assert path == store.path(sha256)
        assert path.read_bytes() == data
        assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert temporary_files(store.root) == []


def test_everybody_may_read_blobs_when_the_umask_is_narrow(store: LocalBlobStore) -> None:
    before = os.umask(0o077)
    try:
        sha256 = put(store, b"shared").sha256
    finally:
        os.umask(before)
    assert stat.S_IMODE(store.path(sha256).stat().st_mode) == 0o444


def test_blobs_stay_when_a_store_is_created_again(store: LocalBlobStore) -> None:
    sha256 = put(store, b"kept").sha256
    assert LocalBlobStore.create(store.root).missing([sha256]) == set()


def test_the_file_is_not_written_again_when_its_bytes_are_stored(store: LocalBlobStore, tmp_path: Path) -> None:
    for size in (100, BIG):
        path = tmp_path / "source"
        path.write_bytes(os.urandom(size))
        for known in (True, False):
            [stored] = store.put_files([Source(path)])
            before = store.path(stored.sha256).stat()
            store.put_files([Source(path, probably_stored=known)])
            after = store.path(stored.sha256).stat()
            assert before.st_ino == after.st_ino
            assert before.st_mtime_ns < after.st_mtime_ns


def test_nothing_is_written_when_a_file_is_probably_stored_and_is(store: LocalBlobStore, tmp_path: Path) -> None:
    path = tmp_path / "source"
    path.write_bytes(os.urandom(BIG))
    store.put_files([Source(path)])
    seen: list[Path] = []
    store.put_files([Source(path, probably_stored=True)], progress=lambda _: seen.extend(temporary_files(store.root)))
    assert seen == []


def test_the_blob_is_repaired_when_it_was_cut_off_and_is_put_again(store: LocalBlobStore) -> None:
    for data in (b"a small one", bytes(BIG)):
        path = store.path(put(store, data).sha256)
        path.chmod(0o644)
        path.write_bytes(data[:7])
        assert not store.put(io.BytesIO(data)).was_known
        assert path.read_bytes() == data


def test_nothing_is_left_when_a_put_is_cancelled_between_files(store: LocalBlobStore, tmp_path: Path) -> None:
    sources = []
    for index in range(200):
        path = tmp_path / str(index)
        path.write_bytes(os.urandom(1000))
        sources.append(Source(path))
    told: list[int] = []

    def progress(count: int) -> None:
        told.append(count)
        if len(told) > 20:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        store.put_files(sources, progress=progress)
    assert len(told) < 100
    assert temporary_files(store.root) == []
    assert list(store.list()) == []
    assert len(store.put_files(sources)) == 200


def test_all_are_stored_when_they_are_many_small_and_big_ones(store: LocalBlobStore, tmp_path: Path) -> None:
    contents = [os.urandom(BIG if index % 50 == 0 else 1000 + index) for index in range(150)]
    sources = []
    for index, data in enumerate(contents):
        path = tmp_path / str(index)
        path.write_bytes(data)
        sources.append(Source(path))
    stored = store.put_files(sources)
    for data, item in zip(contents, stored):
        assert item.sha256 == hashlib.sha256(data).hexdigest()
        assert hash_file(store.path(item.sha256)) == (item.sha256, len(data))
    assert temporary_files(store.root) == []


def test_the_target_of_a_link_is_stored_when_the_source_is_a_symbolic_link(
    store: LocalBlobStore, tmp_path: Path
) -> None:
    (tmp_path / "real").write_bytes(b"real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    [stored] = store.put_files([Source(tmp_path / "link")])
    assert store.path(stored.sha256).read_bytes() == b"real"
    assert not store.path(stored.sha256).is_symlink()


def test_a_store_is_unavailable_when_the_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "missing"):
        with pytest.raises(StorageUnavailable) as caught:
            LocalBlobStore(tmp_path / folder)
        assert str(tmp_path / folder) in caught.value.message
        assert caught.value.hint
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize("mount_point_stays", [False, True])
def test_the_store_is_unavailable_when_it_vanishes(
    store: LocalBlobStore, tmp_path: Path, mount_point_stays: bool
) -> None:
    known = put(store, b"x").sha256
    store.documents.write("a/b", b"1")
    source = tmp_path / "source"
    source.write_bytes(bytes(BIG))
    shutil.rmtree(store.root)
    if mount_point_stays:
        store.root.mkdir()
    calls = [
        lambda: store.put(io.BytesIO(b"y")),
        lambda: store.put_files([Source(source)]),
        lambda: store.put_files([Source(source, probably_stored=True)] * 20),
        lambda: store.open(known),
        lambda: store.stat(known),
        lambda: store.missing([known]),
        lambda: store.delete(known),
        lambda: list(store.list()),
        lambda: store.documents.read("a/b"),
        lambda: store.documents.write("a/b", b"2"),
        lambda: store.documents.delete("a/b"),
        lambda: list(store.documents.list()),
        lambda: store.remove_temporary(datetime.now(timezone.utc)),
    ]
    for call in calls:
        with pytest.raises(StorageUnavailable):
            call()
    assert store.root.exists() == mount_point_stays
    assert not mount_point_stays or list(store.root.iterdir()) == []


def test_the_store_is_refused_when_a_newer_bifrost_made_it(store: LocalBlobStore) -> None:
    (store.root / MARKER).write_text(json.dumps({"format": 99}))
    with pytest.raises(ConfigurationError, match="newer"):
        LocalBlobStore(store.root)
    (store.root / MARKER).write_text("not json")
    with pytest.raises(ConfigurationError, match="damaged"):
        LocalBlobStore(store.root)


def test_old_temporary_files_are_removed_when_a_process_was_killed(store: LocalBlobStore) -> None:
    old, new = store.root / "tmp" / "old", store.root / "tmp" / "new"
    for path in (old, new):
        path.write_bytes(b"half")
        path.chmod(0o444)
    os.utime(old, (time.time() - 90_000,) * 2)
    limit = datetime.now(timezone.utc) - timedelta(days=1)
    assert store.temporary_files(limit) == 1
    assert old.exists()
    assert store.remove_temporary(limit) == 1
    assert temporary_files(store.root) == [new]
    assert store.remove_temporary(limit) == 0


def test_foreign_files_are_no_blobs_when_blobs_are_listed(store: LocalBlobStore) -> None:
    sha256 = put(store, b"x").sha256
    for name in (".DS_Store", "Thumbs.db", sha256.upper()):
        (store.root / "blobs" / sha256[:2] / name).write_bytes(b"")
    assert [blob.sha256 for blob in store.list()] == [sha256]


def test_a_stream_can_be_searched_when_it_shows_a_part(store: LocalBlobStore) -> None:
    sha256 = put(store, b"0123456789").sha256
    with store.open(sha256, start=2, length=5) as stream:
        assert stream.seek(0, io.SEEK_END) == 5
        assert stream.seek(1) == 1
        assert stream.read() == b"3456"
        assert stream.seek(-2, io.SEEK_CUR) == 3
        assert stream.read(10) == b"56"


KILLED = """
import io, os, sys
from pathlib import Path
from bifrost_core.storage.local import LocalBlobStore
from bifrost_core.storage.port import Source
store = LocalBlobStore(Path(sys.argv[1]))
sources = [Source(path) for path in sorted(Path(sys.argv[2]).iterdir())]
print("begun", flush=True)
store.put_files(sources)
print("done", flush=True)
"""


@pytest.mark.faults
def test_every_blob_is_whole_when_processes_are_killed(store: LocalBlobStore, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    for index in range(60):
        (folder / f"{index:03d}").write_bytes(os.urandom(6 << 20 if index % 20 == 0 else 30_000))
    command = [sys.executable, "-c", KILLED, str(store.root), str(folder)]
    for moment in range(10):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.004 * moment)
            process.kill()
        for blob in store.list():
            assert hash_file(store.path(blob.sha256)) == (blob.sha256, blob.size)
    done = store.put_files([Source(path) for path in sorted(folder.iterdir())])
    assert len(list(store.list())) == len({item.sha256 for item in done}) == 60
    store.remove_temporary(datetime.now(timezone.utc) + timedelta(minutes=1))
    assert temporary_files(store.root) == []


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))
from pathlib import Path
from bifrost_core.errors import StorageFull
from bifrost_core.storage.local import LocalBlobStore
from bifrost_core.storage.port import Source
store = LocalBlobStore(Path(sys.argv[1]))
try:
    store.put_files([Source(Path(path)) for path in sys.argv[2:]])
except StorageFull as exc:
    print("full", exc.hint)
"""


@pytest.mark.faults
def test_the_store_is_full_when_the_system_allows_no_larger_file(store: LocalBlobStore, tmp_path: Path) -> None:
    for size in (3_500_000, 6_000_000):
        source = tmp_path / "source"
        source.write_bytes(bytes(size))
        command = [sys.executable, "-c", LIMITED, str(store.root), str(source)]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
        assert found.stdout.startswith("full")
        assert temporary_files(store.root) == []
        assert list(store.list()) == []
