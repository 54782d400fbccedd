"""From manifests to rows, many at once: what `bifrost recover` and `bifrost import` have in common.

Rows that are there already stay as they are; only what is missing is added. Whatever contradicts what is there is
left out and told: recovery reports it, an import gives up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import ProjectRow, UserRow
from bifrost_core.models.names import name_key
from bifrost_core.services.maintenance.presence import values_by
from bifrost_core.services.restoring.documents import (
    DocumentName,
    EntityDocument,
    ProjectDocument,
    UserDocument,
    VersionDocument,
)
from bifrost_core.services.restoring.entities import EntityRestorer
from bifrost_core.services.restoring.restored import Restored, in_steps
from bifrost_core.services.restoring.rewiring import add_uses, settle_products
from bifrost_core.services.restoring.versions import VersionRestorer

__all__ = ["Restorer"]


class Restorer:
    """Adds documents to a database within one transaction: users, projects, entities, versions, then :meth:`finish`.

    Args:
        session: a writing transaction.
        in_store: whether the documents come from the library's own store, so that they need not be written again;
            of two versions that claim one number the older one then wins, whichever came first.
    """

    def __init__(self, session: Session, *, in_store: bool) -> None:
        self._session = session
        self.result = Restored(in_store)
        self._entities = EntityRestorer(session, self.result)
        self._versions = VersionRestorer(session, self.result)

    def add_users(self, documents: Iterable[UserDocument]) -> None:
        """Add users whose login is new."""
        for batch in in_steps(documents):
            users = {name_key(item.users.login): item.users for item in batch}
            ids = values_by(self._session, (UserRow.id,), UserRow.id, [(user.id,) for user in users.values()])
            logins = values_by(self._session, (UserRow.login_key,), UserRow.id, [(key,) for key in users])
            rows: list[dict[str, Any]] = []
            for key, user in users.items():
                if (key,) not in logins and (user.id,) not in ids:
                    rows.append({**user.model_dump(), "login_key": key, **self.result.counters})
                    ids[(user.id,)] = user.id
            if rows:
                self._session.execute(insert(UserRow), rows)
            self.result.added["users"] += len(rows)

    def add_projects(self, documents: Iterable[ProjectDocument]) -> None:
        """Add projects whose id and code are new."""
        for document in documents:
            project = document.projects
            if self._session.scalar(select(ProjectRow.id).where(ProjectRow.id == project.id)) is not None:
                continue
            key = name_key(project.code)
            if self._session.scalar(select(ProjectRow.id).where(ProjectRow.code_key == key)) is not None:
                self.result.conflicts.append(f"the code “{project.code}” belongs to another project")
                continue
            row = {**project.model_dump(), "statuses": list(project.statuses), "code_key": key, **self.result.counters}
            self._session.execute(insert(ProjectRow), [row])
            self.result.added["projects"] += 1

    def add_entities(self, documents: Iterable[EntityDocument]) -> None:
        """Add assets and shots, with their tasks and products and the memory of purged versions."""
        for batch in in_steps(documents):
            self._entities.add(batch)

    def add_versions(self, documents: Iterable[tuple[DocumentName, VersionDocument]]) -> None:
        """Add versions with their files; what they use is noted for the end."""
        for batch in in_steps(documents, lambda item: sum(len(part.files) for part in item[1].representations)):
            self._versions.add(batch)

    def reserve(self, product_id: str, number: int) -> None:
        """Take care that a number is never given again, though its version cannot be restored."""
        reserved = self.result.reserved
        reserved[product_id] = max(number, reserved.get(product_id, 0))
        self.result.products.add(product_id)

    def finish(self, outside: Mapping[str, str]) -> None:
        """Add what the versions use, and set what follows from the versions: numbers and pointers.

        Args:
            outside: references of used versions that may not be here, by id.
        """
        self.result.skipped += add_uses(self._session, self.result.uses, outside, in_store=self.result.in_store)
        settle_products(self._session, self.result.products, self.result.reserved)
