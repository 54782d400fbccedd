"""Documents in a folder: each write replaces the file in one step."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Callable, Optional

from bifrost_core.errors import InvalidRequest
from bifrost_core.storage.copying import create_file, remove_file, write_all
from bifrost_core.storage.failures import StoreErrors, patiently
from bifrost_core.storage.flushing import Flusher, flush_folder, replace_file
from bifrost_core.storage.system_paths import system_path

__all__ = ["LocalDocuments", "check_document_name"]

_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_LIMIT = 200


def check_document_name(name: str) -> None:
    """Refuse names that some store could not keep: ``manifests/P/versions/V.json`` is a good one.

    Raises:
        InvalidRequest: a part is empty, begins or ends with a dot or has other signs than letters, digits, ``.``,
            ``_`` and ``-``; or the whole is longer than 200.
    """
    parts = name.split("/")
    if len(name) > _LIMIT or not all(_PART.fullmatch(part) and not part.endswith(".") for part in parts):
        raise InvalidRequest(
            f"“{name[:80]}” is no name for a document.",
            hint="Use letters, digits, _, - and . in parts divided by /.",
        )


class LocalDocuments:
    """A :class:`~bifrost_core.storage.port.DocumentStore` in the folder ``documents`` of a store.

    Args:
        root: the store's folder.
        temporary: a folder on the same file system for files that are being written.
        check_store: raises when the store is not there any more.
    """

    def __init__(self, root: Path, temporary: Path, check_store: Callable[[], None]) -> None:
        self._temporary = temporary
        self._folder = os.path.join(system_path(root), "documents")
        self._errors = StoreErrors(root)
        self._check_store = check_store

    def write(self, name: str, data: bytes) -> None:
        """Store ``data`` under ``name``, in place of what was there."""
        path = self._path(name)
        with self._errors:
            self._make_folder(os.path.dirname(path))
            self.write_file(path, data)

    def write_file(self, path: str, data: bytes) -> None:
        """Write a file of the store in one step, durably; its folder must be there.

        Raises:
            OSError: it could not be written; then all is as before.
        """
        temporary = os.path.join(system_path(self._temporary), os.urandom(12).hex())
        with Flusher(self._temporary, 1) as flusher:
            try:
                fd = create_file(temporary, 0o644)
                try:
                    write_all(fd, memoryview(data))
                    flusher.written(fd)
                finally:
                    os.close(fd)
                flusher.before_names()
                patiently(lambda: replace_file(temporary, path))
            except BaseException:
                with suppress(OSError):
                    remove_file(temporary)
                raise
            flusher.after_names([os.path.dirname(path)])

    def read(self, name: str) -> Optional[bytes]:
        """Return the document, or None when there is none of that name."""
        path = self._path(name)
        with self._errors:
            try:
                return patiently(lambda: _read(path))
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                self._check_store()
                return None

    def delete(self, name: str) -> None:
        """Remove a document; one that is not there is no error."""
        path = self._path(name)
        with self._errors:
            if not remove_file(path):
                self._check_store()

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that begin with ``prefix``, in no order."""
        folder = prefix.rpartition("/")[0]
        if folder:
            check_document_name(folder)
        with self._errors:
            if not os.path.isdir(os.path.join(self._folder, folder)):
                self._check_store()
                return
        for base, _, files in os.walk(os.path.join(self._folder, folder), onerror=self._walk_failed):
            parts = os.path.relpath(base, self._folder).replace(os.sep, "/")
            for file in files:
                name = file if parts == "." else f"{parts}/{file}"
                if name.startswith(prefix):
                    yield name

    def _walk_failed(self, exc: OSError) -> None:
        if not isinstance(exc, FileNotFoundError):
            with self._errors:
                raise exc

    def _path(self, name: str) -> str:
        check_document_name(name)
        return system_path(Path(os.path.join(self._folder, *name.split("/"))))

    def _make_folder(self, folder: str) -> None:
        """Make the folder durably, but never that of the documents itself: a vanished store stays vanished."""
        if folder == self._folder or os.path.isdir(folder):
            return
        parent = os.path.dirname(folder)
        self._make_folder(parent)
        with suppress(FileExistsError):
            os.mkdir(folder)
        flush_folder(parent)


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()
