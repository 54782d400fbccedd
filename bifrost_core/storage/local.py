"""A store in a folder, on a local disk or a share.

::

    ROOT/bifrost-store.json           marks the folder as a store
    ROOT/blobs/ab/ab12...             the blobs, by the first two digits of their SHA-256; read-only
    ROOT/documents/manifests/...      the documents, by their names
    ROOT/tmp/                         what is being written
    ROOT/damaged/ab12...              blobs that were found damaged and set aside; made when it is needed
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO, Optional, cast

from bifrost_core.errors import BlobNotFound, ConfigurationError, InvalidRequest, StorageUnavailable
from bifrost_core.storage.copying import remove_file
from bifrost_core.storage.digests import check_digest, check_digests, is_digest
from bifrost_core.storage.documents import LocalDocuments
from bifrost_core.storage.failures import StoreErrors, patiently
from bifrost_core.storage.flushing import flush_folder, replace_file
from bifrost_core.storage.port import Blob, DocumentStore, Progress, Source, Stored
from bifrost_core.storage.sections import Section
from bifrost_core.storage.staging import GROUP, Staging
from bifrost_core.storage.system_paths import extended_windows_path, system_path
from bifrost_core.storage.temporary import remove_older_files
from bifrost_core.storage.workers import Workers, default_workers

__all__ = ["MARKER", "LocalBlobStore"]

MARKER = "bifrost-store.json"
_FORMAT = 1
_SHARDS = tuple(f"{number:02x}" for number in range(256))
_SLICE = 256


class LocalBlobStore:
    """A :class:`~bifrost_core.storage.port.BlobStore` in a folder, with the capabilities ``LocalFiles`` and
    ``Quarantine``.

    Args:
        root: the folder, as :meth:`create` made it.
        workers: threads for many small files; 0 means as suits the machine.

    Raises:
        StorageUnavailable: the folder is no store (any more): a disk that is not mounted looks like that.
        ConfigurationError: the store was made by a newer Bifrost.
    """

    def __init__(self, root: Path, workers: int = 0) -> None:
        self.root = root
        self.temporary = root / "tmp"
        self._blobs = os.path.join(system_path(root), "blobs")
        self._workers = workers or default_workers()
        self._errors = StoreErrors(root)
        self._check_marker()
        self._documents = LocalDocuments(root, self.temporary, self._check_marker)

    @classmethod
    def create(cls, root: Path, workers: int = 0) -> LocalBlobStore:
        """Make the folder a store, if it is none yet, and open it.

        Raises:
            StorageError: it cannot be made.
        """
        with StoreErrors(root):
            base = system_path(root)
            for folder in ("tmp", "documents", *(os.path.join("blobs", shard) for shard in _SHARDS)):
                os.makedirs(os.path.join(base, folder), exist_ok=True)
            for folder in (os.path.join(base, "blobs"), os.path.dirname(os.path.abspath(base))):
                flush_folder(folder)
            marker = os.path.join(base, MARKER)
            if not os.path.exists(marker):
                # Last: a folder with the marker is a whole store.
                documents = LocalDocuments(root, root / "tmp", lambda: None)
                documents.write_file(marker, json.dumps({"format": _FORMAT}).encode() + b"\n")
        return cls(root, workers)

    @property
    def documents(self) -> DocumentStore:
        """The documents beside the blobs."""
        return self._documents

    def path(self, sha256: str) -> Path:
        """Return the file of a blob (it may be missing). Nobody may write to it."""
        check_digest(sha256)
        return self.root / "blobs" / sha256[:2] / sha256

    def blob_file(self, sha256: str) -> str:
        """Return the file of a blob, for the calls of the operating system."""
        path = os.path.join(self._blobs, sha256[:2], sha256)
        return extended_windows_path(path) if os.name == "nt" else path

    def keep(self, sha256: str, size: int) -> bool:
        """Return whether the blob is stored whole; its time is then now."""
        path = self.blob_file(sha256)
        try:
            if os.stat(path).st_size != size:
                return False  # cut off by a fault of the disk: putting it again repairs it
            os.utime(path)
        except (FileNotFoundError, PermissionError):
            # Gone meanwhile, or another user's, whose time we may not set: it is stored anew, under its name.
            return False
        return True

    def put(self, stream: BinaryIO, *, progress: Optional[Progress] = None) -> Stored:
        """Store what ``stream`` yields to its end."""
        with Staging(self, self._workers, 1) as staging:
            return staging.put_stream(stream, progress)

    def put_files(self, sources: Sequence[Source], *, progress: Optional[Progress] = None) -> tuple[Stored, ...]:
        """Store files, many small ones at once; see the port for what is raised."""
        stored: list[Stored] = []
        for start in range(0, len(sources), GROUP):
            group = sources[start : start + GROUP]
            with Staging(self, self._workers, len(group)) as staging:
                stored += staging.put_files(group, progress)
        return tuple(stored)

    def open(self, sha256: str, *, start: int = 0, length: Optional[int] = None) -> BinaryIO:
        """Return a stream of the blob's bytes from ``start`` on, at most ``length`` of them."""
        check_digest(sha256)
        if start < 0 or (length is not None and length < 0):
            raise InvalidRequest("A part of a blob begins at 0 or later and has no negative length.")
        try:
            with self._errors:
                file = patiently(lambda: io.FileIO(self.blob_file(sha256)))
        except StorageUnavailable as exc:
            raise self._absent(sha256, exc) from exc
        return cast(BinaryIO, io.BufferedReader(Section(file, self.root, start, length), 1 << 18))

    def stat(self, sha256: str) -> Blob:
        """Return size and time of a blob."""
        check_digest(sha256)
        try:
            with self._errors:
                found = os.stat(self.blob_file(sha256))
        except StorageUnavailable as exc:
            raise self._absent(sha256, exc) from exc
        return _blob(sha256, found)

    def missing(self, digests: Collection[str]) -> set[str]:
        """Return those of the digests that are not stored."""
        wanted = check_digests(digests)
        absent: set[str] = set()

        def look(part: Sequence[str]) -> None:
            with self._errors:
                absent.update(digest for digest in part if not _exists(self.blob_file(digest)))

        parts = [wanted[start : start + _SLICE] for start in range(0, len(wanted), _SLICE)]
        # On a share each question is a round trip, so they are asked side by side.
        Workers(self._workers, look).run(parts, len(parts))
        if absent:
            self._check_marker()
        return absent

    def delete(self, sha256: str) -> None:
        """Remove a blob; one that is not stored is no error."""
        check_digest(sha256)
        with self._errors:
            if not remove_file(self.blob_file(sha256)):
                self._check_marker()

    def set_aside(self, sha256: str) -> str:
        """Move a blob to the folder ``damaged`` and return the file that it is now."""
        check_digest(sha256)
        source, folder = self.blob_file(sha256), self.root / "damaged"
        try:
            with self._errors:
                os.stat(source)
                with suppress(FileExistsError):
                    os.mkdir(system_path(folder))
                target = _free_name(folder, sha256)
                patiently(lambda: replace_file(source, system_path(target)))
                for changed in (system_path(folder), os.path.dirname(source), system_path(self.root)):
                    flush_folder(changed)
        except StorageUnavailable as exc:
            raise self._absent(sha256, exc) from exc
        return str(target)

    def list(self) -> Iterator[Blob]:
        """Yield every blob, in no order."""
        for shard in _SHARDS:
            with self._errors, os.scandir(os.path.join(self._blobs, shard)) as entries:
                found = [blob for blob in map(_listed, entries) if blob is not None]
            yield from found

    def remove_temporary(self, older_than: datetime) -> int:
        """Remove what killed processes left in ``tmp`` before that time; return how many files."""
        with self._errors:
            return remove_older_files(system_path(self.temporary), older_than)

    def temporary_files(self, older_than: datetime) -> int:
        """Count what :meth:`remove_temporary` would remove."""
        with self._errors:
            return remove_older_files(system_path(self.temporary), older_than, dry_run=True)

    def _absent(self, sha256: str, cause: StorageUnavailable) -> Exception:
        if cause.details.get("errno") != 2:
            return cause
        self._check_marker()
        return BlobNotFound(f"The store has no blob {sha256}.", details={"sha256": sha256})

    def _check_marker(self) -> None:
        path = self.root / MARKER
        try:
            with open(system_path(path), "rb") as stream:
                found = int(json.loads(stream.read())["format"])
        except OSError as exc:
            raise StorageUnavailable(
                f"There is no store in “{self.root}”: its file {MARKER} cannot be read.",
                hint="Check that the disk or share is connected. A new library is made with `bifrost init`.",
                details={"store": str(self.root), "errno": exc.errno},
            ) from exc
        except (ValueError, KeyError, TypeError) as exc:
            raise ConfigurationError(
                f"The file “{path}” is damaged.", hint=f'Its whole content should be: {{"format": {_FORMAT}}}'
            ) from exc
        if found > _FORMAT:
            raise ConfigurationError(
                f"The store “{self.root}” was made by a newer Bifrost (format {found}).", hint="Install that Bifrost."
            )


def _exists(path: str) -> bool:
    try:
        os.stat(path)
    except FileNotFoundError:
        return False
    return True


def _free_name(folder: Path, name: str) -> Path:
    path, number = folder / name, 1
    while os.path.lexists(system_path(path)):
        number += 1
        path = folder / f"{name}-{number}"
    return path


def _listed(entry: os.DirEntry[str]) -> Optional[Blob]:
    if not is_digest(entry.name):
        return None
    try:
        return _blob(entry.name, os.stat(entry.path))
    except FileNotFoundError:
        return None  # deleted since the folder was read


def _blob(sha256: str, found: os.stat_result) -> Blob:
    return Blob(sha256, found.st_size, datetime.fromtimestamp(found.st_mtime, timezone.utc))
