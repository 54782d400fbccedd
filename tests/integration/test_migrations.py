"""The migrations on SQLite: up, down, up again, and equal to the models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, text

from bifrost_core.bootstrap import DATABASE_NAME, connect, create_library
from bifrost_core.database.engine import SCHEMA_REVISION, Database
from bifrost_core.database.schema import configuration, downgrade, upgrade
from bifrost_core.database.tables import Base, EventRow
from bifrost_core.errors import SchemaOutOfDate
from bifrost_core.models.base import utc_now
from bifrost_core.models.project import ProjectCreate
from bifrost_core.settings import Settings

SETTINGS = Settings(login="tester")
OLDER, NEWER = "0000", "9999"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.on_file(tmp_path / DATABASE_NAME, busy_timeout=5)
    yield opened
    opened.close()


def _schema(database: Database) -> dict[str, str]:
    """Return the statement of each table, index and trigger by its name."""
    with database.reading() as session:
        rows = session.execute(text("SELECT name, sql FROM sqlite_master WHERE name <> 'sqlite_sequence'"))
        return {row.name: row.sql for row in rows}


def _revisions(database: Database) -> list[str]:
    """Return all migrations, the first one first."""
    scripts = ScriptDirectory.from_config(configuration(database))
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def _without_text_index(_object: object, name: str, kind: str, *_: object) -> bool:
    # FTS5 keeps the text index in tables of its own, which no model describes.
    return not (kind == "table" and name.startswith("search_index"))


def _set_revision(library: Path, revision: str) -> None:
    database = Database.on_file(library / DATABASE_NAME, busy_timeout=5)
    try:
        with database.writing() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    finally:
        database.close()


def test_the_newest_migration_is_the_one_that_the_code_needs(database: Database) -> None:
    scripts = ScriptDirectory.from_config(configuration(database))
    assert scripts.get_heads() == [SCHEMA_REVISION]


def test_upgrade_comes_to_the_same_tables_when_it_was_taken_back(database: Database) -> None:
    upgrade(database)
    first = _schema(database)
    assert database.revision() == SCHEMA_REVISION
    downgrade(database)
    assert set(_schema(database)) <= {"alembic_version", "sqlite_autoindex_alembic_version_1"}
    assert database.revision() == ""
    upgrade(database)
    assert _schema(database) == first
    database.check_revision()


def test_each_step_can_be_undone_when_it_was_applied(database: Database) -> None:
    revisions = _revisions(database)
    before: dict[str, dict[str, str]] = {}
    for revision in revisions:
        before[revision] = _schema(database)
        upgrade(database, revision)
    for revision, below in zip(reversed(revisions), [*reversed(revisions[:-1]), "base"]):
        downgrade(database, below)
        left = {name: sql for name, sql in _schema(database).items() if "alembic_version" not in name}
        assert left == {name: sql for name, sql in before[revision].items() if "alembic_version" not in name}


def test_upgrade_changes_nothing_when_the_database_is_up_to_date(database: Database) -> None:
    upgrade(database)
    before = _schema(database)
    upgrade(database)
    assert _schema(database) == before


def test_migrations_equal_the_models_when_all_are_applied(database: Database) -> None:
    upgrade(database)
    with database.reading() as session:
        options: dict[str, Any] = {"compare_type": True, "include_object": _without_text_index}
        context = MigrationContext.configure(session.connection(), opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_and_models_differ_when_a_table_is_missing(database: Database) -> None:
    upgrade(database)
    with database.writing() as session:
        session.execute(text("DROP TABLE library"))
    with database.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"include_object": _without_text_index})
        assert [change[0] for change in compare_metadata(context, Base.metadata)] == ["add_table"]


def test_indexes_of_tables_are_those_of_the_models_when_migrated(database: Database, tmp_path: Path) -> None:
    # The comparison above does not look at the conditions of partial indexes.
    upgrade(database)
    modelled = Database.on_file(tmp_path / "models.db", busy_timeout=5)
    try:
        with modelled.writing() as session:
            Base.metadata.create_all(session.connection())
        wanted = {name: sql for name, sql in _schema(modelled).items() if name.startswith("ix_")}
    finally:
        modelled.close()
    assert wanted
    found = {name: sql for name, sql in _schema(database).items() if name.startswith("ix_")}
    assert {name: sql.split() for name, sql in found.items()} == {name: sql.split() for name, sql in wanted.items()}


def test_content_stays_when_the_database_is_upgraded_again(tmp_path: Path) -> None:
    folder = str(tmp_path / "library")
    with create_library(folder, SETTINGS) as library:
        project = library.projects.create(ProjectCreate(code="DEMO"))
    with create_library(folder, SETTINGS) as library:
        assert library.projects.list() == (project,)


def test_no_event_id_is_given_again_when_events_were_deleted(database: Database) -> None:
    upgrade(database)
    event = {
        "topic": "a.b", "time": utc_now(), "project_id": None, "subject": "", "reference": "", "author": "",
        "payload": {},
    }  # fmt: skip
    ids = []
    for _ in range(3):
        with database.writing() as session:
            session.execute(insert(EventRow), [event])
            ids.append(session.execute(text("SELECT max(id) FROM events")).scalar_one())
            session.execute(text("DELETE FROM events"))
    assert ids == [1, 2, 3]


@pytest.mark.parametrize(("revision", "hint"), [(OLDER, "bifrost init"), (NEWER, "newer Bifrost")])
def test_connect_says_what_to_do_when_the_database_is_of_another_release(
    tmp_path: Path, revision: str, hint: str
) -> None:
    with create_library(str(tmp_path / "library"), SETTINGS):
        pass
    _set_revision(tmp_path / "library", revision)
    with pytest.raises(SchemaOutOfDate) as caught:
        connect(str(tmp_path / "library"), SETTINGS)
    assert hint in caught.value.hint
    assert caught.value.details == {"found": revision, "needed": SCHEMA_REVISION}


def test_init_refuses_when_the_database_is_of_a_newer_release(tmp_path: Path) -> None:
    with create_library(str(tmp_path / "library"), SETTINGS):
        pass
    _set_revision(tmp_path / "library", NEWER)
    with pytest.raises(SchemaOutOfDate) as caught:
        create_library(str(tmp_path / "library"), SETTINGS)
    assert "newer Bifrost" in caught.value.hint


def test_connect_says_what_to_do_when_the_database_is_empty(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).touch()
    with pytest.raises(SchemaOutOfDate) as caught:
        connect(str(tmp_path), SETTINGS)
    assert "bifrost init" in caught.value.hint
