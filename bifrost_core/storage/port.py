"""The ports of storage: what every backend promises.

A *blob* is bytes, addressed by their SHA-256. A *document* is a small JSON text with a name, kept beside the blobs so
that a library can be rebuilt from its store alone. The contract suite in ``bifrost_core.testing`` tests each sentence
below on every backend.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Callable, Optional, Protocol, runtime_checkable

__all__ = ["Blob", "BlobStore", "DocumentStore", "LocalFiles", "Progress", "Quarantine", "Source", "Stored"]

Progress = Callable[[int], None]
"""Told the bytes done since the last call, from any thread; it may raise ``Cancelled`` to stop the work."""


@dataclass(frozen=True)
class Source:
    """A file to store.

    ``probably_stored`` says that its content may well be stored already: it is then read before anything is written,
    so that a file stored before costs one reading and no writing.
    """

    path: Path
    probably_stored: bool = False


@dataclass(frozen=True)
class Stored:
    """What a put answers."""

    sha256: str
    size: int
    was_known: bool
    """Whether the same bytes were stored before."""


@dataclass(frozen=True)
class Blob:
    """A blob in the store."""

    sha256: str
    size: int
    stored: datetime
    """When it was stored, or last put again (UTC)."""


class BlobStore(Protocol):
    """Bytes by their SHA-256.

    * **Atomic**: a blob is there whole or not at all, whatever dies when; two writers of the same bytes both succeed.
    * **Durable**: when a put returns, its bytes survive a crash of the process and of the machine.
    * **Immutable**: bytes under a digest never change; putting them again refreshes ``Blob.stored``.
    * **Consistent**: what a put has returned, every process finds at once by ``open``, ``stat`` and ``missing``.
    * **Bounded**: memory does not grow with the size of a blob or the number of files.
    * **Errors**: ``BlobNotFound``, ``StorageFull``, ``StorageReadOnly``, ``StorageUnavailable`` or another
      ``StorageError``, and no foreign exception. A put that fails leaves no blob behind.
    """

    def put(self, stream: BinaryIO, *, progress: Optional[Progress] = None) -> Stored:
        """Store what ``stream`` yields to its end."""
        ...

    def put_files(self, sources: Sequence[Source], *, progress: Optional[Progress] = None) -> tuple[Stored, ...]:
        """Store files, in parallel where that helps; the answers stand in the order of the sources.

        Durable as a whole: when it returns, all are stored; when it raises, some may be.

        Raises:
            SourceChanged: a file changed while it was read.
            InvalidRequest: a source is missing, unreadable or not a regular file.
        """
        ...

    def open(self, sha256: str, *, start: int = 0, length: Optional[int] = None) -> BinaryIO:
        """Return a stream of the blob's bytes from ``start`` on, at most ``length`` of them. The caller closes it.

        Raises:
            BlobNotFound: it is not stored.
        """
        ...

    def stat(self, sha256: str) -> Blob:
        """Return size and time of a blob.

        Raises:
            BlobNotFound: it is not stored.
        """
        ...

    def missing(self, digests: Collection[str]) -> set[str]:
        """Return those of the digests that are not stored."""
        ...

    def delete(self, sha256: str) -> None:
        """Remove a blob; one that is not stored is no error."""
        ...

    def list(self) -> Iterator[Blob]:
        """Yield every blob, in no order; blobs put or deleted meanwhile may or may not appear."""
        ...

    @property
    def documents(self) -> DocumentStore:
        """The documents beside the blobs."""
        ...


class DocumentStore(Protocol):
    """Small texts by name, such as ``manifests/P/versions/V.json``; writing replaces, atomically and durably."""

    def write(self, name: str, data: bytes) -> None:
        """Store ``data`` under ``name``, in place of what was there."""
        ...

    def read(self, name: str) -> Optional[bytes]:
        """Return the document, or None when there is none of that name."""
        ...

    def delete(self, name: str) -> None:
        """Remove a document; one that is not there is no error."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that begin with ``prefix``, in no order."""
        ...


@runtime_checkable
class LocalFiles(Protocol):
    """The capability of a store whose blobs are files here, so that views can link to them."""

    def path(self, sha256: str) -> Path:
        """Return the file of a blob (it may be missing). Nobody may write to it."""
        ...


@runtime_checkable
class Quarantine(Protocol):
    """The capability of a store that can take a damaged blob out of the way, so that the right bytes can be put."""

    def set_aside(self, sha256: str) -> str:
        """Move a blob's bytes under a name that no blob has, and return where they are now.

        The blob is then missing, for every reader, until its bytes are put again. What was set aside before stays.

        Raises:
            BlobNotFound: it is not stored.
        """
        ...
