"""Clean-up: what no version uses is found and, on request, removed.

How a running publish stays safe: a commit looks for its blobs inside its writing transaction, and blobs are removed
only inside one too, after looking again that no version uses them. So either the commit comes first and the blob
stays, or the removal does and the commit is refused with the digests to put again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Optional, Protocol, cast, runtime_checkable

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bifrost_core.database.tables import EntityRow, ProjectRow, PublishRow, PurgedRow, UserRow, VersionRow
from bifrost_core.errors import BlobNotFound, Conflict, InvalidRequest, StorageError
from bifrost_core.models.base import utc_now
from bifrost_core.models.publish import PublishState
from bifrost_core.models.upkeep import BlobSummary, GarbageReport
from bifrost_core.services.blobs import unused_of
from bifrost_core.services.context import Context
from bifrost_core.services.documents import document_name_of
from bifrost_core.services.lookup import batches
from bifrost_core.services.manifests import PREFIX, Documented, ManifestWriter, document_name
from bifrost_core.services.presence import values_by
from bifrost_core.services.stale_views import StaleViews
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

_KINDS: dict[str, type[Documented]] = {
    "user": UserRow,
    "project": ProjectRow,
    "entity": EntityRow,
    "version": VersionRow,
}
_log = logging.getLogger(__name__)


@runtime_checkable
class _Temporaries(Protocol):
    """The capability of a store that keeps files while they are written."""

    def temporary_files(self, older_than: datetime) -> int: ...

    def remove_temporary(self, older_than: datetime) -> int: ...


class _Manifests(NamedTuple):
    """What is to be done about the manifests in the store."""

    left_over: list[str]
    """Names of those of purged versions."""
    lost: dict[str, list[str]]
    """Ids of rows whose manifest was written once and is not there any more, by kind."""
    pending: int

    @property
    def behind(self) -> int:
        return self.pending + sum(map(len, self.lost.values()))


def collect_garbage(context: Context, view: View, *, apply: bool, grace_hours: float) -> GarbageReport:
    """Find, and with ``apply`` remove, what no version uses.

    Args:
        context: the library.
        view: its view.
        apply: whether to remove; without it nothing at all is changed.
        grace_hours: spare what is younger.

    Raises:
        Conflict: the store has manifests of versions that the database does not know: it serves another library
            too, or the database is older than the store. Removing what *this* database does not use would be wrong.
        InvalidRequest: the grace is negative.
        StorageError: the store cannot be read or written.
    """
    if not 0 <= grace_hours < 24 * 365 * 100:
        raise InvalidRequest("The grace must be 0 hours or more.")
    begun, grace = utc_now(), timedelta(hours=grace_hours)
    before = begun - grace
    manifests = _look_at_manifests(context)
    publishes = _abandoned(context, begun, apply=apply)
    blobs = list(_removed(context, before) if apply else _unused(context, before))
    temporary = _temporary(context, view, begun, grace, apply=apply)
    stale = StaleViews(context, view).collect(apply=apply)
    if apply:
        # Last: on a full disk they can be written only when the rest has made space.
        _mend_manifests(context, manifests)
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
    )


# --- blobs -----------------------------------------------------------------------------------------------------------


def _unused(context: Context, before: datetime) -> Iterator[Blob]:
    """Yield the blobs that no version uses, save those that a publish may be about to use."""
    for batch in _batched(context.store.list()):
        with context.reading() as session:
            limit = _limit(session, before)
            old = {blob.sha256: blob for blob in batch if blob.stored < limit}
            unused = unused_of(session, old)
        yield from (blob for sha256, blob in old.items() if sha256 in unused)


def _limit(session: Session, before: datetime) -> datetime:
    """Return the time since when a stored blob may belong to a publish that is under way."""
    oldest = session.scalar(
        select(func.min(PublishRow.begun, type_=PublishRow.begun.type)).where(
            PublishRow.state == PublishState.OPEN.value, PublishRow.expires >= utc_now()
        )
    )
    return before if oldest is None else min(before, oldest - _CLOCKS)


def _removed(context: Context, before: datetime) -> Iterator[Blob]:
    """Remove unused blobs; yield those that are gone."""
    failure: Optional[StorageError] = None
    any_removed = False
    for batch in _batched(_unused(context, before)):
        # Everything is looked at again: nobody else writes while this transaction lasts.
        with context.database.writing() as session:
            limit = _limit(session, before)
            unused = unused_of(session, [blob.sha256 for blob in batch])
            gone: list[Blob] = []
            for blob in batch:
                try:
                    if blob.sha256 in unused and context.store.stat(blob.sha256).stored < limit:
                        context.store.delete(blob.sha256)
                        gone.append(blob)
                except BlobNotFound:
                    continue  # another clean-up was faster
                except StorageError as exc:
                    failure = exc
                    _log.warning("the blob %s could not be removed: %s", blob.sha256, exc)
        any_removed = any_removed or bool(gone)
        yield from gone
    if failure is not None and not any_removed:
        raise failure


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


# --- manifests -------------------------------------------------------------------------------------------------------


def _look_at_manifests(context: Context) -> _Manifests:
    """Compare the manifests in the store with the rows.

    Raises:
        Conflict: there are manifests of versions that the database has never known.
    """
    stored: dict[str, dict[str, str]] = {kind: {} for kind in _KINDS}
    for name in context.store.documents.list(PREFIX):
        found = document_name_of(name)
        if found is not None:
            stored[found.kind][found.id] = name
    # The rows are read after the list was made: whoever is in the list was committed before.
    with context.reading() as session:
        unknown = _unknown(session, stored["version"])
        purged = values_by(session, (PurgedRow.version_id,), PurgedRow.number, [(key,) for key in unknown])
        pending = sum(
            session.scalar(select(func.count()).where(table.written < table.changed)) or 0 for table in _KINDS.values()
        )
        suspects = [
            (kind, row.id, document_name(session, row))
            for kind, table in _KINDS.items()
            for row in _written_but_absent(session, table, stored[kind])
        ]
    strangers = [key for key in unknown if (key,) not in purged]
    if strangers:
        raise _shared_store(len(strangers), strangers[0])
    lost: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for kind, key, name in suspects:
        if context.store.documents.read(name) is None:  # else it was written since the list was made
            lost[kind].append(key)
    return _Manifests([stored["version"][key] for key in unknown], lost, pending)


def _written_but_absent(session: Session, table: type[Documented], stored: Collection[str]) -> list[Documented]:
    written = session.scalars(select(table.id).where(table.written == table.changed))
    absent = [key for key in written if key not in stored]
    rows: list[Documented] = []
    for batch in batches(absent):
        rows += cast(list[Documented], session.scalars(select(table).where(table.id.in_(batch))).all())
    return rows


def _unknown(session: Session, version_ids: dict[str, str]) -> list[str]:
    known = values_by(session, (VersionRow.id,), VersionRow.number, [(key,) for key in version_ids])
    return [key for key in sorted(version_ids) if (key,) not in known]


def _shared_store(count: int, example: str) -> Conflict:
    return Conflict(
        f"The store has {count} version{'s' if count != 1 else ''} that this library's database does not know.",
        hint="If the database was lost or is an old copy, `bifrost recover --force` makes it anew from the store. "
        "If another library uses this store too, each needs a store of its own. Nothing was removed.",
        details={"versions": count, "example": example},
    )


def _mend_manifests(context: Context, manifests: _Manifests) -> None:
    """Write what is behind or lost, and remove what is left over."""
    for kind, ids in manifests.lost.items():
        table = _KINDS[kind]
        for batch in batches(ids):
            with context.database.writing() as session:
                session.execute(
                    update(table)
                    .where(table.id.in_(batch), table.written == table.changed)
                    .values(changed=table.changed + 1)
                )
    ManifestWriter(context.database, context.store).write_pending()
    for name in manifests.left_over:
        context.store.documents.delete(name)
