"""What the operating system's errors mean for a store, in words for an artist; and patience where Windows needs it."""

from __future__ import annotations

import errno
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Callable, Optional, TypeVar

from bifrost_core.errors import InvalidRequest, StorageError, StorageFull, StorageReadOnly, StorageUnavailable

__all__ = ["StoreErrors", "is_held_open", "patiently", "source_error", "storage_error"]

T = TypeVar("T")

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_UNAVAILABLE = {
    errno.EIO,
    errno.ENODEV,
    errno.ENXIO,
    errno.ESTALE,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ETIMEDOUT,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.ENOTCONN,
    errno.ECONNRESET,
    errno.ECONNABORTED,
}
# Windows: not ready, network path or name gone, unexpected network error, semaphore timeout, network unreachable.
_WINDOWS_UNAVAILABLE = {21, 51, 53, 55, 59, 64, 67, 121, 1231, 1232}
_WINDOWS_FULL = {39, 112}
_WINDOWS_WRITE_PROTECTED = 19
# Windows: access denied (also said of a file that is being deleted), sharing violation, lock violation.
_WINDOWS_HELD = {5, 32, 33}
_DELAYS = (0.01, 0.03, 0.1, 0.3, 0.6, 1.0)


def _windows_code(exc: OSError) -> Optional[int]:
    return getattr(exc, "winerror", None)


def is_held_open(exc: OSError) -> bool:
    """Return whether Windows refused because another program has the file open (or is about to let it go)."""
    return _windows_code(exc) in _WINDOWS_HELD


def patiently(
    action: Callable[[], T], *, delays: Sequence[float] = _DELAYS, sleep: Callable[[float], None] = time.sleep
) -> T:
    """Do ``action``; while another program holds the file open on Windows, try again a few times.

    Virus scanners and indexers open each new file for a moment. Elsewhere nothing is ever tried twice.

    Raises:
        OSError: what the last try raised.
    """
    for delay in delays:
        try:
            return action()
        except OSError as exc:
            if not is_held_open(exc):
                raise
        sleep(delay)
    return action()


def storage_error(exc: OSError, root: Path, what: str = "store") -> StorageError:
    """Return the error that says what ``exc`` means for the store (or ``what`` it is) in ``root``."""
    code, windows = exc.errno, _windows_code(exc)
    details = {what: str(root), "errno": code, "file": str(exc.filename or "")}
    if code in _FULL or windows in _WINDOWS_FULL:
        return StorageFull(f"There is no space left in the {what} “{root}”.", details=details)
    if windows in _WINDOWS_UNAVAILABLE:
        return StorageUnavailable(f"The {what} “{root}” does not answer: {exc.strerror}.", details=details)
    if windows in _WINDOWS_HELD - {5}:
        return StorageUnavailable(
            f"Another program has the file “{exc.filename}” open, so it could not be changed.",
            hint="Close the program that uses the file (a virus scanner counts too), then try again.",
            details=details,
        )
    if code in _READ_ONLY or windows == _WINDOWS_WRITE_PROTECTED:
        return StorageReadOnly(f"The {what} “{root}” may not be changed or read: {exc.strerror}.", details=details)
    if code in _UNAVAILABLE:
        return StorageUnavailable(f"The {what} “{root}” does not answer: {exc.strerror}.", details=details)
    return StorageError(
        f"The {what} “{root}” failed: {exc.strerror or exc}.",
        hint="Run `bifrost doctor`; it checks the store.",
        details=details,
    )


def source_error(exc: OSError, path: Path) -> InvalidRequest:
    """Return the error that says why the file ``path`` cannot be stored."""
    details = {"file": str(path), "errno": exc.errno}
    if exc.errno in (errno.ENOENT, errno.ENOTDIR):
        return InvalidRequest(
            f"The file “{path}” does not exist.", hint="Check the path and the file's name.", details=details
        )
    if exc.errno in (errno.EACCES, errno.EPERM):
        return InvalidRequest(
            f"The file “{path}” may not be read.", hint="Check the file's permissions.", details=details
        )
    return InvalidRequest(
        f"The file “{path}” could not be read: {exc.strerror or exc}.",
        hint="Check the disk or share that the file lies on.",
        details=details,
    )


class StoreErrors:
    """A context in which each ``OSError`` is about the store's own files; it leaves as a ``StorageError``.

    Args:
        root: the folder of the store.
        what: what it is, when it is no store.
    """

    def __init__(self, root: Path, what: str = "store") -> None:
        self._root = root
        self._what = what

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: Optional[type[BaseException]], exc: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        """Translate."""
        if isinstance(exc, OSError):
            raise storage_error(exc, self._root, self._what) from exc
