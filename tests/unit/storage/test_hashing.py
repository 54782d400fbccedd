"""Hashing beside reading and writing."""

from __future__ import annotations

import hashlib
import io
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_core.errors import Cancelled, InvalidRequest
from bifrost_core.storage.hashing import BLOCK, hash_file, hash_stream, pump, reader


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 20 * BLOCK + 3])
def test_the_digest_is_that_of_the_bytes_when_a_file_is_hashed(tmp_path: Path, size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    path = tmp_path / "file"
    path.write_bytes(data[:size])
    told: list[int] = []
    assert hash_file(path, progress=told.append) == (hashlib.sha256(data[:size]).hexdigest(), size)
    assert sum(told) == size


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_pieces_are_hashed_and_written_in_order_when_reads_are_short(pieces: list[bytes]) -> None:
    left = [piece for piece in pieces if piece]
    written = bytearray()

    def read(block: memoryview) -> int:
        if not left:
            return 0
        piece = left.pop(0)
        block[: len(piece)] = piece
        return len(piece)

    data = b"".join(pieces)
    assert pump(read, written.extend) == (hashlib.sha256(data).hexdigest(), len(data))
    assert bytes(written) == data


def test_no_thread_is_left_when_the_work_is_cancelled() -> None:
    def cancel(_: int) -> None:
        raise Cancelled("Stopped.")

    before = threading.active_count()
    with pytest.raises(Cancelled):
        pump(reader(io.BytesIO(bytes(30 * BLOCK))), None, cancel)
    assert threading.active_count() == before


def test_a_stream_is_hashed_when_it_is_buffered(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with path.open("rb") as stream:
        assert hash_stream(stream) == (hashlib.sha256(b"abc").hexdigest(), 3)


def test_the_file_is_named_when_it_cannot_be_hashed(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"nowhere\.ma"):
        hash_file(tmp_path / "nowhere.ma")
