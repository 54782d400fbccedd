"""Copying a file as cheaply as the file system allows: a reflink, or one pass that hashes while it copies."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from typing import Optional

from bifrost_core.storage.failures import patiently
from bifrost_core.storage.flushing import EarlyWriteBack
from bifrost_core.storage.hashing import Read, pump
from bifrost_core.storage.port import Progress

__all__ = ["READ_ONLY", "create_file", "is_read_only", "make_read_only", "reflink", "remove_file", "write_all",
           "write_hashing"]  # fmt: skip

READ_ONLY = 0o444
_FICLONE = 0x40049409
_CLONE_NOOWNERCOPY = 2
_CANNOT_CLONE = {
    errno.EOPNOTSUPP,
    errno.ENOTSUP,
    errno.EXDEV,
    errno.EINVAL,
    errno.ENOTTY,
    errno.ENOSYS,
    errno.EPERM,
    errno.EACCES,
    errno.EBADF,
    errno.ETXTBSY,
}


def create_file(path: str, mode: int = READ_ONLY) -> int:
    """Create a file that must not exist yet; return it open for reading and writing, whatever its mode."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    fd = os.open(path, flags, mode)
    if sys.platform != "win32" and mode == READ_ONLY:
        # A umask such as 077 would make a shared store unreadable to everyone else.
        os.fchmod(fd, mode)
    return fd


def make_read_only(path: str) -> None:
    """Take the right to write from everyone."""
    os.chmod(path, READ_ONLY)


def is_read_only(mode: int) -> bool:
    """Return whether nobody has the right to write."""
    return not mode & 0o222


def remove_file(path: str) -> bool:
    """Remove a file, also a read-only one on Windows; return whether it was there."""
    try:
        patiently(lambda: _unlink(path))
    except FileNotFoundError:
        return False
    return True


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except PermissionError:
        if os.name != "nt":
            raise
        os.chmod(path, stat.S_IWRITE)
        os.unlink(path)


def write_all(fd: int, data: memoryview) -> None:
    """Write all of ``data``: one call may write less."""
    while data:
        data = data[os.write(fd, data) :]


def write_hashing(read: Read, fd: int, progress: Optional[Progress] = None) -> tuple[str, int]:
    """Write what ``read`` yields to ``fd`` and hash it on the way; return digest and size.

    Raises:
        OSError: writing failed (``read`` translates its own errors).
    """
    early = EarlyWriteBack(fd)

    def write(block: memoryview) -> None:
        write_all(fd, block)
        early.wrote(len(block))

    return pump(read, write, progress)


def reflink(source: str, target: str, mode: int = READ_ONLY) -> bool:
    """Make ``target``, a new file, share the bytes of ``source``; return False where that cannot be.

    Raises:
        OSError: the file system can, but failed: it is full, for one.
    """
    try:
        if sys.platform == "linux":
            _clone_linux(source, target, mode)
        elif sys.platform == "darwin":
            _clone_mac(source, target, mode)
        else:
            return False
    except OSError as exc:
        with suppress(FileNotFoundError):
            if exc.errno != errno.EEXIST:
                os.unlink(target)
        if exc.errno in _CANNOT_CLONE:
            return False
        raise
    return True


def _clone_linux(source: str, target: str, mode: int) -> None:
    import fcntl

    with open(source, "rb", buffering=0) as origin:
        fd = create_file(target, mode)
        try:
            fcntl.ioctl(fd, _FICLONE, origin.fileno())
        finally:
            os.close(fd)


def _clone_mac(source: str, target: str, mode: int) -> None:
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if library.clonefile(os.fsencode(source), os.fsencode(target), _CLONE_NOOWNERCOPY):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), target)
    os.chmod(target, mode & 0o755)
    os.utime(target)  # a clone has the times of its source
