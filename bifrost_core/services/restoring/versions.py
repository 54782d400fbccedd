"""Versions from manifests, with their files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import EntityRow, FileRow, ProductRow, PurgedRow, RepresentationRow, VersionRow
from bifrost_core.models.names import name_key
from bifrost_core.models.reference import version_label
from bifrost_core.services.lookup import BATCH, batches, each_in
from bifrost_core.services.maintenance.presence import values_by
from bifrost_core.services.restoring.documents import DocumentName, VersionDocument
from bifrost_core.services.restoring.restored import Restored, Use

__all__ = ["VersionRestorer"]

_FILES_AT_ONCE = 10_000
_Number = tuple[str, int]
_Listing = set[tuple[str, str, int, str]]
"""Representation, file, size and digest of each file of a version."""


@dataclass(frozen=True)
class _Present:
    """What the database knows about some versions, their products and their numbers."""

    projects: dict[str, str]
    """The project of each product."""
    purged: set[str]
    versions: dict[str, _Number]
    numbers: dict[_Number, tuple[str, Optional[datetime]]]
    """Which version has a number, and since when; a purged one is older than any other."""
    files: dict[str, _Listing]


class VersionRestorer:
    """Adds the documents of versions to a database."""

    def __init__(self, session: Session, result: Restored) -> None:
        self._session = session
        self._result = result

    def add(self, batch: Collection[tuple[DocumentName, VersionDocument]]) -> None:
        """Add what is new of some versions."""
        present = _present(self._session, [document for _, document in batch])
        accepted: list[VersionDocument] = []
        for name, document in sorted(batch, key=lambda item: (item[1].versions.created, item[0].id)):
            if self._is_new(name, document, present):
                version = document.versions
                number = (version.product_id, version.number)
                present.versions[version.id] = number
                present.numbers[number] = (version.id, version.created)
                present.files[version.id] = _listing(document)
                accepted.append(document)
        if accepted:
            rows = [{**document.versions.model_dump(), **self._result.counters} for document in accepted]
            self._session.execute(insert(VersionRow), rows)
            self._result.added["versions"] += len(rows)
            self._add_files(accepted)

    def _is_new(self, name: DocumentName, document: VersionDocument, present: _Present) -> bool:
        version = document.versions
        label = f"{version_label(version.number)} ({version.id})"
        conflicts = self._result.conflicts
        if present.projects.get(version.product_id) != name.project_id:
            conflicts.append(f"{label} belongs to a product that is not there")
            return False
        self._result.products.add(version.product_id)
        if version.id in present.purged:
            self._result.skipped.append(f"{label} was purged")
            return False
        known = present.versions.get(version.id)
        if known is not None:
            if known == (version.product_id, version.number) and present.files[version.id] == _listing(document):
                self._note_uses(document)
            else:
                conflicts.append(f"{label} is there already with another content")
            return False
        if not self._number_is_free(document, present, label):
            return False
        self._note_uses(document)
        return True

    def _number_is_free(self, document: VersionDocument, present: _Present, label: str) -> bool:
        version = document.versions
        taken = present.numbers.get((version.product_id, version.number))
        if taken is None:
            return True
        other, created = taken
        if not self._result.in_store or created is None or created <= version.created:
            self._result.conflicts.append(f"{label} has the number of another version, {other}")
            return False
        self._result.conflicts.append(
            f"{version_label(version.number)} ({other}) has the number of an older version, {version.id}"
        )
        self._session.execute(delete(VersionRow).where(VersionRow.id == other))
        self._result.added["versions"] -= 1
        return True

    def _note_uses(self, document: VersionDocument) -> None:
        user = document.versions.id
        self._result.uses += dict.fromkeys(Use(user, use.used_id, use.kind) for use in document.dependencies)

    def _add_files(self, documents: Sequence[VersionDocument]) -> None:
        rows = [
            {
                **representation.model_dump(exclude={"files"}),
                "version_id": document.versions.id,
                "position": position,
                "name_key": name_key(representation.name),
            }
            for document in documents
            for position, representation in enumerate(document.representations)
        ]
        self._session.execute(insert(RepresentationRow), rows)
        columns = (RepresentationRow.version_id, RepresentationRow.position)
        keys = [(row["version_id"], row["position"]) for row in rows]
        owners = values_by(self._session, columns, RepresentationRow.id, keys)
        pending: list[dict[str, Any]] = []
        for row in _file_rows(documents, owners):
            pending.append(row)
            if len(pending) >= _FILES_AT_ONCE:
                self._session.execute(insert(FileRow), pending)
                pending = []
        if pending:
            self._session.execute(insert(FileRow), pending)


def _file_rows(documents: Sequence[VersionDocument], owners: dict[Any, int]) -> Iterator[dict[str, Any]]:
    for document in documents:
        for position, representation in enumerate(document.representations):
            owner = owners[(document.versions.id, position)]
            for place, file in enumerate(representation.files):
                yield {
                    "representation_id": owner,
                    "position": place,
                    "name": file.name,
                    "size": file.size,
                    "sha256": file.sha256,
                }


def _listing(document: VersionDocument) -> _Listing:
    return {
        (representation.name, file.name, file.size, file.sha256)
        for representation in document.representations
        for file in representation.files
    }


def _present(session: Session, documents: Sequence[VersionDocument]) -> _Present:
    versions = [document.versions for document in documents]
    ids = sorted({version.id for version in versions})
    known: dict[str, _Number] = {}
    files: dict[str, _Listing] = {}
    for batch in batches(ids):
        rows = session.execute(
            select(VersionRow.id, VersionRow.product_id, VersionRow.number).where(VersionRow.id.in_(batch))
        )
        known.update({row_id: (product_id, number) for row_id, product_id, number in rows})
    for batch in batches(sorted(known)):
        found = session.execute(
            select(RepresentationRow.version_id, RepresentationRow.name, FileRow.name, FileRow.size, FileRow.sha256)
            .join(FileRow, FileRow.representation_id == RepresentationRow.id)
            .where(RepresentationRow.version_id.in_(batch))
        )
        for version_id, representation, name, size, sha256 in found:
            files.setdefault(version_id, set()).add((representation, name, size, sha256))
    return _Present(
        projects=_projects(session, sorted({version.product_id for version in versions})),
        purged={key[0] for key in values_by(session, (PurgedRow.version_id,), PurgedRow.number, [(i,) for i in ids])},
        versions=known,
        numbers=_numbers(session, sorted({(version.product_id, version.number) for version in versions})),
        files=files,
    )


def _projects(session: Session, product_ids: Sequence[str]) -> dict[str, str]:
    projects: dict[str, str] = {}
    for batch in batches(product_ids):
        rows = session.execute(
            select(ProductRow.id, EntityRow.project_id)
            .join(EntityRow, EntityRow.id == ProductRow.entity_id)
            .where(ProductRow.id.in_(batch))
        )
        projects.update({row.id: row.project_id for row in rows})
    return projects


def _numbers(session: Session, numbers: Sequence[_Number]) -> dict[_Number, tuple[str, Optional[datetime]]]:
    taken: dict[_Number, tuple[str, Optional[datetime]]] = {}
    for batch in batches(numbers, BATCH // 2):
        purged = select(PurgedRow.product_id, PurgedRow.number, PurgedRow.version_id).where(
            each_in((PurgedRow.product_id, PurgedRow.number), batch)
        )
        taken.update({(product_id, number): (row_id, None) for product_id, number, row_id in session.execute(purged)})
        alive = select(VersionRow.product_id, VersionRow.number, VersionRow.id, VersionRow.created).where(
            each_in((VersionRow.product_id, VersionRow.number), batch)
        )
        for product_id, number, row_id, created in session.execute(alive):
            taken[(product_id, number)] = (row_id, created)
    return {number: taken[number] for number in numbers if number in taken}
