"""Checks of the store and of the disks that a library lies on."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Optional

from sqlalchemy import func, select

from bifrost_core.database.engine import Database
from bifrost_core.database.tables import EventRow
from bifrost_core.errors import StorageError
from bifrost_core.models.base import utc_now
from bifrost_core.models.upkeep import HealthFinding, HealthLevel
from bifrost_core.storage.port import BlobStore, LocalFiles, Stored
from bifrost_core.storage.system_paths import system_path

__all__ = ["StoreHealth", "free_space", "space_finding"]

_SKEW = timedelta(minutes=2)
_GIB = 1 << 30
_LITTLE = 10 * _GIB
_LITTLE_SHARE = 0.05
_NOTHING = 1 * _GIB
_NO_BLOB = "0" * 64


class StoreHealth:
    """Looks at the store of a library."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    def answers(self) -> Iterator[HealthFinding]:
        """Write, read and remove a document and a blob."""
        documents = self._store.documents
        name, data = f"health-{os.urandom(8).hex()}.json", b"{}"
        documents.write(name, data)
        try:
            right = documents.read(name) == data
        finally:
            documents.delete(name)
        with self.probe() as stored, closing(self._store.open(stored.sha256)) as stream:
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

    def clock(self, database: Optional[Database]) -> Iterator[HealthFinding]:
        """Hold this machine's clock against the store's and, with a database, against the newest event."""
        newest = None if database is None else _newest_event(database)
        with self.probe() as stored:
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
    def probe(self) -> Iterator[Stored]:
        """Have a small blob in the store for a moment; its bytes are random, so it is nobody else's."""
        stored = self._store.put(io.BytesIO(b"bifrost doctor " + os.urandom(32)))
        try:
            yield stored
        finally:
            with suppress(StorageError):  # what stays, the clean-up removes
                self._store.delete(stored.sha256)


def _newest_event(database: Database) -> Optional[datetime]:
    with database.reading() as session:
        return session.scalar(select(func.max(EventRow.time, type_=EventRow.time.type)))


def free_space(root: Path, store: Optional[BlobStore]) -> Iterator[HealthFinding]:
    """Check the disks of the database, in ``root``, and of the store."""
    places = {"library": root}
    if isinstance(store, LocalFiles):
        places["store"] = store.path(_NO_BLOB).parent.parent
    seen: set[int] = set()
    for name, place in places.items():
        device = os.stat(system_path(place)).st_dev  # noqa: PTH116
        if device in seen:
            continue
        seen.add(device)
        usage = shutil.disk_usage(system_path(place))
        yield space_finding(name, usage.free, usage.total)


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
