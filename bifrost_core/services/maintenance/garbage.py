"""Clean-up: what no version uses is found and, on request, removed.

How a running publish stays safe: a commit looks for its blobs inside its writing transaction, and blobs are removed
only inside one too, after looking again that no version uses them. So either the commit comes first and the blob
stays, or the removal does and the commit is refused with the digests to put again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Optional, Protocol, runtime_checkable

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bifrost_core.database.tables import PublishRow
from bifrost_core.errors import BlobNotFound, InvalidRequest, StorageError
from bifrost_core.models.base import utc_now
from bifrost_core.models.publish import PublishState
from bifrost_core.models.upkeep import BlobSummary, GarbageReport
from bifrost_core.services.context import Context
from bifrost_core.services.maintenance.blobs import unused_of
from bifrost_core.services.maintenance.stale_manifests import look_at_manifests, mend_manifests
from bifrost_core.services.maintenance.stale_views import StaleViews
from bifrost_core.storage.port import Blob
from bifrost_core.storage.views import View

__all__ = ["collect_garbage"]

_BATCH = 200
"""So many blobs are removed in one transaction: publishers wait only that long."""

_CLOCKS = timedelta(hours=1)
"""So much may the clocks of a store and of this machine differ."""

_TICK = timedelta(milliseconds=50)
"""A file written right now may look older than now by a tick of the system's clock for files."""

_LOADS = 24
"""So many times the grace a load may take."""

_log = logging.getLogger(__name__)


@runtime_checkable
class _Temporaries(Protocol):
    """The capability of a store that keeps files while they are written."""

    def temporary_files(self, older_than: datetime) -> int: ...

    def remove_temporary(self, older_than: datetime) -> int: ...


def collect_garbage(context: Context, view: View, *, apply: bool, grace_hours: float) -> GarbageReport:
    """Find, and with ``apply`` remove, what no version uses.

    Args:
        context: the library.
        view: its view.
        apply: whether to remove; without it nothing at all is changed.
        grace_hours: spare what is younger.

    Raises:
        Conflict: the store has versions of projects that the database does not know: it serves another library too,
            or the database is older than the store. Removing what *this* database does not use would be wrong.
        InvalidRequest: the grace is negative.
        StorageError: the store cannot be read or written.
    """
    if not 0 <= grace_hours < 24 * 365 * 100:
        raise InvalidRequest("The grace must be 0 hours or more.")
    begun, grace = utc_now(), timedelta(hours=grace_hours)
    before = begun - grace
    manifests = look_at_manifests(context)
    publishes = _abandoned(context, begun, apply=apply)
    views = StaleViews(context, view)
    stale = views.found()
    unused = _Unused(context, before, manifests.protected)
    blobs = list(unused.removed() if apply else unused.found())
    temporary = _temporary(context, view, begun, grace, apply=apply)
    if apply:
        views.remove(stale)
        # Last: on a full disk they can be written only when the rest has made space.
        mend_manifests(context, manifests)
    return GarbageReport(
        applied=apply,
        blobs=tuple(BlobSummary(sha256=blob.sha256, size=blob.size, stored=blob.stored) for blob in blobs),
        size=sum(blob.size for blob in blobs),
        temporary=temporary,
        publishes=publishes,
        views=len(stale.removable),
        kept_views=tuple(map(str, stale.kept)),
        manifests=manifests.behind,
        documents=len(manifests.left_over),
        unknown=manifests.unknown,
    )


# --- blobs -----------------------------------------------------------------------------------------------------------


class _Unused:
    """The blobs that no version uses.

    Args:
        context: the library.
        before: what is younger is spared.
        protected: digests to spare too.
    """

    def __init__(self, context: Context, before: datetime, protected: frozenset[str]) -> None:
        self._context = context
        self._before = before
        self._protected = protected

    def found(self) -> Iterator[Blob]:
        """Yield them, save those that a publish may be about to use."""
        for batch in _batched(self._context.store.list()):
            with self._context.reading() as session:
                limit = _limit(session, self._before)
                old = {blob.sha256: blob for blob in batch if blob.stored < limit}
                unused = unused_of(session, old) - self._protected
            yield from (blob for sha256, blob in old.items() if sha256 in unused)

    def removed(self) -> Iterator[Blob]:
        """Remove them; yield those that are gone.

        Raises:
            StorageError: none could be removed; the last reason.
        """
        failure: Optional[StorageError] = None
        any_removed = False
        for batch in _batched(self.found()):
            gone: list[Blob] = []
            # Everything is looked at again: nobody else writes while this transaction lasts.
            with self._context.database.writing() as session:
                limit = _limit(session, self._before)
                unused = unused_of(session, [blob.sha256 for blob in batch])
                for blob in batch:
                    try:
                        if blob.sha256 in unused and self._removed(blob, limit):
                            gone.append(blob)
                    except StorageError as exc:
                        failure = exc
                        _log.warning("the blob %s could not be removed: %s", blob.sha256, exc)
            any_removed = any_removed or bool(gone)
            yield from gone
        if failure is not None and not any_removed:
            raise failure

    def _removed(self, blob: Blob, limit: datetime) -> bool:
        store = self._context.store
        try:
            if store.stat(blob.sha256).stored >= limit:
                return False  # somebody has put it again
        except BlobNotFound:
            return False  # another clean-up was faster
        store.delete(blob.sha256)
        return True


def _limit(session: Session, before: datetime) -> datetime:
    """Return the time since when a stored blob may belong to a publish that is under way."""
    oldest = session.scalar(
        select(func.min(PublishRow.begun, type_=PublishRow.begun.type)).where(
            PublishRow.state == PublishState.OPEN.value, PublishRow.expires >= utc_now()
        )
    )
    return before if oldest is None else min(before, oldest - _CLOCKS)


def _batched(blobs: Iterator[Blob]) -> Iterator[Sequence[Blob]]:
    batch: list[Blob] = []
    for blob in blobs:
        batch.append(blob)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


# --- publishes, temporary files --------------------------------------------------------------------------------------


def _abandoned(context: Context, now: datetime, *, apply: bool) -> int:
    """Count open publishes whose time is over; with ``apply`` they count as given up from now on."""
    over = (PublishRow.state == PublishState.OPEN.value) & (PublishRow.expires < now)
    with context.database.writing() if apply else context.reading() as session:
        count = session.scalar(select(func.count()).select_from(PublishRow).where(over)) or 0
        if apply and count:
            session.execute(update(PublishRow).where(over).values(state=PublishState.ABORTED.value))
    return count


def _temporary(context: Context, view: View, begun: datetime, grace: timedelta, *, apply: bool) -> int:
    """Count, or remove, what killed processes left half written."""
    count = 0
    if isinstance(context.store, _Temporaries):
        with context.reading() as session:
            limit = _limit(session, begun - grace) - _TICK
        store = context.store
        count += store.remove_temporary(limit) if apply else store.temporary_files(limit)
    # Who loads leaves no trace in the database, and the folder of a long copy does not look younger as it grows.
    loading = begun - _LOADS * grace - _TICK
    return count + (view.remove_temporary(loading) if apply else view.temporary_files(loading))
