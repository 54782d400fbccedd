"""Alembic's entry: runs the migrations in one transaction of the database that the caller passes."""

from __future__ import annotations

from typing import Optional

from alembic import context

from bifrost_core.database.engine import Database
from bifrost_core.database.tables import Base


def _is_ours(name: Optional[str], kind: str, _parents: object) -> bool:
    # FTS5 keeps the text index in tables of its own, which no model describes.
    return not (kind == "table" and (name or "").startswith("search_index"))


def _run() -> None:
    database: Database = context.config.attributes["database"]
    with database.writing() as session:
        context.configure(
            connection=session.connection(),
            target_metadata=Base.metadata,
            render_as_batch=True,
            transactional_ddl=True,
            include_name=_is_ours,
        )
        context.run_migrations()


_run()
