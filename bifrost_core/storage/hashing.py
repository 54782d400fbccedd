"""SHA-256 of files and streams in constant memory; hashing runs on a thread of its own beside reading and writing."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import BinaryIO, Callable, Optional

from bifrost_core.storage.failures import source_error
from bifrost_core.storage.port import Progress
from bifrost_core.storage.system_paths import system_path

__all__ = ["BLOCK", "Read", "Write", "hash_file", "hash_stream", "pump", "reader"]

BLOCK = 1 << 18
_BLOCKS = 8  # together they stay in the processor's cache, between the threads

Read = Callable[[memoryview], int]
"""Fills the buffer from its start; returns how many bytes, 0 at the end."""

Write = Callable[[memoryview], None]
"""Writes all of it."""


class _HashingThread:
    """Hashes the blocks that it is given, in order; at most ``_BLOCKS`` are under way."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        self._full: SimpleQueue[Optional[tuple[memoryview, int]]] = SimpleQueue()
        self._made = 0
        self._thread = threading.Thread(target=self._run, name="bifrost-hashing", daemon=True)

    def __enter__(self) -> _HashingThread:
        self._thread.start()
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], exc: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._full.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            item = self._full.get()
            if item is None:
                return
            block, count = item
            self._hash.update(block[:count])
            self._free.put(block)

    def free_block(self) -> memoryview:
        """Return a block that may be overwritten; waits while all are still to be hashed."""
        if self._free.empty() and self._made < _BLOCKS:
            self._made += 1
            return memoryview(bytearray(BLOCK))
        return self._free.get()

    def add(self, block: memoryview, count: int) -> None:
        """Hash the first ``count`` bytes of the block later, then free it."""
        self._full.put((block, count))

    def hexdigest(self) -> str:
        """Return the digest of all that was added; only after the context has ended."""
        return self._hash.hexdigest()


def pump(read: Read, write: Optional[Write] = None, progress: Optional[Progress] = None) -> tuple[str, int]:
    """Read to the end, write each block where ``write`` is given, hash beside it; return digest and size."""
    size = 0
    with _HashingThread() as hashing:
        while True:
            block = hashing.free_block()
            count = read(block)
            if not count:
                break
            size += count
            hashing.add(block, count)
            if write is not None:
                write(block[:count])
            if progress is not None:
                progress(count)
    return hashing.hexdigest(), size


def reader(stream: BinaryIO) -> Read:
    """Return the reading function of any binary stream, also of one that has only ``read``."""
    read_into = getattr(stream, "readinto", None)
    if read_into is not None:
        return lambda block: int(read_into(block) or 0)

    def read(block: memoryview) -> int:
        data = stream.read(len(block))
        block[: len(data)] = data
        return len(data)

    return read


def hash_stream(stream: BinaryIO, *, progress: Optional[Progress] = None) -> tuple[str, int]:
    """Read a stream to its end; return the SHA-256 and the number of its bytes."""
    return pump(reader(stream), None, progress)


def hash_file(path: Path, *, progress: Optional[Progress] = None) -> tuple[str, int]:
    """Return SHA-256 and size of a file.

    Raises:
        InvalidRequest: it is missing or cannot be read.
    """
    try:
        with open(system_path(path), "rb", buffering=0) as stream:
            return pump(reader(stream), None, progress)
    except OSError as exc:
        raise source_error(exc, path) from exc
