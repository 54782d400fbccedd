"""The contract of stores: each sentence of ``bifrost_core.storage.port``, as tests.

A backend binds the whole suite with one fixture::

    class TestMyStore(BlobStoreContract):
        @pytest.fixture
        def store(self): ...   # an empty store

and, where a second process can open the same store, :meth:`BlobStoreContract.opened_again`.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, BinaryIO, Callable, cast

import pytest

from bifrost_core.errors import BlobNotFound, Cancelled, InvalidRequest, SourceChanged
from bifrost_core.storage.port import BlobStore, LocalFiles, Quarantine, Source

__all__ = ["BlobStoreContract"]

_MIB = 1 << 20
_BIG = 6 * _MIB + 7
_SIZES = [0, 1, 4095, 4 * _MIB, 4 * _MIB + 1, _BIG]
_NOWHERE = hashlib.sha256(b"nowhere").hexdigest()


def _bytes(size: int, seed: int = 0) -> bytes:
    block = hashlib.sha256(str(seed).encode()).digest() * 1024
    return (block * (size // len(block) + 1))[:size]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _file(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _read(store: BlobStore, sha256: str, **part: Any) -> bytes:
    with store.open(sha256, **part) as stream:
        return stream.read()


def _contents(store: BlobStore) -> set[str]:
    return {blob.sha256 for blob in store.list()}


class _Trickle:
    """A stream that has only ``read`` and answers with fewer bytes than it is asked for."""

    def __init__(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(min(size, 60_000))


class _Failing(io.RawIOBase):
    """A stream whose disk fails after some bytes."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if self._left <= 0:
            raise OSError(5, "Input/output error")
        count = min(len(buffer), self._left)
        self._left -= count
        return count


class BlobStoreContract:
    """What every store must do; see the module."""

    def opened_again(self, store: BlobStore) -> BlobStore:
        """Return the same store as another process would find it."""
        return store

    # put

    @pytest.mark.parametrize("size", _SIZES)
    def test_a_stream_is_stored_when_it_is_put(self, store: BlobStore, size: int) -> None:
        data = _bytes(size)
        stored = store.put(io.BytesIO(data))
        assert (stored.sha256, stored.size, stored.was_known) == (_digest(data), size, False)
        assert _read(store, stored.sha256) == data

    def test_a_stream_is_stored_when_it_answers_in_pieces(self, store: BlobStore) -> None:
        data = _bytes(_BIG)
        stored = store.put(cast(BinaryIO, _Trickle(data)))
        assert stored.sha256 == _digest(data)
        assert _read(store, stored.sha256) == data

    def test_the_answer_says_known_when_the_same_bytes_are_put_again(self, store: BlobStore) -> None:
        for data in (b"small", _bytes(_BIG)):
            assert not store.put(io.BytesIO(data)).was_known
            assert store.put(io.BytesIO(data)).was_known
            assert _read(store, _digest(data)) == data

    def test_the_time_is_refreshed_when_the_same_bytes_are_put_again(self, store: BlobStore) -> None:
        for data in (b"small", _bytes(_BIG)):
            first = store.stat(store.put(io.BytesIO(data)).sha256).stored
            self._let_time_pass(first)
            store.put(io.BytesIO(data))
            assert store.stat(_digest(data)).stored > first

    @staticmethod
    def _let_time_pass(moment: datetime) -> None:
        while datetime.now(timezone.utc) < moment + timedelta(milliseconds=30):
            threading.Event().wait(0.01)

    def test_nothing_is_stored_when_a_stream_fails(self, store: BlobStore) -> None:
        for size in (10, _BIG):
            with pytest.raises(InvalidRequest):
                store.put(cast(BinaryIO, _Failing(size)))
        assert _contents(store) == set()

    def test_nothing_is_stored_when_a_put_is_cancelled(self, store: BlobStore) -> None:
        for data in (b"small", _bytes(_BIG)):
            with pytest.raises(Cancelled):
                store.put(io.BytesIO(data), progress=_cancel)
        assert _contents(store) == set()

    @pytest.mark.parametrize("size", _SIZES)
    def test_progress_adds_up_to_the_size_when_a_put_ends(self, store: BlobStore, tmp_path: Path, size: int) -> None:
        told: list[int] = []
        store.put(io.BytesIO(_bytes(size)), progress=told.append)
        assert sum(told) == size
        for known in (False, True):
            for seed in (1, 1, 2):
                told.clear()
                path = _file(tmp_path, "source", _bytes(size, seed + 10 * known))
                store.put_files([Source(path, probably_stored=known)], progress=told.append)
                assert sum(told) == size

    # put_files

    def test_the_answers_stand_in_the_order_of_the_sources_when_files_are_put(
        self, store: BlobStore, tmp_path: Path
    ) -> None:
        contents = [_bytes(_BIG if index % 20 == 7 else 50 * index, index) for index in range(60)]
        sources = [Source(_file(tmp_path, f"{index}.bin", data)) for index, data in enumerate(contents)]
        stored = store.put_files(sources)
        assert [item.sha256 for item in stored] == [_digest(data) for data in contents]
        assert [item.size for item in stored] == [len(data) for data in contents]
        assert not any(item.was_known for item in stored)
        for data in contents:
            assert _read(store, _digest(data)) == data

    def test_all_are_known_when_the_same_files_are_put_again(self, store: BlobStore, tmp_path: Path) -> None:
        sources = [_file(tmp_path, f"{index}", _bytes(size, index)) for index, size in enumerate([0, 10, _BIG])]
        first = store.put_files([Source(path) for path in sources])
        for probably in (True, False):
            again = store.put_files([Source(path, probably_stored=probably) for path in sources])
            assert [item.sha256 for item in again] == [item.sha256 for item in first]
            assert all(item.was_known for item in again)

    def test_a_file_is_stored_when_it_was_wrongly_thought_to_be_stored(self, store: BlobStore, tmp_path: Path) -> None:
        data = _bytes(_BIG)
        [stored] = store.put_files([Source(_file(tmp_path, "new", data), probably_stored=True)])
        assert not stored.was_known
        assert _read(store, _digest(data)) == data

    def test_one_blob_is_stored_when_files_have_the_same_bytes(self, store: BlobStore, tmp_path: Path) -> None:
        for size in (100, _BIG):
            sources = [Source(_file(tmp_path, f"{size}-{index}", _bytes(size))) for index in range(20)]
            stored = store.put_files(sources)
            assert {item.sha256 for item in stored} == {_digest(_bytes(size))}
            assert _read(store, stored[0].sha256) == _bytes(size)
        assert len(_contents(store)) == 2

    def test_nothing_happens_when_no_files_are_put(self, store: BlobStore) -> None:
        assert store.put_files([]) == ()

    def test_a_source_is_refused_when_it_is_no_readable_file(self, store: BlobStore, tmp_path: Path) -> None:
        bad = [tmp_path / "missing.exr", tmp_path]
        if hasattr(os, "mkfifo"):
            os.mkfifo(tmp_path / "pipe")
            bad.append(tmp_path / "pipe")
        for path in bad:
            with pytest.raises(InvalidRequest) as caught:
                store.put_files([Source(path)])
            assert str(path) in caught.value.message
        assert _contents(store) == set()

    @pytest.mark.parametrize("size", [1000, _BIG])
    @pytest.mark.parametrize("known", [False, True])
    def test_a_file_is_refused_when_it_changes_while_it_is_read(
        self, store: BlobStore, tmp_path: Path, size: int, known: bool
    ) -> None:
        path = _file(tmp_path, "scene.ma", _bytes(size))
        changes = [_append, _rewrite, _replace]
        for change in changes if size == _BIG else []:
            with pytest.raises(SourceChanged) as caught:
                store.put_files([Source(path, probably_stored=known)], progress=_once(change, path))
            assert str(path) in caught.value.message
            assert _contents(store) == set()
        [stored] = store.put_files([Source(path, probably_stored=known)])
        assert _read(store, stored.sha256) == path.read_bytes()

    def test_the_first_error_is_raised_when_one_of_many_files_is_bad(self, store: BlobStore, tmp_path: Path) -> None:
        sources = [Source(_file(tmp_path, str(index), _bytes(100, index))) for index in range(40)]
        sources.insert(20, Source(tmp_path / "missing"))
        with pytest.raises(InvalidRequest, match="missing"):
            store.put_files(sources)
        del sources[20]
        assert len(store.put_files(sources)) == 40

    def test_the_work_stops_when_progress_cancels_it(self, store: BlobStore, tmp_path: Path) -> None:
        sources = [Source(_file(tmp_path, str(index), _bytes(100, index))) for index in range(40)]
        sources.append(Source(_file(tmp_path, "big", _bytes(_BIG))))
        with pytest.raises(Cancelled):
            store.put_files(sources, progress=_cancel)
        assert _contents(store) == set()

    def test_every_writer_succeeds_when_several_put_the_same_bytes(self, store: BlobStore, tmp_path: Path) -> None:
        paths = [_file(tmp_path, str(index), _bytes(200, index)) for index in range(30)]
        paths.append(_file(tmp_path, "big", _bytes(_BIG)))
        errors: list[BaseException] = []

        def write() -> None:
            try:
                self.opened_again(store).put_files([Source(path) for path in paths])
            except BaseException as exc:  # noqa: BLE001 - the test shows whatever it was
                errors.append(exc)

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        for path in paths:
            assert _read(store, _digest(path.read_bytes())) == path.read_bytes()

    # reading

    @pytest.mark.parametrize(
        ("start", "length"),
        [(0, None), (5, None), (0, 10), (5, 10), (0, 0), (990, 50), (1000, None), (2000, 5), (0, 5000)],
    )
    def test_a_part_is_read_when_start_and_length_are_given(
        self, store: BlobStore, start: int, length: int | None
    ) -> None:
        data = bytes(range(250)) * 4
        sha256 = store.put(io.BytesIO(data)).sha256
        expected = data[start:] if length is None else data[start : start + length]
        assert _read(store, sha256, start=start, length=length) == expected

    def test_streams_are_independent_when_a_blob_is_opened_twice(self, store: BlobStore) -> None:
        sha256 = store.put(io.BytesIO(b"0123456789")).sha256
        with store.open(sha256) as one, store.open(sha256, start=2) as two:
            assert one.read(3) == b"012"
            assert two.read(3) == b"234"
            assert one.read() == b"3456789"

    def test_a_part_is_refused_when_it_is_negative(self, store: BlobStore) -> None:
        sha256 = store.put(io.BytesIO(b"x")).sha256
        with pytest.raises(InvalidRequest):
            store.open(sha256, start=-1)
        with pytest.raises(InvalidRequest):
            store.open(sha256, length=-1)

    def test_not_found_is_raised_when_a_blob_is_not_stored(self, store: BlobStore) -> None:
        with pytest.raises(BlobNotFound):
            store.open(_NOWHERE)
        with pytest.raises(BlobNotFound):
            store.stat(_NOWHERE)

    @pytest.mark.parametrize("text", ["", "ab", "../../etc/passwd", "A" * 64, "g" * 64, f"{'0' * 62}/."])
    def test_a_digest_is_refused_when_it_is_none(self, store: BlobStore, text: str) -> None:
        asks: list[Callable[[str], Any]] = [
            store.open,
            store.stat,
            store.delete,
            lambda digest: store.missing([digest]),
        ]
        for ask in asks:
            with pytest.raises(InvalidRequest):
                ask(text)

    def test_size_and_time_are_told_when_a_blob_is_stored(self, store: BlobStore) -> None:
        before = datetime.now(timezone.utc) - timedelta(seconds=2)
        sha256 = store.put(io.BytesIO(b"12345")).sha256
        blob = store.stat(sha256)
        assert (blob.sha256, blob.size) == (sha256, 5)
        assert blob.stored.tzinfo is not None
        assert before <= blob.stored <= datetime.now(timezone.utc) + timedelta(seconds=2)

    def test_the_missing_are_told_when_many_are_asked_for(self, store: BlobStore) -> None:
        stored = {store.put(io.BytesIO(str(index).encode())).sha256 for index in range(20)}
        absent = {_digest(f"absent {index}".encode()) for index in range(600)}
        assert store.missing(stored | absent) == absent
        assert store.missing(list(stored) * 2) == set()
        assert store.missing([]) == set()

    def test_another_process_finds_it_when_a_put_has_returned(self, store: BlobStore) -> None:
        other = self.opened_again(store)
        sha256 = store.put(io.BytesIO(b"shared")).sha256
        assert other.missing([sha256]) == set()
        assert other.stat(sha256).size == 6
        assert _read(other, sha256) == b"shared"

    # delete, list

    def test_a_blob_is_gone_when_it_is_deleted(self, store: BlobStore) -> None:
        sha256 = store.put(io.BytesIO(b"x")).sha256
        store.delete(sha256)
        assert store.missing([sha256]) == {sha256}
        with pytest.raises(BlobNotFound):
            store.open(sha256)
        store.delete(sha256)
        assert not store.put(io.BytesIO(b"x")).was_known

    def test_every_blob_is_listed_when_some_are_stored(self, store: BlobStore) -> None:
        assert list(store.list()) == []
        stored = {store.put(io.BytesIO(bytes(size))).sha256: size for size in range(50)}
        assert {blob.sha256: blob.size for blob in store.list()} == stored
        for blob in store.list():
            assert blob == store.stat(blob.sha256)

    def test_listing_goes_on_when_blobs_are_deleted_meanwhile(self, store: BlobStore) -> None:
        for size in range(50):
            store.put(io.BytesIO(bytes(size)))
        for blob in store.list():
            store.delete(blob.sha256)
        assert list(store.list()) == []

    # documents

    def test_a_document_is_read_when_it_was_written(self, store: BlobStore) -> None:
        documents = store.documents
        assert documents.read("manifests/P/project.json") is None
        documents.write("manifests/P/project.json", b"1")
        assert documents.read("manifests/P/project.json") == b"1"
        documents.write("manifests/P/project.json", b"22")
        assert self.opened_again(store).documents.read("manifests/P/project.json") == b"22"

    def test_a_document_is_gone_when_it_is_deleted(self, store: BlobStore) -> None:
        store.documents.write("a/b", b"1")
        store.documents.delete("a/b")
        store.documents.delete("a/b")
        store.documents.delete("never/there")
        assert store.documents.read("a/b") is None
        assert list(store.documents.list()) == []

    def test_documents_are_listed_when_their_names_begin_so(self, store: BlobStore) -> None:
        names = {"top", "manifests/P/a.json", "manifests/P/versions/v1", "manifests/PQ/a.json", "other/x"}
        for name in names:
            store.documents.write(name, name.encode())
        for prefix in ("", "manifests/", "manifests/P", "manifests/P/", "manifests/P/versions/v", "nothing/x", "to"):
            found = list(store.documents.list(prefix))
            assert sorted(found) == sorted(name for name in names if name.startswith(prefix))

    @pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "../a", "a/../b", ".", "a b", "a\\b", "é", "x" * 300])
    def test_a_document_is_refused_when_its_name_is_bad(self, store: BlobStore, name: str) -> None:
        with pytest.raises(InvalidRequest):
            store.documents.write(name, b"")
        with pytest.raises(InvalidRequest):
            store.documents.read(name)
        with pytest.raises(InvalidRequest):
            store.documents.delete(name)

    def test_documents_are_no_blobs_when_blobs_are_listed(self, store: BlobStore) -> None:
        store.documents.write("x", b"x")
        assert list(store.list()) == []
        assert store.missing([_digest(b"x")]) == {_digest(b"x")}

    def test_a_reader_finds_a_whole_document_when_it_is_being_replaced(self, store: BlobStore) -> None:
        texts = {bytes([letter]) * 50_000 for letter in b"abc"}
        store.documents.write("busy", min(texts))
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                for text in texts:
                    store.documents.write("busy", text)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            assert all(self.opened_again(store).documents.read("busy") in texts for _ in range(100))
        finally:
            stop.set()
            thread.join()

    # LocalFiles

    def test_the_file_holds_the_blob_when_the_store_has_local_files(self, store: BlobStore) -> None:
        sha256 = store.put(io.BytesIO(b"local")).sha256
        if isinstance(store, LocalFiles):
            assert store.path(sha256).read_bytes() == b"local"
            assert not store.path(_NOWHERE).exists()
        assert _read(store, sha256) == b"local"

    # Quarantine

    def test_a_blob_can_be_put_anew_when_it_was_set_aside(self, store: BlobStore) -> None:
        other = store.put(io.BytesIO(b"other")).sha256
        places = []
        for data in (b"damaged", b"damaged", _bytes(_BIG)):
            sha256 = store.put(io.BytesIO(data)).sha256
            if not isinstance(store, Quarantine):
                return
            places.append(store.set_aside(sha256))
            assert store.missing([sha256, other]) == {sha256}
            assert _contents(store) == {other, *(_digest(b"damaged") for _ in places[2:])}
            with pytest.raises(BlobNotFound):
                self.opened_again(store).open(sha256)
            assert not store.put(io.BytesIO(data)).was_known
            assert _read(store, sha256) == data
        assert len(set(places)) == 3
        assert list(store.documents.list()) == []

    def test_nothing_is_set_aside_when_it_is_not_stored(self, store: BlobStore) -> None:
        if isinstance(store, Quarantine):
            with pytest.raises(BlobNotFound):
                store.set_aside(_NOWHERE)
            with pytest.raises(InvalidRequest):
                store.set_aside("../tmp")
        assert _contents(store) == set()


def _cancel(_: int) -> None:
    raise Cancelled("Stopped by the user.")


def _once(change: Callable[[Path], None], path: Path) -> Callable[[int], None]:
    left = [change]

    def progress(_: int) -> None:
        if left:
            left.pop()(path)

    return progress


def _append(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"more")


def _rewrite(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[::-1])


def _replace(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    other.replace(path)
