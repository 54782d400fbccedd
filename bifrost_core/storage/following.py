"""Copying within the kernel, while a thread behind hashes what has been written.

The bytes pass through this process once, not twice, and those that are hashed are the stored ones.
"""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import threading
from queue import SimpleQueue
from types import TracebackType
from typing import Optional

from bifrost_core.storage.flushing import EarlyWriteBack
from bifrost_core.storage.port import Progress
from bifrost_core.storage.sources import OpenSource

__all__ = ["copy_in_kernel"]

_STEP = 1 << 20
_BUFFER = 1 << 18
_CANNOT_COPY = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.ETXTBSY, errno.EBADF}


class _FollowingThread:
    """Hashes a file as far as it has been written."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._hash = hashlib.sha256()
        self._ends: SimpleQueue[Optional[int]] = SimpleQueue()
        self._error: Optional[OSError] = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="bifrost-hashing", daemon=True)

    def __enter__(self) -> _FollowingThread:
        self._thread.start()
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], exc: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._stopped = exc is not None
        self._ends.put(None)
        self._thread.join()

    def written(self, end: int) -> None:
        """The file is written as far as ``end``."""
        self._ends.put(end)

    def hexdigest(self) -> str:
        """Return the digest of the file; only after the context has ended.

        Raises:
            OSError: it could not be read.
        """
        if self._error is not None:
            raise self._error
        return self._hash.hexdigest()

    def _run(self) -> None:
        buffer = memoryview(bytearray(_BUFFER))
        position = 0
        try:
            while True:
                end = self._ends.get()
                if end is None:
                    return
                while position < end and not self._stopped:
                    position += self._hash_at(position, buffer[: end - position])
        except OSError as exc:
            self._error = exc

    def _hash_at(self, position: int, buffer: memoryview) -> int:
        if sys.platform != "linux":
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        count = os.preadv(self._fd, [buffer], position)
        if not count:
            raise OSError(errno.EIO, "what was written is not there")
        self._hash.update(buffer[:count])
        return count


def copy_in_kernel(source: OpenSource, fd: int, progress: Optional[Progress]) -> Optional[tuple[str, int]]:
    """Copy a source to the new file ``fd``; return digest and size, or None when the kernel cannot.

    Raises:
        InvalidRequest: the source cannot be read.
        OSError: writing failed, or reading what was written.
    """
    if sys.platform != "linux" or not hasattr(os, "copy_file_range"):
        return None
    early = EarlyWriteBack(fd)
    size = 0
    with _FollowingThread(fd) as following:
        while True:
            try:
                count = os.copy_file_range(source.fileno(), fd, _STEP)
            except OSError as exc:
                if size == 0 and exc.errno in _CANNOT_COPY:
                    return None
                source.rewind(size)
                source.read_into(memoryview(bytearray(1)))  # says so when it is the source that fails
                raise
            if not count:
                break
            size += count
            early.wrote(count)
            following.written(size)
            if progress is not None:
                progress(count)
    return following.hexdigest(), size
