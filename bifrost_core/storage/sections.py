"""A part of a file as a stream of its own."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Optional

from bifrost_core.storage.failures import StoreErrors

__all__ = ["Section"]


class Section(io.RawIOBase):
    """The bytes of an open file from ``start`` on, at most ``length``; closing it closes the file.

    Errors of the disk leave it as a ``StorageError`` of the store in ``root``.
    """

    def __init__(self, file: io.RawIOBase, root: Path, start: int, length: Optional[int]) -> None:
        super().__init__()
        self._file = file
        self._errors = StoreErrors(root)
        self._start = start
        with self._errors:
            end = file.seek(0, io.SEEK_END)
            self._length = max(0, end - start if length is None else min(length, end - start))
            file.seek(start)
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place within the section; return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        self._position = max(0, base + offset)
        with self._errors:
            self._file.seek(self._start + self._position)
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Read into ``buffer``, up to the end of the section."""
        with memoryview(buffer) as view, view.cast("B") as block:
            wanted = min(len(block), max(0, self._length - self._position))
            with self._errors:
                count = self._file.readinto(block[:wanted]) or 0
        self._position += count
        return int(count)

    def close(self) -> None:
        """Close the file too."""
        self._file.close()
        super().close()
