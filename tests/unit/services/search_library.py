"""A library for tests of the search: rows written plainly, search entries made as the services make them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Optional

from sqlalchemy import select
from sqlalchemy.orm import Session

from bifrost_core.database.engine import Database
from bifrost_core.database.schema import upgrade
from bifrost_core.database.tables import EntityRow, ProductRow, ProjectRow, VersionRow
from bifrost_core.models.base import new_id
from bifrost_core.models.names import name_key
from bifrost_core.models.search import SearchHit, SearchQuery, SearchSort
from bifrost_core.services.context import Context
from bifrost_core.services.search import LocalSearch
from bifrost_core.services.searching.indexing import index_entity, index_product
from bifrost_core.storage.memory import MemoryBlobStore

START = datetime(2024, 5, 1, tzinfo=timezone.utc)


def make_empty(file: Path) -> None:
    """Make a database with the tables and nothing in them, for tests to copy: it takes longer than most of them."""
    database = Database.on_file(file, busy_timeout=5)
    upgrade(database)
    database.close()


class SearchLibrary:
    """A library of one test; each change is a second later than the one before.

    Args:
        file: a database that has the tables and nothing in them.
    """

    def __init__(self, file: Path) -> None:
        self.database = Database.on_file(file, busy_timeout=5)
        self.search = LocalSearch(Context(self.database, MemoryBlobStore(), "anna"))
        self._time = START

    @property
    def latest(self) -> datetime:
        """When the last change was."""
        return self._time

    def now(self) -> datetime:
        self._time += timedelta(seconds=1)
        return self._time

    def close(self) -> None:
        self.database.close()

    def add_project(self, code: str, *, archived: bool = False) -> str:
        with self.database.writing() as session:
            row = ProjectRow(
                id=new_id(), code=code, code_key=name_key(code), name="", fps=24, width=1920, height=1080,
                statuses=["pending", "approved", "rejected", "archived"], metadata_schema=None, archived=archived,
                created=self._time, created_by="anna",
            )  # fmt: skip
            session.add(row)
            return row.id

    def add_asset(self, name: str, *, project: str = "DEMO", kind: str = "prop", **more: Any) -> str:
        return self._add_entity(project, "asset", name, f"assets/{name_key(name)}", kind=kind, **more)

    def add_shot(self, sequence: str, name: str, *, project: str = "DEMO", **more: Any) -> str:
        path = "/".join(("shots", *(name_key(part) for part in (more.get("episode"), sequence, name) if part)))
        return self._add_entity(project, "shot", name, path, kind="shot", sequence=sequence, **more)

    def _add_entity(self, project: str, type_: str, name: str, path_key: str, *, kind: str, **more: Any) -> str:
        with self.database.writing() as session:
            row = EntityRow(
                id=new_id(), project_id=self._project(session, project), type=type_, path_key=path_key, name=name,
                kind=kind, kind_key=name_key(kind), episode=more.get("episode"), sequence=more.get("sequence"),
                description=more.get("description", ""), tags=list(more.get("tags", ())),
                archived=more.get("archived", False), created=self._time, created_by="anna",
            )  # fmt: skip
            session.add(row)
            index_entity(session, row, self.now())
            return row.id

    @staticmethod
    def _project(session: Session, code: str) -> str:
        found = session.scalar(select(ProjectRow.id).where(ProjectRow.code_key == name_key(code)))
        assert found is not None
        return found

    def publish(
        self, entity: str, product: str, *, status: str = "pending", author: str = "anna", comment: str = "",
        task: Optional[str] = None, fields: Optional[dict[str, Any]] = None, product_type: Optional[str] = None,
    ) -> str:  # fmt: skip
        """Add a version, and its product if it is the first."""
        with self.database.writing() as session:
            time = self.now()
            on = session.get(EntityRow, entity)
            row = session.scalar(
                select(ProductRow).where(ProductRow.entity_id == entity, ProductRow.name_key == name_key(product))
            )
            if row is None:
                row = ProductRow(
                    id=new_id(), entity_id=entity, name=product, name_key=name_key(product),
                    type=product_type or product, last_number=0, created=time,
                )  # fmt: skip
                session.add(row)
            row.last_number += 1
            version = VersionRow(
                id=new_id(), product_id=row.id, number=row.last_number, status=status, author=author,
                comment=comment, source="", task=task, fields=fields or {}, created=time,
            )  # fmt: skip
            session.add(version)
            if status != "archived":
                row.latest_id = version.id
            assert on is not None
            index_product(session, on, row, time)
            return row.id

    def find(self, text: str = "", **more: Any) -> list[SearchHit]:
        return list(self.search.find(SearchQuery(text=text, **more)).items)

    def references(self, text: str = "", **more: Any) -> list[str]:
        """Return what is found as PROJECT/...; everything in DEMO without its code."""
        return [hit.reference.replace("DEMO/", "", 1) for hit in self.find(text, **more)]

    def pages(self, text: str, sort: SearchSort, limit: int) -> Iterator[Sequence[SearchHit]]:
        cursor = None
        while True:
            page = self.search.find(SearchQuery(text=text, sort=sort, limit=limit, cursor=cursor))
            yield page.items
            cursor = page.next_cursor
            if cursor is None:
                return
