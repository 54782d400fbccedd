"""Durability: what has to be done before and after a rename so that a file survives the crash of the machine."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Optional

from bifrost_core.storage.system_paths import system_path

__all__ = ["EarlyWriteBack", "Flusher", "flush_folder", "is_on_this_machine", "replace_file"]

MANY = 16
"""From so many files on, one flush of the file system is cheaper than one per file."""

_WRITE_BACK_STEP = 16 << 20
_SYNC_FILE_RANGE_WRITE = 2
_F_FULLFSYNC = 51
_MOVEFILE_REPLACE_EXISTING = 1
_MOVEFILE_WRITE_THROUGH = 8
# ext2 to ext4, XFS, Btrfs, F2FS, tmpfs.
_ON_THIS_MACHINE = {0xEF53, 0x58465342, 0x9123683E, 0xF2F52010, 0x01021994}
_SYNCFS_REPORTS_ERRORS = (5, 8)
_CANNOT_FLUSH_FOLDERS = {errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.ENOSYS}


class EarlyWriteBack:
    """Starts writing a big file to the disk while it is still being copied, so that the last flush is short."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._start = 0
        self._end = 0
        self._library = _c_library() if sys.platform == "linux" else None

    def wrote(self, count: int) -> None:
        """Take note of ``count`` more bytes at the end of the file."""
        self._end += count
        if self._library is not None and self._end - self._start >= _WRITE_BACK_STEP:
            # A hint only: what it cannot do, the flush at the end does.
            self._start_writing(self._library)

    def _start_writing(self, library: Any) -> None:
        from ctypes import c_int64

        length = c_int64(self._end - self._start)
        library.sync_file_range(self._fd, c_int64(self._start), length, _SYNC_FILE_RANGE_WRITE)
        self._start = self._end


class Flusher:
    """Makes a group of new files durable, then their new names.

    Open it before the first file of the group is written: only then are all errors of the disk reported to it.

    Args:
        folder: any folder on the store's file system.
        files: how many files the group may have.
    """

    def __init__(self, folder: Path, files: int) -> None:
        self._folder = folder
        self._fd: Optional[int] = None
        if sys.platform != "linux":
            return
        if files >= MANY and is_on_this_machine(folder) and _kernel() >= _SYNCFS_REPORTS_ERRORS:
            self._fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> Flusher:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], exc: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._fd is not None:
            os.close(self._fd)

    def written(self, fd: int) -> None:
        """Call for each file when it is complete, before it is closed."""
        if self._fd is None:
            os.fsync(fd)

    def before_names(self) -> None:
        """Call when all files of the group are complete, before they get their names."""
        if self._fd is not None:
            _syncfs(self._fd)
        _flush_drive(self._folder)

    def after_names(self, folders: Iterable[str]) -> None:
        """Call when the files have their names; these stand in ``folders``."""
        folders = sorted(set(folders))
        if self._fd is not None and len(folders) >= MANY:
            _syncfs(self._fd)
            return
        for folder in folders:
            flush_folder(folder)
        if folders:
            _flush_drive(self._folder)


def flush_folder(folder: str) -> None:
    """Make the names in a folder durable, where the system has a way to."""
    if sys.platform == "win32":
        return  # replace_file has written them through
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as exc:
        if exc.errno not in _CANNOT_FLUSH_FOLDERS:
            raise
    finally:
        os.close(fd)


def replace_file(source: str, target: str) -> None:
    """Rename a file over another, in one step; on Windows the new name is durable at once."""
    if sys.platform == "win32":
        import ctypes

        flags = _MOVEFILE_REPLACE_EXISTING | _MOVEFILE_WRITE_THROUGH
        if not ctypes.windll.kernel32.MoveFileExW(source, target, flags):
            raise ctypes.WinError()
        return
    os.replace(source, target)


def _flush_drive(folder: Path) -> None:
    if sys.platform == "darwin":
        # fsync() leaves the data in the drive's own cache there; one full flush empties that for all files.
        import fcntl

        fd = os.open(system_path(folder), os.O_RDONLY)
        try:
            fcntl.fcntl(fd, _F_FULLFSYNC)
        except OSError as exc:
            if exc.errno not in _CANNOT_FLUSH_FOLDERS:
                raise
        finally:
            os.close(fd)


def _c_library() -> Any:
    import ctypes

    return ctypes.CDLL(None, use_errno=True)


def _syncfs(fd: int) -> None:
    import ctypes

    if _c_library().syncfs(fd):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def is_on_this_machine(folder: Path) -> bool:
    """Return whether a folder lies on a disk of this machine, as far as is known for sure (on Linux).

    Then what was just written is read from memory, and syncfs() waits for the data and reports the disk's errors.
    """
    if sys.platform != "linux":
        return False
    import ctypes

    # struct statfs begins with the type; the rest, far below 512 bytes, does not matter here.
    found = (ctypes.c_long * 64)()
    if _c_library().statfs(os.fsencode(folder), ctypes.byref(found)):
        return False
    return found[0] & 0xFFFFFFFF in _ON_THIS_MACHINE


def _kernel() -> tuple[int, ...]:
    import platform

    numbers = platform.release().split("-")[0].split(".")
    return tuple(int(number) for number in numbers[:2] if number.isdigit())
