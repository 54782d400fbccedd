"""Views: versions as a tree that people and programs can read, made of links to the blobs, or of copies.

A view holds nothing that the store does not: it can be thrown away and made again. Its files are read-only. A file
that somebody changed all the same is never thrown away: it is renamed to ``NAME.modified-TIME``, and the published
one takes its place. That counts as changed whose size differs, or that may be written again and is younger than the
blob, or whose bytes differ after either of these. A hard link to what was the blob before that was replaced (since it
was damaged) is no file of its own and is replaced too.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import Optional

from bifrost_core.errors import BlobCorrupt
from bifrost_core.storage.copying import is_read_only, make_read_only, remove_file
from bifrost_core.storage.failures import StoreErrors, patiently
from bifrost_core.storage.flushing import replace_file
from bifrost_core.storage.hashing import hash_file
from bifrost_core.storage.linking import Linker, LinkMode, ViewFile, check_relative, check_view_files, target_of
from bifrost_core.storage.placing import place
from bifrost_core.storage.port import BlobStore, Progress
from bifrost_core.storage.system_paths import system_path
from bifrost_core.storage.temporary import remove_folder, remove_older_files
from bifrost_core.storage.workers import Workers

__all__ = ["LinkMode", "View", "ViewFile", "place"]

_TEMPORARY = ".bifrost-tmp"
_VERSION = re.compile(r"v\d{3,}")
_FOLDER_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR}
_WORKERS = 4


class View:
    """A tree of readable files in ``root`` that shows blobs of ``store``.

    Several processes may add to one view at once.

    Args:
        root: the folder of the view; made when something is added.
        store: where the blobs are.
        mode: how files are made: links need a store with ``LocalFiles`` on the same file system.
    """

    def __init__(self, root: Path, store: BlobStore, mode: LinkMode = LinkMode.AUTO) -> None:
        self.root = root
        self._store = store
        self._mode = mode
        self._temporary = root / _TEMPORARY
        self._errors = StoreErrors(root, "view")

    def add(
        self, path: PurePosixPath, files: Sequence[ViewFile], *, progress: Optional[Progress] = None
    ) -> tuple[Path, ...]:
        """Show files at ``path``, all or none; return where each one is. What is there already stays.

        Args:
            path: of the one file, or of the folder of several, relative to the view's root.
            files: what to show.
            progress: told the bytes.

        Raises:
            BlobNotFound, BlobCorrupt: the store lacks a file's bytes, or has others.
            StorageError: the view cannot be written.
        """
        files = tuple(files)
        check_view_files(files)
        check_relative(path, str(path))
        place_at = self.root.joinpath(*path.parts)
        linker = Linker(self._store, self._mode)
        with self._errors:
            if files[0].name is None or not self._add_folder(linker, place_at, files, progress):
                self._complete(linker, place_at, files, progress)
        return tuple(target_of(place_at, file) for file in files)

    def remove(self, path: PurePosixPath) -> bool:
        """Remove a file or folder of the view; return whether it was there."""
        check_relative(path, str(path))
        target = system_path(self.root.joinpath(*path.parts))
        with self._errors:
            if not os.path.lexists(target):
                return False
            gone = self._new_name()
            patiently(lambda: os.rename(target, gone))  # so that nobody finds it half there
            if os.path.isdir(gone) and not os.path.islink(gone):
                remove_folder(gone)
            else:
                remove_file(gone)
        return True

    def folders(self) -> Iterator[PurePosixPath]:
        """Yield the folders of versions that are in the view, relative to its root, in no order."""
        with self._errors:
            if not os.path.isdir(system_path(self.root)):
                return
        yield from self._version_folders(PurePosixPath())

    def remove_temporary(self, older_than: datetime) -> int:
        """Remove what killed processes left half made before that time; return how many."""
        with self._errors, suppress(FileNotFoundError):
            return remove_older_files(system_path(self._temporary), older_than)
        return 0

    def temporary_files(self, older_than: datetime) -> int:
        """Count what :meth:`remove_temporary` would remove."""
        with self._errors, suppress(FileNotFoundError):
            return remove_older_files(system_path(self._temporary), older_than, dry_run=True)
        return 0

    def _version_folders(self, folder: PurePosixPath) -> Iterator[PurePosixPath]:
        with (
            self._errors,
            suppress(FileNotFoundError),
            os.scandir(system_path(self.root.joinpath(*folder.parts))) as entries,
        ):
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
            for name in names:
                inner = folder / name
                if _is_version_folder(inner):
                    yield inner
                elif name != _TEMPORARY:
                    yield from self._version_folders(inner)

    def _add_folder(
        self, linker: Linker, folder: Path, files: tuple[ViewFile, ...], progress: Optional[Progress]
    ) -> bool:
        """Make a folder that is not there yet; return False when it is (or another process was faster)."""
        target = system_path(folder)
        if os.path.isdir(target):
            return False
        if os.path.lexists(target):
            self._set_aside(target)
        building = self._new_name()
        try:
            self._fill(linker, Path(building), files, progress)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            patiently(lambda: os.rename(building, target))
        except OSError as exc:
            if exc.errno not in _FOLDER_TAKEN or not os.path.isdir(target):
                raise
            return False
        finally:
            if os.path.isdir(building):
                with suppress(OSError):  # `bifrost gc` removes it later
                    remove_folder(building)
        return True

    def _fill(self, linker: Linker, folder: Path, files: tuple[ViewFile, ...], progress: Optional[Progress]) -> None:
        for inner in sorted({target_of(folder, file).parent for file in files}):
            os.makedirs(system_path(inner), exist_ok=True)

        def make(file: ViewFile) -> None:
            linker.make(file, system_path(target_of(folder, file)), progress)

        Workers(_WORKERS, make).run(files, len(files))

    def _complete(
        self, linker: Linker, place_at: Path, files: tuple[ViewFile, ...], progress: Optional[Progress]
    ) -> None:
        for file in files:
            target = target_of(place_at, file)
            if not self._is_right(linker, file, target):
                self._put(linker, file, target, progress)
            elif progress is not None:
                progress(file.size)

    def _is_right(self, linker: Linker, file: ViewFile, target: Path) -> bool:
        name = system_path(target)
        try:
            found = os.lstat(name)
        except (FileNotFoundError, NotADirectoryError):
            return False
        if not stat.S_ISREG(found.st_mode) or found.st_size != file.size:
            return False
        if linker.is_old_link(file, found):
            return False
        if is_read_only(found.st_mode) or found.st_mtime <= self._store.stat(file.sha256).stored.timestamp():
            return True
        if hash_file(target)[0] == file.sha256:
            with suppress(OSError):  # its owner may be another; it is right all the same
                make_read_only(name)
            return True
        if linker.is_blob(file, found):
            raise BlobCorrupt(
                f"“{target}” is a hard link to the stored content, and somebody changed it.",
                details={"sha256": file.sha256, "path": str(target)},
            )
        return False

    def _put(self, linker: Linker, file: ViewFile, target: Path, progress: Optional[Progress]) -> None:
        building = self._new_name()
        name = system_path(target)
        try:
            linker.make(file, building, progress)
            os.makedirs(os.path.dirname(name), exist_ok=True)
            if os.path.lexists(name):
                if self._is_right(linker, file, target):
                    return  # another process was faster
                self._make_room(linker, file, name)
            patiently(lambda: replace_file(building, name))
        finally:
            with suppress(OSError):
                remove_file(building)

    def _make_room(self, linker: Linker, file: ViewFile, path: str) -> None:
        with suppress(FileNotFoundError):  # another process makes room too
            if not linker.is_old_link(file, os.lstat(path)):
                self._set_aside(path)
            elif os.name == "nt":
                remove_file(path)  # Windows replaces no read-only file

    def _set_aside(self, path: str) -> None:
        """Rename what somebody changed or put there; it is theirs."""
        stem = f"{path}.modified-{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}"
        aside, count = stem, 1
        while os.path.lexists(aside):
            count += 1
            aside = f"{stem}-{count}"
        with suppress(FileNotFoundError):  # another process has set it aside
            patiently(lambda: os.rename(path, aside))

    def _new_name(self) -> str:
        folder = system_path(self._temporary)
        os.makedirs(folder, exist_ok=True)
        return os.path.join(folder, os.urandom(12).hex())


def _is_version_folder(path: PurePosixPath) -> bool:
    """Return whether it is one by its place in the layout: an entity may be called v001 too."""
    parts = path.parts
    depths = {"assets": (5,), "shots": (6, 7)}.get(parts[1], ()) if len(parts) > 1 else ()
    return len(parts) in depths and _VERSION.fullmatch(parts[-1]) is not None
