"""How files become blobs: staged under temporary names in parallel, made durable together, then given their names."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Optional, Protocol, Union

from bifrost_core.storage.copying import create_file, reflink, remove_file, write_all, write_hashing
from bifrost_core.storage.failures import StoreErrors, patiently, source_error
from bifrost_core.storage.flushing import Flusher, is_on_this_machine, replace_file
from bifrost_core.storage.following import copy_in_kernel
from bifrost_core.storage.hashing import BLOCK, Read, pump, reader
from bifrost_core.storage.port import Progress, Source, Stored
from bifrost_core.storage.sources import OpenSource
from bifrost_core.storage.workers import Workers

__all__ = ["GROUP", "SMALL", "Shelf", "Staging"]

SMALL = 4 << 20
"""A file of at most this many bytes is read whole, and written only when it is not stored."""

GROUP = 10_000
"""So many files at most are made durable and named together."""


class Shelf(Protocol):
    """What staging must know of the store."""

    root: Path
    temporary: Path

    def blob_file(self, sha256: str) -> str:
        """Return the file of a blob, for the calls of the operating system."""
        ...

    def keep(self, sha256: str, size: int) -> bool:
        """Return whether the blob is stored whole; its time is then now."""
        ...


@dataclass(frozen=True)
class _Staged:
    """A file whose bytes are in the store, under their digest or under a temporary name."""

    sha256: str
    size: int
    temporary: Optional[str]
    was_known: bool


class Staging:
    """One put: a group of files that become blobs together. What is left of a failed one is removed at its end."""

    def __init__(self, shelf: Shelf, workers: int, files: int) -> None:
        self._shelf = shelf
        self._count = workers
        self._errors = StoreErrors(shelf.root)
        # Asking for chance once is enough: the files of one put are only counted.
        self._prefix = os.path.join(shelf.temporary, os.urandom(12).hex())
        self._made = 0
        self._left: set[str] = set()
        self._claimed: set[str] = set()
        self._lock = threading.Lock()
        self._of_thread = threading.local()
        with self._errors:
            self._flusher = Flusher(shelf.temporary, files)

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], exc: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._flusher.__exit__(kind, exc, trace)
        for path in self._left:
            with suppress(OSError):  # what cannot be removed now, `bifrost gc` removes later
                remove_file(path)

    def put_stream(self, stream: BinaryIO, progress: Optional[Progress]) -> Stored:
        """Store one stream; it is read into memory when it turns out to be small."""
        read = _guarded(reader(stream))
        head = _read_at_most(read, SMALL + 1)
        if len(head) <= SMALL:
            staged = self._stage_bytes(memoryview(head))
            if progress is not None:
                progress(len(head))
        else:
            staged = self._stage_copy(progress, _chained(head, read))
        return self._name_all([staged])[0]

    def put_files(self, sources: Sequence[Source], progress: Optional[Progress]) -> list[Stored]:
        """Store a group of files; small ones on many threads, big ones on few."""
        staged: dict[int, _Staged] = {}
        big: list[int] = []

        def told(count: int) -> None:
            workers.check()
            if progress is not None:
                progress(count)

        def stage_small(index: int) -> None:
            with OpenSource(sources[index].path) as opened:
                if opened.size > SMALL:
                    big.append(index)
                    return
                data = opened.read_whole(self._buffer())
                opened.check_unchanged()
                staged[index] = self._stage_bytes(data)
            told(len(data))

        def stage_big(index: int) -> None:
            with OpenSource(sources[index].path) as opened:
                staged[index] = self._stage_big(opened, sources[index].probably_stored, told)

        workers = Workers(self._count, stage_small)
        workers.run(range(len(sources)), len(sources))
        # A big file keeps two threads busy already: one copies, one hashes.
        workers = Workers(max(1, self._count // 4), stage_big)
        workers.run(sorted(big), len(big))
        return self._name_all([staged[index] for index in range(len(sources))])

    def _buffer(self) -> memoryview:
        """Return this thread's own buffer: new memory for each file would cost as much as reading it."""
        buffer: Optional[memoryview] = getattr(self._of_thread, "buffer", None)
        if buffer is None:
            buffer = self._of_thread.buffer = memoryview(bytearray(SMALL))
        return buffer

    def _stage_bytes(self, data: memoryview) -> _Staged:
        sha256 = hashlib.sha256(data).hexdigest()
        if not self._claim(sha256, len(data)):
            return _Staged(sha256, len(data), None, was_known=True)
        path = self._new_path()
        with self._errors:
            fd = create_file(path)
            try:
                write_all(fd, data)
                self._flusher.written(fd)
            finally:
                os.close(fd)
        return _Staged(sha256, len(data), path, was_known=False)

    def _stage_big(self, opened: OpenSource, probably_stored: bool, progress: Progress) -> _Staged:
        cloned = self._stage_clone(opened, progress)
        if cloned is not None:
            return cloned
        if not probably_stored:
            return self._stage_copy(progress, opened)
        sha256, size = pump(opened.read_into, None, progress)
        opened.check_unchanged(size)
        if not self._claim(sha256, size):
            return _Staged(sha256, size, None, was_known=True)
        self._release(sha256)
        opened.rewind()
        # The bytes have been told already; now it is only asked whether to go on.
        return self._stage_copy(lambda _: progress(0), opened)

    def _stage_clone(self, opened: OpenSource, progress: Progress) -> Optional[_Staged]:
        path = self._new_path()
        with self._errors:
            try:
                if not reflink(str(opened.path), path):
                    return None
            except OSError:
                opened.check_unchanged()  # a source that is gone is not the store's fault
                raise
        with self._errors, open(path, "rb", buffering=0) as clone:
            sha256, size = pump(reader(clone), None, progress)
            self._flusher.written(clone.fileno())
        # The clone is of one moment, but a writer who is still at it shows that it was no good one.
        opened.check_unchanged()
        return self._settled(sha256, size, path)

    def _stage_copy(self, progress: Optional[Progress], source: Union[OpenSource, Read]) -> _Staged:
        path = self._new_path()
        with self._errors:
            fd = create_file(path)
            try:
                if isinstance(source, OpenSource):
                    sha256, size = self._copy(source, fd, progress)
                    source.check_unchanged(size)
                else:
                    sha256, size = write_hashing(source, fd, progress)
                self._flusher.written(fd)
            finally:
                os.close(fd)
        return self._settled(sha256, size, path)

    def _copy(self, source: OpenSource, fd: int, progress: Optional[Progress]) -> tuple[str, int]:
        """Copy within the kernel where what was written is hashed from memory; else block by block."""
        copied = copy_in_kernel(source, fd, progress) if is_on_this_machine(self._shelf.temporary) else None
        return copied or write_hashing(source.read_into, fd, progress)

    def _settled(self, sha256: str, size: int, path: str) -> _Staged:
        if self._claim(sha256, size):
            return _Staged(sha256, size, path, was_known=False)
        self._discard(path)
        return _Staged(sha256, size, None, was_known=True)

    def _claim(self, sha256: str, size: int) -> bool:
        """Return whether the caller has to bring the blob: not stored, nor brought by another file of this put."""
        with self._lock:
            if sha256 in self._claimed:
                return False
            self._claimed.add(sha256)
        with self._errors:
            if not self._shelf.keep(sha256, size):
                return True
        self._release(sha256)
        return False

    def _release(self, sha256: str) -> None:
        with self._lock:
            self._claimed.discard(sha256)

    def _new_path(self) -> str:
        with self._lock:
            self._made += 1
            path = f"{self._prefix}-{self._made}"
            self._left.add(path)
        return path

    def _discard(self, path: str) -> None:
        with self._errors:
            remove_file(path)
        with self._lock:
            self._left.discard(path)

    def _name_all(self, staged: Sequence[_Staged]) -> list[Stored]:
        with self._errors:
            self._flusher.before_names()
            for item in staged:
                if item.temporary is not None:
                    self._name(item.temporary, item)
            # Also those that were known: another process may have named them a moment ago.
            self._flusher.after_names(os.path.dirname(self._shelf.blob_file(item.sha256)) for item in staged)
        return [Stored(item.sha256, item.size, item.was_known) for item in staged]

    def _name(self, temporary: str, item: _Staged) -> None:
        target = self._shelf.blob_file(item.sha256)
        try:
            patiently(lambda: replace_file(temporary, target))
        except PermissionError:
            # Windows replaces no file that is read-only or open; then the same bytes stand there already.
            if not self._shelf.keep(item.sha256, item.size):
                raise
            remove_file(temporary)
        self._left.discard(temporary)


def _guarded(read: Read) -> Read:
    def guarded(block: memoryview) -> int:
        try:
            return read(block)
        except OSError as exc:
            raise source_error(exc, Path("stream")) from exc

    return guarded


def _read_at_most(read: Read, limit: int) -> bytes:
    data = bytearray()
    block = memoryview(bytearray(BLOCK))
    while len(data) < limit:
        count = read(block[: min(BLOCK, limit - len(data))])
        if not count:
            break
        data += block[:count]
    return bytes(data)


def _chained(head: bytes, read: Read) -> Read:
    rest = memoryview(head)

    def chained(block: memoryview) -> int:
        nonlocal rest
        if not rest:
            return read(block)
        count = min(len(rest), len(block))
        block[:count] = rest[:count]
        rest = rest[count:]
        return count

    return chained
