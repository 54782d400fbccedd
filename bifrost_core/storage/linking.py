"""Showing a blob as a file: by reflink, hard link or copy, whatever the file systems allow."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Optional

from bifrost_core.errors import BlobCorrupt, InvalidRequest
from bifrost_core.storage.copying import READ_ONLY, create_file, is_read_only, make_read_only, reflink, write_hashing
from bifrost_core.storage.hashing import reader
from bifrost_core.storage.port import BlobStore, LocalFiles, Progress
from bifrost_core.storage.system_paths import system_path

__all__ = ["LinkMode", "Linker", "ViewFile", "check_relative", "check_view_files", "target_of"]

_WRITABLE = 0o666
_CANNOT_LINK = {
    errno.EXDEV,
    errno.EPERM,
    errno.EACCES,
    errno.EMLINK,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
    errno.EINVAL,
}


class LinkMode(str, Enum):
    """How a file shows a blob; what cannot be done becomes a copy."""

    AUTO = "auto"
    """A reflink, else a hard link, else a copy."""
    REFLINK = "reflink"
    HARDLINK = "hardlink"
    COPY = "copy"


@dataclass(frozen=True)
class ViewFile:
    """A file to show; ``name`` is relative, with ``/`` between its parts; None: the path itself is the one file."""

    name: Optional[str]
    sha256: str
    size: int


def check_view_files(files: tuple[ViewFile, ...]) -> None:
    """Refuse names that leave the folder or that some file system could not keep apart.

    Raises:
        InvalidRequest: no file, a name that is not plain and relative, two names that are one on Windows or macOS,
            or a file where another needs a folder.
    """
    from bifrost_core.models.names import name_key

    if not files or (len(files) > 1 and any(file.name is None for file in files)):
        raise InvalidRequest("A view needs one file, or several with names.")
    names = {name_key(file.name): file.name for file in files if file.name is not None}
    if len(names) < sum(file.name is not None for file in files):
        raise InvalidRequest("Two of the files have names that are the same on Windows or macOS.")
    for key, name in names.items():
        check_relative(PurePosixPath(name), name)
        for folder in PurePosixPath(key).parents:
            if str(folder) in names:
                raise InvalidRequest(f"“{names[str(folder)]}” cannot be a file and the folder of “{name}”.")


def check_relative(path: PurePosixPath, written: str) -> None:
    """Refuse a path that could leave the folder that it is relative to.

    Raises:
        InvalidRequest: it is absolute, is empty, goes up, or has a sign that Windows takes for a separator.
    """
    if path.is_absolute() or not path.parts or ".." in path.parts or set(written) & set("\\:\0"):
        raise InvalidRequest(f"“{written}” is not a plain relative path.")


class Linker:
    """Makes files that show blobs of a store.

    Args:
        store: where the blobs are; links are possible when it has ``LocalFiles``.
        mode: the way that is tried first.
        writable: whether the files may be changed: then they are never hard links.
    """

    def __init__(self, store: BlobStore, mode: LinkMode, *, writable: bool = False) -> None:
        self._store = store
        self._local = store if isinstance(store, LocalFiles) else None
        self._reflinks = mode in (LinkMode.AUTO, LinkMode.REFLINK)
        self._hardlinks = mode in (LinkMode.AUTO, LinkMode.HARDLINK) and not writable
        self._mode = _WRITABLE if writable else READ_ONLY

    def make(self, file: ViewFile, target: str, progress: Optional[Progress] = None) -> None:
        """Make ``target``, a new file, show the blob.

        Raises:
            BlobNotFound: it is not stored.
            BlobCorrupt: it is not what was published.
            OSError: the target could not be written.
        """
        if self._local is not None and (self._reflinks or self._hardlinks):
            source = system_path(self._local.path(file.sha256))
            if self._check_size(file, source) and self._link(source, target):
                if progress is not None:
                    progress(file.size)
                return
        self._copy(file, target, progress)

    def is_blob(self, file: ViewFile, found: os.stat_result) -> bool:
        """Return whether a file that was found is the blob's own file, by hard link."""
        if self._local is None:
            return False
        try:
            return os.path.samestat(found, os.stat(system_path(self._local.path(file.sha256))))
        except FileNotFoundError:
            return False

    def is_old_link(self, file: ViewFile, found: os.stat_result) -> bool:
        """Return whether a file that was found is a hard link to what was the blob's file before it was replaced.

        A damaged blob is replaced by the right bytes under the same name: what was linked to it is still damaged.
        """
        if self._local is None or found.st_nlink < 2 or not is_read_only(found.st_mode):
            return False
        try:
            blob = os.stat(system_path(self._local.path(file.sha256)))
        except FileNotFoundError:
            return False
        return found.st_dev == blob.st_dev and not os.path.samestat(found, blob)

    def _check_size(self, file: ViewFile, source: str) -> bool:
        try:
            size = os.stat(source).st_size
        except OSError:
            return False  # the store says what is wrong when it is asked for the bytes
        if size != file.size:
            raise _corrupt(file)
        return True

    def _link(self, source: str, target: str) -> bool:
        if self._reflinks:
            if reflink(source, target, self._mode):
                os.utime(target, ns=(os.stat(source).st_mtime_ns,) * 2)
                return True
            self._reflinks = False  # it will not work for the next file either
        return self._hardlinks and self._hardlink(source, target)

    def _hardlink(self, source: str, target: str) -> bool:
        try:
            os.link(source, target)
        except OSError as exc:
            if exc.errno not in _CANNOT_LINK:
                raise
            # Too many links concerns this one blob; all else, every file here.
            self._hardlinks = exc.errno == errno.EMLINK
            return False
        if os.name == "nt":
            make_read_only(target)  # removing another link there took this from all of them
        return True

    def _copy(self, file: ViewFile, target: str, progress: Optional[Progress]) -> None:
        with self._store.open(file.sha256) as stream:
            fd = create_file(target, self._mode)
            try:
                found = write_hashing(reader(stream), fd, progress)
            finally:
                os.close(fd)
        if found != (file.sha256, file.size):
            raise _corrupt(file)
        if self._mode == READ_ONLY:
            stored = self._store.stat(file.sha256).stored.timestamp()
            os.utime(target, (stored, stored))


def _corrupt(file: ViewFile) -> BlobCorrupt:
    return BlobCorrupt(
        f"The stored content of “{file.name or file.sha256}” is damaged.",
        details={"sha256": file.sha256, "size": file.size},
    )


def target_of(path: Path, file: ViewFile) -> Path:
    """Return where a file stands when its representation stands at ``path``."""
    return path if file.name is None else path.joinpath(*PurePosixPath(file.name).parts)
