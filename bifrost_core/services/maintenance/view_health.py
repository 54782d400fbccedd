"""Checks of the view and of the file system that it lies on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bifrost_core.errors import StorageError
from bifrost_core.models.names import path_length
from bifrost_core.models.upkeep import HealthFinding, HealthLevel
from bifrost_core.services.maintenance.file_systems import is_case_sensitive, long_paths_enabled
from bifrost_core.services.maintenance.store_health import StoreHealth
from bifrost_core.storage.copying import reflink
from bifrost_core.storage.failures import StoreErrors
from bifrost_core.storage.port import BlobStore, LocalFiles
from bifrost_core.storage.system_paths import system_path

__all__ = ["ViewHealth"]

_ROOT_LIMIT = 44


class ViewHealth:
    """Looks at the view in the folder ``view``, which need not be there yet, of a library in ``root``."""

    def __init__(self, view: Path, root: Path) -> None:
        self._view = view
        self._root = root

    def writable(self) -> Iterator[HealthFinding]:
        """Make a file where the view is, or will be."""
        try:
            with self._place() as folder, StoreErrors(self._view, "view"):
                (folder / "probe").touch()
        except StorageError as exc:
            yield HealthFinding(
                check="view",
                level=HealthLevel.PROBLEM,
                message=exc.message,
                hint=f"Give those who load files the right to write in {self._view}; if that is no folder, move it "
                "away. `bifrost load --to FOLDER` works meanwhile.",
            )
            return
        yield HealthFinding(check="view", level=HealthLevel.OK, message=f"{self._view}, can be written")

    def links(self, store: BlobStore) -> Iterator[HealthFinding]:
        """Try how the view can show a blob of a store."""
        if not isinstance(store, LocalFiles):
            yield HealthFinding(
                check="links", level=HealthLevel.OK, message="the store is elsewhere: views hold copies"
            )
            return
        with StoreHealth(store).probe() as stored, self._place() as folder:
            way = _way(store.path(stored.sha256), folder)
        if way != "copy":
            yield HealthFinding(check="links", level=HealthLevel.OK, message=f"the view shows files by {way}")
            return
        yield HealthFinding(
            check="links",
            level=HealthLevel.WARNING,
            message="The view cannot link to the store: each loaded file is copied and takes space twice.",
            hint="Let the library and its store lie on the same file system.",
        )

    def long_paths(self) -> Iterator[HealthFinding]:
        """Check that the longest path of a view opens everywhere."""
        length = path_length(str(self._view))
        if length > _ROOT_LIMIT:
            yield HealthFinding(
                check="long paths",
                level=HealthLevel.WARNING,
                message=f"The view's folder has {length} characters; above {_ROOT_LIMIT} some names may not open "
                "in programs on Windows.",
                hint="Where Windows is used, let the library lie nearer to the root of its disk.",
            )
        elif not long_paths_enabled():
            yield HealthFinding(
                check="long paths",
                level=HealthLevel.WARNING,
                message="Windows refuses paths of more than 260 characters here.",
                hint="Set LongPathsEnabled to 1 in HKLM\\SYSTEM\\CurrentControlSet\\Control\\FileSystem.",
            )
        else:
            yield HealthFinding(
                check="long paths", level=HealthLevel.OK, message="every path of the view is short enough"
            )

    def letter_case(self) -> Iterator[HealthFinding]:
        """Tell whether the view's file system tells HERO from hero; Bifrost works on both."""
        with self._place() as folder:
            message = "HERO and hero are two files" if is_case_sensitive(folder) else "HERO and hero are one file"
        yield HealthFinding(check="letter case", level=HealthLevel.OK, message=message)

    @contextmanager
    def _place(self) -> Iterator[Path]:
        """Have a folder for a moment, in the view or, when nothing was loaded yet, where the view will be."""
        place = self._view if os.path.lexists(system_path(self._view)) else self._root
        with StoreErrors(self._view, "view"):
            made = tempfile.TemporaryDirectory(prefix=".bifrost-doctor-", dir=place)
        with made as folder:
            yield Path(folder)


def _way(blob: Path, folder: Path) -> str:
    source = system_path(blob)
    if reflink(source, system_path(folder / "reflink")):
        return "reflink"
    with suppress(OSError):
        os.link(source, system_path(folder / "hardlink"))
        return "hard link"
    return "copy"
