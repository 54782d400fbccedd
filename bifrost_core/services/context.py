"""What every service works with: the database, the store, who is asking, and the transaction of a change."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional

from sqlalchemy import select
from sqlalchemy.orm import Session

from bifrost_core.database.engine import Database
from bifrost_core.database.tables import EventRow, UserRow
from bifrost_core.errors import StorageError
from bifrost_core.models.base import new_id, utc_now
from bifrost_core.models.names import name_key
from bifrost_core.services.manifests import Documented, ManifestWriter
from bifrost_core.storage.port import BlobStore

__all__ = ["Change", "Context"]

_log = logging.getLogger(__name__)


@dataclass
class Change:
    """A transaction that changes something."""

    session: Session
    author: str
    time: datetime
    documented: list[Documented] = field(default_factory=list)
    """Rows whose manifests are to be written once the change is committed."""

    def record(self, topic: str, *, project_id: Optional[str], subject: str, reference: str, **payload: Any) -> None:
        """Add an event to the same transaction."""
        self.session.add(
            EventRow(
                topic=topic,
                time=self.time,
                project_id=project_id,
                subject=subject,
                reference=reference,
                author=self.author,
                payload=payload,
            )
        )

    def document(self, row: Documented) -> None:
        """Have the row's manifest written after the commit; call it for each change that the manifest shows."""
        if row not in self.documented:
            row.changed = (row.changed or 0) + 1
            self.documented.append(row)


@dataclass(frozen=True)
class Context:
    """A library as one user sees it."""

    database: Database
    store: BlobStore
    login: str

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a transaction that only reads."""
        with self.database.reading() as session:
            yield session

    @contextmanager
    def changing(self) -> Iterator[Change]:
        """Open a transaction that changes something; its manifests are written right after its commit."""
        with self.database.writing() as session:
            change = Change(session, self.login, utc_now())
            self._register_author(change)
            yield change
        ManifestWriter(self.database, self.store).write(change.documented)

    def catch_up(self) -> None:
        """Write manifests that a crash left behind; a store that fails now is logged, they stay pending."""
        try:
            ManifestWriter(self.database, self.store).write_pending()
        except StorageError as exc:
            _log.warning("manifests are still to be written: %s", exc)

    def _register_author(self, change: Change) -> None:
        key = name_key(self.login)
        if change.session.scalar(select(UserRow.id).where(UserRow.login_key == key)) is None:
            user = UserRow(
                id=new_id(), login=self.login, login_key=key, name="", email="", active=True, created=change.time
            )
            change.session.add(user)
            change.document(user)
