"""The blobs that versions use, in pages: a library may use more than fit into memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Optional

from sqlalchemy import ColumnElement, exists, func, select, true
from sqlalchemy.orm import Session

from bifrost_core.database.engine import Database
from bifrost_core.database.tables import EntityRow, FileRow, ProductRow, RepresentationRow, VersionRow
from bifrost_core.services.lookup import batches

__all__ = ["UsedBlob", "count_used", "digests_of", "unused_of", "used_blobs"]

_PAGE = 1000


@dataclass(frozen=True)
class UsedBlob:
    """A blob that some version has a file of."""

    sha256: str
    size: int


def used_blobs(database: Database, project_id: Optional[str] = None) -> Iterator[Sequence[UsedBlob]]:
    """Yield the blobs that versions use, each once, in pages by digest; each page is a transaction of its own."""
    statement = select(FileRow.sha256, func.max(FileRow.size)).where(_used_in(project_id)).group_by(FileRow.sha256)
    after = ""
    while True:
        with database.reading() as session:
            page = statement.where(FileRow.sha256 > after).order_by(FileRow.sha256).limit(_PAGE)
            rows = session.execute(page).all()
        if not rows:
            return
        yield [UsedBlob(sha256, size) for sha256, size in rows]
        after = rows[-1][0]


def count_used(session: Session, project_id: Optional[str] = None) -> int:
    """Count the blobs that versions use."""
    return session.scalar(select(func.count(FileRow.sha256.distinct())).where(_used_in(project_id))) or 0


def digests_of(session: Session, project_id: str) -> list[str]:
    """Return the digests of the blobs that a project's versions use."""
    return sorted(session.scalars(select(FileRow.sha256).where(_used_in(project_id)).distinct()))


def _used_in(project_id: Optional[str]) -> ColumnElement[bool]:
    if project_id is None:
        return true()
    # Not a join: this way the files are read in the order of their index, and a page costs no more than its rows.
    return exists(
        select(1)
        .select_from(RepresentationRow)
        .join(VersionRow, VersionRow.id == RepresentationRow.version_id)
        .join(ProductRow, ProductRow.id == VersionRow.product_id)
        .join(EntityRow, EntityRow.id == ProductRow.entity_id)
        .where(RepresentationRow.id == FileRow.representation_id, EntityRow.project_id == project_id)
    )


def unused_of(session: Session, digests: Collection[str]) -> set[str]:
    """Return those of the digests that no version uses."""
    unused = set(digests)
    for batch in batches(sorted(unused)):
        unused.difference_update(session.scalars(select(FileRow.sha256).where(FileRow.sha256.in_(batch)).distinct()))
    return unused
