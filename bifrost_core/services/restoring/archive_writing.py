"""Writing the archive of a project: whole and durable, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Optional

from bifrost_core.errors import AlreadyExists, BlobCorrupt, InvalidRequest, StorageFull
from bifrost_core.services.restoring.archive_format import BLOCK, HEADER, MANIFESTS, ArchiveHeader
from bifrost_core.storage.flushing import flush_folder, replace_file
from bifrost_core.storage.port import Progress
from bifrost_core.storage.system_paths import system_path

__all__ = ["ArchiveWriter"]

_REGULAR_FILE = 0o100644 << 16
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class ArchiveWriter:
    """Writes an archive under a temporary name; it gets its own name, whole and durable, by :meth:`finish`.

    Raises:
        AlreadyExists: there is a file of that name.
        InvalidRequest: the folder is missing or may not be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._refuse_existing()
        self._temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}.part")
        with _writing_to(path):
            self._stream = open(system_path(self._temporary), "xb")  # noqa: PTH123, SIM115
        self._zip = zipfile.ZipFile(self._stream, "w", zipfile.ZIP_STORED, allowZip64=True)
        self._finished = False

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], exc: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._finished:
            return
        with suppress(OSError, ValueError):  # what is half written is thrown away
            self._zip.close()
        with suppress(OSError):
            self._stream.close()
        with suppress(OSError):
            self._temporary.unlink()

    def add_header(self, header: ArchiveHeader) -> None:
        """Write what the archive is; first, so that one look tells."""
        with _writing_to(self._path):
            self._zip.writestr(_entry(HEADER, zipfile.ZIP_DEFLATED), header.model_dump_json(indent=1))

    def add_manifests(self, manifests: Iterator[tuple[str, bytes]]) -> None:
        """Write manifests by name, each on one line."""
        entry = _entry(MANIFESTS, zipfile.ZIP_DEFLATED)
        with _writing_to(self._path), self._zip.open(entry, "w", force_zip64=True) as stream:
            for name, data in manifests:
                stream.write(name.encode() + b"\t" + data + b"\n")

    def add_blob(self, sha256: str, source: BinaryIO, progress: Optional[Progress] = None) -> int:
        """Write a blob; return its size.

        Raises:
            BlobCorrupt: its bytes are others.
        """
        found, size = hashlib.sha256(), 0
        entry = _entry(f"blobs/{sha256}", zipfile.ZIP_STORED)
        with _writing_to(self._path), self._zip.open(entry, "w", force_zip64=True) as stream:
            for block in iter(lambda: source.read(BLOCK), b""):
                found.update(block)
                stream.write(block)
                size += len(block)
                if progress is not None:
                    progress(len(block))
        if found.hexdigest() != sha256:
            raise BlobCorrupt(
                f"The stored blob {sha256} is damaged, so the project was not exported.", details={"sha256": sha256}
            )
        return size

    def finish(self) -> None:
        """Give the archive its name.

        Raises:
            AlreadyExists: meanwhile there is a file of that name.
        """
        with _writing_to(self._path):
            self._zip.close()
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            self._refuse_existing()
            replace_file(system_path(self._temporary), system_path(self._path))
            flush_folder(system_path(self._path.parent))
        self._finished = True

    def _refuse_existing(self) -> None:
        if os.path.lexists(system_path(self._path)):
            raise AlreadyExists(
                f"There is a file “{self._path}” already.",
                hint="Choose another name, or remove that file first.",
                details={"file": str(self._path)},
            )


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = compression
    entry.external_attr = _REGULAR_FILE
    return entry


@contextmanager
def _writing_to(path: Path) -> Iterator[None]:
    """Tell what an error of the operating system means for an archive; the store translates its own."""
    try:
        yield
    except OSError as exc:
        details = {"file": str(path), "errno": exc.errno}
        if exc.errno in _FULL:
            raise StorageFull(
                f"There is no space left for the archive “{path}”.", hint="Choose another disk.", details=details
            ) from exc
        raise InvalidRequest(
            f"The archive “{path}” cannot be written: {exc.strerror or exc}.",
            hint="Check that its folder exists and may be written.",
            details=details,
        ) from exc
