"""A store in memory: for tests and trials. It keeps every promise of the port but outliving its process."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO, Optional

from bifrost_core.errors import BlobNotFound, InvalidRequest
from bifrost_core.storage.digests import check_digest, check_digests
from bifrost_core.storage.documents import check_document_name
from bifrost_core.storage.failures import source_error
from bifrost_core.storage.port import Blob, DocumentStore, Progress, Source, Stored
from bifrost_core.storage.sources import OpenSource

__all__ = ["MemoryBlobStore", "MemoryDocuments"]


@dataclass(frozen=True)
class _Entry:
    data: bytes
    stored: datetime


class MemoryBlobStore:
    """A :class:`~bifrost_core.storage.port.BlobStore` in memory, with the capability ``Quarantine``.

    It is safe to use from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blobs: dict[str, _Entry] = {}
        self._damaged: list[tuple[str, _Entry]] = []
        self._documents = MemoryDocuments()

    @property
    def documents(self) -> DocumentStore:
        """The documents beside the blobs."""
        return self._documents

    def put(self, stream: BinaryIO, *, progress: Optional[Progress] = None) -> Stored:
        """Store what ``stream`` yields to its end."""
        data = bytearray()
        while True:
            try:
                block = stream.read(1 << 20)
            except OSError as exc:
                raise source_error(exc, Path("stream")) from exc
            if not block:
                return self._keep(bytes(data))
            data += block
            if progress is not None:
                progress(len(block))

    def put_files(self, sources: Sequence[Source], *, progress: Optional[Progress] = None) -> tuple[Stored, ...]:
        """Store files, one after the other."""
        return tuple(self._put_file(source, progress) for source in sources)

    def _put_file(self, source: Source, progress: Optional[Progress]) -> Stored:
        with OpenSource(source.path) as opened:
            data = bytes(opened.read_whole(memoryview(bytearray(opened.size + 1))))
            if progress is not None:
                progress(len(data))
            opened.check_unchanged()
            return self._keep(data)

    def _keep(self, data: bytes) -> Stored:
        sha256 = hashlib.sha256(data).hexdigest()
        with self._lock:
            known = sha256 in self._blobs
            self._blobs[sha256] = _Entry(data, datetime.now(timezone.utc))
        return Stored(sha256, len(data), known)

    def open(self, sha256: str, *, start: int = 0, length: Optional[int] = None) -> BinaryIO:
        """Return a stream of the blob's bytes from ``start`` on, at most ``length`` of them."""
        if start < 0 or (length is not None and length < 0):
            raise InvalidRequest("A part of a blob begins at 0 or later and has no negative length.")
        data = self._entry(sha256).data
        return io.BytesIO(data[start : None if length is None else start + length])

    def stat(self, sha256: str) -> Blob:
        """Return size and time of a blob."""
        entry = self._entry(sha256)
        return Blob(sha256, len(entry.data), entry.stored)

    def _entry(self, sha256: str) -> _Entry:
        check_digest(sha256)
        with self._lock:
            entry = self._blobs.get(sha256)
        if entry is None:
            raise BlobNotFound(f"The store has no blob {sha256}.", details={"sha256": sha256})
        return entry

    def missing(self, digests: Collection[str]) -> set[str]:
        """Return those of the digests that are not stored."""
        wanted = check_digests(digests)
        with self._lock:
            return {digest for digest in wanted if digest not in self._blobs}

    def delete(self, sha256: str) -> None:
        """Remove a blob; one that is not stored is no error."""
        check_digest(sha256)
        with self._lock:
            self._blobs.pop(sha256, None)

    def set_aside(self, sha256: str) -> str:
        """Move a blob out of the way and return the name that it has now."""
        self._entry(sha256)
        with self._lock:
            entry = self._blobs.pop(sha256, None)
            if entry is None:
                raise BlobNotFound(f"The store has no blob {sha256}.", details={"sha256": sha256})
            self._damaged.append((sha256, entry))
            return f"memory:damaged/{len(self._damaged)}-{sha256}"

    def list(self) -> Iterator[Blob]:
        """Yield every blob, in no order."""
        with self._lock:
            found = [Blob(sha256, len(entry.data), entry.stored) for sha256, entry in self._blobs.items()]
        yield from found


class MemoryDocuments:
    """A :class:`~bifrost_core.storage.port.DocumentStore` in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._documents: dict[str, bytes] = {}

    def write(self, name: str, data: bytes) -> None:
        """Store ``data`` under ``name``, in place of what was there."""
        check_document_name(name)
        with self._lock:
            self._documents[name] = bytes(data)

    def read(self, name: str) -> Optional[bytes]:
        """Return the document, or None when there is none of that name."""
        check_document_name(name)
        with self._lock:
            return self._documents.get(name)

    def delete(self, name: str) -> None:
        """Remove a document; one that is not there is no error."""
        check_document_name(name)
        with self._lock:
            self._documents.pop(name, None)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that begin with ``prefix``, in no order."""
        with self._lock:
            names = list(self._documents)
        yield from (name for name in names if name.startswith(prefix))
