"""Reading the archive of a project, which anyone may have made: nothing in it is believed."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Optional, cast

from pydantic import ValidationError

from bifrost_core.errors import BifrostError, BlobCorrupt, InvalidRequest
from bifrost_core.services.restoring.archive_format import BLOB, FORMAT, HEADER, KIND, MANIFESTS, ArchiveHeader
from bifrost_core.storage.system_paths import system_path

__all__ = ["ArchiveReader"]

_HEADER_LIMIT = 64 << 20
_LINE_LIMIT = 64 << 20
"""Most bytes of one manifest: one of a version with 100,000 frames has a quarter of that."""

_RATIO_LIMIT = 250
"""So much smaller manifests get at most by compression; text that shrinks more is there to fill a disk."""

_FREE_TEXT = 1 << 20
_ENCRYPTED = 1


class ArchiveReader:
    """Reads an archive that may have been made by anyone.

    Raises:
        InvalidRequest: the file is missing, is no archive of a Bifrost project, or is one that lies about itself.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._zip = zipfile.ZipFile(system_path(path))
        except FileNotFoundError as exc:
            raise InvalidRequest(
                f"The file “{path}” does not exist.", hint="Check its name.", details={"file": str(path)}
            ) from exc
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as exc:
            raise self._refused(str(exc)) from exc
        try:
            self.blobs = self._checked_entries()
            self.header = self._read_header()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> ArchiveReader:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], exc: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._zip.close()

    def manifests(self) -> Generator[tuple[str, bytes], None, None]:
        """Yield the manifests with their names, in the order of their lines; who stops earlier closes it."""
        with self._reading(), self._zip.open(MANIFESTS) as stream:
            while True:
                line = stream.readline(_LINE_LIMIT + 1)
                if not line:
                    return
                if len(line) > _LINE_LIMIT:
                    raise self._refused("a manifest in it is too long")
                name, tab, data = line.partition(b"\t")
                if not tab:
                    raise self._refused("a manifest in it has no name")
                yield name.decode("ascii", "replace"), data

    @contextmanager
    def open_blob(self, sha256: str) -> Iterator[BinaryIO]:
        """Open a blob of :attr:`blobs`; the stream raises BlobCorrupt at its end if its bytes are others."""
        with self._reading():
            with self._lock:  # the ZIP file counts its open parts, and not for several threads
                stream = self._zip.open(f"blobs/{sha256}")
            try:
                yield cast(BinaryIO, _Checked(cast(BinaryIO, stream), sha256, self._path))
            finally:
                with self._lock:
                    stream.close()

    def _checked_entries(self) -> dict[str, int]:
        """Return the size of each blob by its digest, after a look at all that is in the archive."""
        names: set[str] = set()
        blobs: dict[str, int] = {}
        for entry in self._zip.infolist():
            blob = BLOB.fullmatch(entry.filename)
            if entry.filename in names or not (blob or entry.filename in (HEADER, MANIFESTS)):
                raise self._refused(f"it holds “{_shown(entry.filename)}”, which does not belong there")
            if entry.flag_bits & _ENCRYPTED:
                raise self._refused("it is encrypted")
            names.add(entry.filename)
            if blob:
                if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
                    raise self._refused("its files are compressed, which Bifrost never does")
                blobs[blob[1]] = entry.file_size
            elif entry.compress_type not in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
                raise self._refused("it is compressed in a way that Bifrost never uses")
            elif entry.file_size > _FREE_TEXT + _RATIO_LIMIT * entry.compress_size:
                raise self._refused("it would become suspiciously large")
        if not {HEADER, MANIFESTS} <= names:
            raise self._refused("what makes one is not in it")
        if sum(entry.compress_size for entry in self._zip.infolist()) > self._path.stat().st_size:
            raise self._refused("what is in it would be larger than itself")
        return blobs

    def _read_header(self) -> ArchiveHeader:
        if self._zip.getinfo(HEADER).file_size > _HEADER_LIMIT:
            raise self._refused("its header is too long")
        with self._reading():
            data = self._zip.read(HEADER)
        try:
            found: Any = json.loads(data)
            if isinstance(found, dict) and found.get("kind") == KIND and found.get("format") not in (None, FORMAT):
                raise InvalidRequest(
                    f"The archive “{self._path}” was made by another release of Bifrost (format {found['format']}).",
                    hint="Install the newest Bifrost and try again.",
                )
            return ArchiveHeader.model_validate(found)
        except (ValidationError, ValueError, RecursionError) as exc:
            raise self._refused("its header is not right") from exc

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except BifrostError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as exc:
            raise self._refused(f"it is damaged ({exc})") from exc

    def _refused(self, why: str) -> InvalidRequest:
        return InvalidRequest(
            f"“{self._path}” is no usable archive of a Bifrost project: {why}.",
            hint="Copy it again from where it was made, or make it again with `bifrost export`.",
            details={"file": str(self._path)},
        )


class _Checked(io.RawIOBase):
    """A stream that tells at its end whether its bytes were the right ones."""

    def __init__(self, source: BinaryIO, sha256: str, path: Path) -> None:
        super().__init__()
        self._source = source
        self._expected = sha256
        self._path = path
        self._found = hashlib.sha256()

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read into ``buffer``; at the end, compare."""
        try:
            data = self._source.read(len(buffer))
        except (zipfile.BadZipFile, EOFError) as exc:
            raise self._corrupt() from exc
        if not data and self._found.hexdigest() != self._expected:
            raise self._corrupt()
        self._found.update(data)
        buffer[: len(data)] = data
        return len(data)

    def _corrupt(self) -> BlobCorrupt:
        return BlobCorrupt(
            f"The file {self._expected} in the archive “{self._path}” is damaged; nothing was imported.",
            hint="Copy the archive again from where it was made.",
            details={"sha256": self._expected, "file": str(self._path)},
        )


def _shown(name: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name[:100])
