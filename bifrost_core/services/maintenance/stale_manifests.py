"""The manifests in the store, held against the database: what is behind, lost, left over or unknown."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, cast

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bifrost_core.database.tables import EntityRow, ProjectRow, PurgedRow, UserRow, VersionRow
from bifrost_core.errors import Conflict
from bifrost_core.services.context import Context
from bifrost_core.services.lookup import batches
from bifrost_core.services.maintenance.presence import values_by
from bifrost_core.services.manifests import PREFIX, Documented, ManifestWriter, document_name
from bifrost_core.services.restoring.documents import document_name_of

__all__ = ["Manifests", "look_at_manifests", "mend_manifests"]

_KINDS: dict[str, type[Documented]] = {
    "user": UserRow,
    "project": ProjectRow,
    "entity": EntityRow,
    "version": VersionRow,
}
_DIGEST = re.compile(rb"\b[0-9a-f]{64}\b")


class Manifests(NamedTuple):
    """What is to be done about the manifests in the store."""

    left_over: list[str]
    """Names of those of purged versions."""
    lost: dict[str, list[str]]
    """Ids of rows whose manifest was written once and is not there any more, by kind."""
    pending: int
    unknown: int
    """How many are of versions that the database does not know, in projects that it knows."""
    protected: frozenset[str]
    """The digests that stand in those."""

    @property
    def behind(self) -> int:
        """How many are to be written."""
        return self.pending + sum(map(len, self.lost.values()))


def look_at_manifests(context: Context) -> Manifests:
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
        projects = set(session.scalars(select(ProjectRow.id)))
        purged = values_by(session, (PurgedRow.version_id,), PurgedRow.number, [(key,) for key in unknown])
        pending = sum(
            session.scalar(select(func.count()).where(table.written < table.changed)) or 0 for table in _KINDS.values()
        )
        suspects = [
            (kind, row.id, document_name(session, row))
            for kind, table in _KINDS.items()
            for row in _written_but_absent(session, table, stored[kind])
        ]
    strangers = [name for key, name in unknown.items() if (key,) not in purged]
    _refuse_strange_projects(strangers, projects)
    lost: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for kind, key, name in suspects:
        if context.store.documents.read(name) is None:  # else it was written since the list was made
            lost[kind].append(key)
    left_over = [name for key, name in unknown.items() if (key,) in purged]
    return Manifests(left_over, lost, pending, len(strangers), _digests_in(context, strangers))


def _written_but_absent(session: Session, table: type[Documented], stored: Collection[str]) -> list[Documented]:
    written = session.scalars(select(table.id).where(table.written == table.changed))
    absent = [key for key in written if key not in stored]
    rows: list[Documented] = []
    for batch in batches(absent):
        rows += cast(list[Documented], session.scalars(select(table).where(table.id.in_(batch))).all())
    return rows


def _unknown(session: Session, names: Mapping[str, str]) -> dict[str, str]:
    known = values_by(session, (VersionRow.id,), VersionRow.number, [(key,) for key in names])
    return {key: name for key, name in sorted(names.items()) if (key,) not in known}


def _refuse_strange_projects(names: Collection[str], projects: Collection[str]) -> None:
    strange = [
        name for name in names for found in [document_name_of(name)] if found and found.project_id not in projects
    ]
    if strange:
        raise Conflict(
            f"The store has {len(strange)} version{'s' if len(strange) != 1 else ''} of projects that this library "
            "does not know.",
            hint="If the database was lost or is an old copy, `bifrost recover --force` makes it anew from the store. "
            "If another library uses this store too, each needs a store of its own. Nothing was removed.",
            details={"versions": len(strange), "example": strange[0]},
        )


def _digests_in(context: Context, names: Iterable[str]) -> frozenset[str]:
    """Return the digests in manifests, also in those that are damaged or contradict others: nobody else has them."""
    texts = (context.store.documents.read(name) or b"" for name in names)
    return frozenset(digest.decode() for text in texts for digest in _DIGEST.findall(text))


def mend_manifests(context: Context, manifests: Manifests) -> None:
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
