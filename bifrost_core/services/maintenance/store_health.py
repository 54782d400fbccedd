"""Checks of the store, the view and the disks that they lie on."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Optional

from sqlalchemy import func, select

from bifrost_core.database.tables import EventRow
from bifrost_core.errors import StorageError
from bifrost_core.models.base import utc_now
from bifrost_core.models.names import path_length
from bifrost_core.models.upkeep import HealthFinding, HealthLevel
from bifrost_core.services.context import Context
from bifrost_core.services.maintenance.file_systems import is_case_sensitive, long_paths_enabled
from bifrost_core.storage.copying import reflink
from bifrost_core.storage.port import LocalFiles, Stored
from bifrost_core.storage.system_paths import system_path
from bifrost_core.storage.views import View

__all__ = ["StoreHealth", "space_finding"]

_SKEW = timedelta(minutes=2)
_GIB = 1 << 30
_LITTLE = 10 * _GIB
_LITTLE_SHARE = 0.05
_NOTHING = 1 * _GIB
_ROOT_LIMIT = 44
_NO_BLOB = "0" * 64


class StoreHealth:
    """Looks at the store and the view of a library in ``root``."""

    def __init__(self, context: Context, view: View, root: Path) -> None:
        self._database = context.database
        self._store = context.store
        self._view = view
        self._root = root

    def answers(self) -> Iterator[HealthFinding]:
        """Write, read and remove a document and a blob."""
        documents = self._store.documents
        name, data = f"health-{os.urandom(8).hex()}.json", b"{}"
        documents.write(name, data)
        try:
            right = documents.read(name) == data
        finally:
            documents.delete(name)
        with self._probe() as stored, closing(self._store.open(stored.sha256)) as stream:
            right = right and len(stream.read()) == stored.size
        if right:
            yield HealthFinding(check="store", level=HealthLevel.OK, message="can be written and read")
        else:
            yield HealthFinding(
                check="store",
                level=HealthLevel.PROBLEM,
                message="The store gives back other bytes than it was given.",
                hint="Do not publish; have the disk checked, then run `bifrost verify`.",
            )

    def links(self) -> Iterator[HealthFinding]:
        """Try how the view can show a blob."""
        if not isinstance(self._store, LocalFiles):
            yield HealthFinding(
                check="links", level=HealthLevel.OK, message="the store is elsewhere: views hold copies"
            )
            return
        with self._probe() as stored, self._place() as folder:
            way = _way(self._store.path(stored.sha256), folder)
        if way != "copy":
            yield HealthFinding(check="links", level=HealthLevel.OK, message=f"the view shows files by {way}")
            return
        yield HealthFinding(
            check="links",
            level=HealthLevel.WARNING,
            message="The view cannot link to the store: each loaded file is copied and takes space twice.",
            hint="Let the library and its store lie on the same file system.",
        )

    def free_space(self) -> Iterator[HealthFinding]:
        """Check the disks of the database and of the store."""
        places = {"library": self._root}
        if isinstance(self._store, LocalFiles):
            places["store"] = self._store.path(_NO_BLOB).parent.parent
        seen: set[int] = set()
        for name, place in places.items():
            device = os.stat(system_path(place)).st_dev  # noqa: PTH116
            if device in seen:
                continue
            seen.add(device)
            usage = shutil.disk_usage(system_path(place))
            yield space_finding(name, usage.free, usage.total)

    def long_paths(self) -> Iterator[HealthFinding]:
        """Check that the longest path of a view opens everywhere."""
        length = path_length(str(self._view.root))
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

    def clock(self) -> Iterator[HealthFinding]:
        """Hold this machine's clock against the store's and against the newest event."""
        with self._database.reading() as session:
            newest = session.scalar(select(func.max(EventRow.time, type_=EventRow.time.type)))
        with self._probe() as stored:
            skew = self._store.stat(stored.sha256).stored - utc_now()
        if newest is not None and newest > utc_now() + _SKEW:
            problem = f"The newest event is of {newest:%Y-%m-%d %H:%M} UTC, which is still to come."
        elif abs(skew) > _SKEW:
            problem = f"The clocks of this machine and of the store differ by {abs(skew).total_seconds():.0f} seconds."
        else:
            yield HealthFinding(check="clock", level=HealthLevel.OK, message="agrees with the store's")
            return
        yield HealthFinding(
            check="clock",
            level=HealthLevel.WARNING,
            message=problem,
            hint="Set the clocks by a time server (NTP): the clean-up judges by them what is new.",
        )

    @contextmanager
    def _probe(self) -> Iterator[Stored]:
        """Have a small blob in the store for a moment; its bytes are random, so it is nobody else's."""
        stored = self._store.put(io.BytesIO(b"bifrost doctor " + os.urandom(32)))
        try:
            yield stored
        finally:
            with suppress(StorageError):  # what stays, the clean-up removes
                self._store.delete(stored.sha256)

    @contextmanager
    def _place(self) -> Iterator[Path]:
        """Have a folder for a moment, in the view or, when nothing was loaded yet, where the view will be."""
        place: Path = self._view.root if self._view.root.is_dir() else self._root
        with tempfile.TemporaryDirectory(prefix=".bifrost-doctor-", dir=place) as folder:
            yield Path(folder)


def _way(blob: Path, folder: Path) -> str:
    source = system_path(blob)
    if reflink(source, system_path(folder / "reflink")):
        return "reflink"
    with suppress(OSError):
        os.link(source, system_path(folder / "hardlink"))
        return "hard link"
    return "copy"


def space_finding(place: str, free: int, total: int) -> HealthFinding:
    """Return what so much free space means.

    Args:
        place: what lies there.
        free: bytes.
        total: bytes of the whole disk.
    """
    text = f"{place}: {free / _GIB:,.1f} of {total / _GIB:,.1f} GiB are free"
    level: Optional[HealthLevel] = None
    if free < _NOTHING:
        level = HealthLevel.PROBLEM
    elif free < _LITTLE or free < total * _LITTLE_SHARE:
        level = HealthLevel.WARNING
    if level is None:
        return HealthFinding(check="free space", level=HealthLevel.OK, message=text)
    hint = "`bifrost gc` shows what no version uses; old versions can be archived and purged."
    return HealthFinding(check="free space", level=level, message=text, hint=hint)
