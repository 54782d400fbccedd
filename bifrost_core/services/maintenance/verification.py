"""Verification: stored blobs are read again and held against their digests."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Iterator
from typing import Optional

from sqlalchemy import select

from bifrost_core.database.tables import EntityRow, ProductRow, VersionRow
from bifrost_core.errors import BlobNotFound, InvalidRequest, StorageError
from bifrost_core.models.dependency import VersionLabel
from bifrost_core.models.upkeep import Damage, VerifyReport
from bifrost_core.services.context import Context
from bifrost_core.services.lookup import batches, find_project, located_versions
from bifrost_core.services.maintenance.blobs import UsedBlob, count_used, used_blobs
from bifrost_core.services.maintenance.damage import Damages, stored_digest
from bifrost_core.services.manifests import PREFIX, version_document
from bifrost_core.services.reading import as_label
from bifrost_core.services.restoring.documents import document_name_of
from bifrost_core.storage.port import BlobStore, Progress, Quarantine
from bifrost_core.storage.views import View
from bifrost_core.storage.workers import Workers

__all__ = ["verify"]

_READERS = 2
"""Hashing takes one core a reader; more would only make a hard disk jump."""


def verify(
    context: Context,
    view: View,
    project: Optional[str] = None,
    *,
    sample: Optional[float] = None,
    set_aside: bool = False,
    progress: Optional[Progress] = None,
) -> VerifyReport:
    """Read the blobs that versions use again, and look for the versions' manifests.

    Args:
        context: the library.
        view: its view.
        project: code or id; None: all.
        sample: the share of the blobs to read, chosen by chance: more than 0, at most 1.
        set_aside: move corrupt blobs out of the way, so that publishing the same files again repairs them; without
            it nothing is changed.
        progress: told the bytes read; it may raise ``Cancelled``.

    Raises:
        NotFound: there is no such project.
        InvalidRequest: the sample is not a share, or the store cannot set blobs aside.
        StorageUnavailable: the store as a whole does not answer.
    """
    if sample is not None and not 0 < sample <= 1:
        raise InvalidRequest("A sample is more than 0 % and at most 100 % of the files.")
    if set_aside and not isinstance(context.store, Quarantine):
        raise InvalidRequest(
            "This kind of store cannot set damaged files aside.",
            hint="Restore them from the store's own versions or backups; `bifrost verify` names them.",
        )
    with context.reading() as session:
        project_id = None if project is None else find_project(session, project).id
        total = count_used(session, project_id)
    check = _Check(context.store, progress)
    blobs = _chosen(context, project_id, total, 1.0 if sample is None else sample)
    check.workers.run(blobs, total)
    damages = Damages(context, view)
    damaged = [damages.described(sha256, check.damage[sha256]) for sha256 in sorted(check.damage)]
    hit = [item for item in damaged if item is not None]
    return VerifyReport(
        blobs=check.blobs,
        size=check.size,
        damaged=tuple(damages.set_aside(item) if set_aside else item for item in hit),
        missing_manifests=_without_manifest(context, project_id),
    )


class _Check:
    """Reads blobs on a few threads and counts."""

    def __init__(self, store: BlobStore, progress: Optional[Progress]) -> None:
        self._store = store
        self._progress = progress
        self._lock = threading.Lock()
        self.workers = Workers[UsedBlob](_READERS, self._look)
        self.blobs = 0
        self.size = 0
        self.damage: dict[str, Damage] = {}

    def _look(self, blob: UsedBlob) -> None:
        try:
            damage = None if stored_digest(self._store, blob.sha256, self._advance) == blob.sha256 else Damage.CORRUPT
        except BlobNotFound:
            damage = Damage.MISSING
        except StorageError:
            self._check_store()
            damage = Damage.UNREADABLE
        with self._lock:
            self.blobs += 1
            if damage is not None:
                self.damage[blob.sha256] = damage

    def _advance(self, count: int) -> None:
        self.workers.check()
        with self._lock:
            self.size += count
        if self._progress is not None:
            self._progress(count)

    def _check_store(self) -> None:
        """Raise when it is not one blob that cannot be read, but the store that is gone."""
        next(iter(self._store.documents.list(PREFIX)), None)


def _chosen(context: Context, project_id: Optional[str], total: int, share: float) -> Iterator[UsedBlob]:
    """Yield each blob with the same chance, exactly the share of them, without holding them all."""
    wanted, left = math.ceil(total * share), total
    for page in used_blobs(context.database, project_id):
        for blob in page:
            if wanted >= left or random.random() * left < wanted:  # noqa: S311 - nothing secret depends on it
                wanted -= 1
                yield blob
            left -= 1


def _without_manifest(context: Context, project_id: Optional[str]) -> tuple[VersionLabel, ...]:
    """Return the versions whose manifest was written once and is not there any more."""
    prefix = PREFIX if project_id is None else f"{PREFIX}projects/{project_id}/versions/"
    stored = {found.id for found in map(document_name_of, context.store.documents.list(prefix)) if found}
    suspects: list[tuple[str, str]] = []
    with context.reading() as session:
        statement = (
            select(VersionRow.id, EntityRow.project_id)
            .join(ProductRow, ProductRow.id == VersionRow.product_id)
            .join(EntityRow, EntityRow.id == ProductRow.entity_id)
            .where(VersionRow.written > 0)
        )
        if project_id is not None:
            statement = statement.where(EntityRow.project_id == project_id)
        for version_id, home in session.execute(statement.execution_options(yield_per=1000)):
            if version_id not in stored:
                suspects.append((version_id, home))
    # A version published since the list was made has its manifest now.
    lost = [key for key, home in suspects if context.store.documents.read(version_document(home, key)) is None]
    with context.reading() as session:
        found = [item for batch in batches(lost) for item in located_versions(session, batch).values()]
    return tuple(sorted((as_label(item) for item in found), key=lambda label: label.reference))
