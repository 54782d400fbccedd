"""A file that is read to be stored: a plain file, and the same one from the first byte to the last."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from types import TracebackType
from typing import Optional

from bifrost_core.errors import InvalidRequest, SourceChanged
from bifrost_core.storage.failures import source_error
from bifrost_core.storage.system_paths import system_path

__all__ = ["OpenSource"]

# Without O_NONBLOCK, opening a pipe would wait for a writer before it can be refused.
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


class OpenSource:
    """A source that is open for reading, with its state when it was opened.

    Raises:
        InvalidRequest: it is missing, unreadable or not a regular file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name = system_path(path)
        try:
            self._fd = os.open(self._name, _FLAGS)
        except OSError as exc:
            if Path(self._name).is_dir():
                raise _not_a_file(path) from exc
            raise source_error(exc, path) from exc
        try:
            self._state = self._look(first=True)
        except BaseException:
            os.close(self._fd)
            raise

    def __enter__(self) -> OpenSource:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], exc: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        os.close(self._fd)

    def fileno(self) -> int:
        """Return the descriptor that it is read by."""
        return self._fd

    @property
    def size(self) -> int:
        """Its size when it was opened."""
        return self._state[0]

    def _look(self, *, first: bool) -> tuple[int, int, int]:
        try:
            # Windows numbers files differently through a handle and through a name, so there it is always the name.
            found = os.fstat(self._fd) if first and os.name != "nt" else os.stat(self._name)
        except OSError as exc:
            if not first:
                raise _changed(self.path) from exc
            raise source_error(exc, self.path) from exc
        if not stat.S_ISREG(found.st_mode):
            raise _not_a_file(self.path)
        return found.st_size, found.st_mtime_ns, found.st_ino

    def read_whole(self, buffer: memoryview) -> memoryview:
        """Read its bytes into a buffer that is at least as long; return the part that they fill.

        Bytes that were added meanwhile are for :meth:`check_unchanged` to notice.

        Raises:
            SourceChanged: there were fewer bytes than its size said.
        """
        filled = 0
        while filled < self.size:
            count = self.read_into(buffer[filled : self.size])
            if not count:
                break
            filled += count
        if filled != self.size:
            raise _changed(self.path)
        return buffer[:filled]

    def rewind(self, position: int = 0) -> None:
        """Read on from there."""
        os.lseek(self._fd, position, os.SEEK_SET)

    def read_into(self, block: memoryview) -> int:
        """Fill the block; return how many bytes, 0 at the end."""
        try:
            if sys.platform != "win32":
                return os.readv(self._fd, [block])
            data = os.read(self._fd, len(block))
        except OSError as exc:
            raise source_error(exc, self.path) from exc
        block[: len(data)] = data
        return len(data)

    def check_unchanged(self, size: Optional[int] = None) -> None:
        """Make sure that what was read is one state of the file.

        Args:
            size: how many bytes were read.

        Raises:
            SourceChanged: size, time or identity differ from those when it was opened.
        """
        if self._look(first=False) != self._state or size not in (None, self.size):
            raise _changed(self.path)


def _changed(path: Path) -> SourceChanged:
    return SourceChanged(f"The file “{path}” changed while it was read.", details={"file": str(path)})


def _not_a_file(path: Path) -> InvalidRequest:
    return InvalidRequest(
        f"“{path}” is not a file.",
        hint="Name the files to publish; a folder or a device cannot be stored.",
        details={"file": str(path)},
    )
