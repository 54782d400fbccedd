"""Keeping the search entries in step with what they are about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from search_library import SearchLibrary, make_empty
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from bifrost_core.database.tables import EntityRow, ProductRow, SearchRow, VersionRow
from bifrost_core.models.base import new_id
from bifrost_core.models.search import SearchSort
from bifrost_core.services.searching.documents import RECENT_VERSIONS, WORD_LIMIT
from bifrost_core.services.searching.indexing import index_product, rebuild_index, reindex_entity


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("empty") / "library.db"
    make_empty(file)
    return file


@pytest.fixture
def library(empty_database: Path, tmp_path: Path) -> Iterator[SearchLibrary]:
    made = SearchLibrary(Path(shutil.copy(empty_database, tmp_path)))
    made.add_project("DEMO")
    yield made
    made.close()


def _documents(library: SearchLibrary) -> list[tuple[Any, ...]]:
    columns = [column for column in SearchRow.__table__.columns if column.name not in ("id", "updated")]
    with library.database.reading() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(SearchRow.subject_id))]


def _check_index(session: Session) -> None:
    session.execute(text("INSERT INTO search_index(search_index, rank) VALUES ('integrity-check', 1)"))


def test_products_are_found_by_the_new_name_when_their_entity_is_renamed(library: SearchLibrary) -> None:
    hero = library.add_asset("hero", tags=["main"])
    library.publish(hero, "model")
    library.publish(hero, "rig")
    before = {hit.name: hit.updated for hit in library.find("type:product")}
    with library.database.writing() as session:
        row = session.get_one(EntityRow, hero)
        row.name, row.path_key, row.tags = "villain", "assets/villain", ["second"]
        reindex_entity(session, row, library.now())
    assert library.references("hero") == []
    assert library.references("tag:main") == []
    assert set(library.references("villain tag:second")) == {
        "assets/villain", "assets/villain/model", "assets/villain/rig",
    }  # fmt: skip
    assert {hit.name: hit.updated for hit in library.find("type:product")} == before
    assert library.find("villain type:asset")[0].updated == library.latest


def test_products_are_left_out_when_their_entity_is_archived(library: SearchLibrary) -> None:
    hero = library.add_asset("hero")
    library.publish(hero, "model")
    with library.database.writing() as session:
        row = session.get_one(EntityRow, hero)
        row.archived = True
        reindex_entity(session, row, library.now())
    assert library.references("hero") == []
    assert len(library.references("hero archived")) == 2


def test_new_state_is_found_when_a_status_changes(library: SearchLibrary) -> None:
    product = library.publish(library.add_asset("hero"), "model", author="bob")
    with library.database.writing() as session:
        row = session.get_one(ProductRow, product)
        entity = session.get_one(EntityRow, row.entity_id)
        session.scalars(select(VersionRow)).one().status = "approved"
        # Pending in the session: it is flushed first.
        index_product(session, entity, row, library.now())
    assert library.references("status:approved author:bob") == ["assets/hero/model"]
    assert library.references("status:pending") == []


def test_product_is_archived_when_its_last_version_is_gone(library: SearchLibrary) -> None:
    product = library.publish(library.add_asset("hero"), "model")
    with library.database.writing() as session:
        row = session.get_one(ProductRow, product)
        session.delete(session.scalars(select(VersionRow)).one())
        row.latest_id = None
        index_product(session, session.get_one(EntityRow, row.entity_id), row, library.now())
    assert library.references("type:product") == []
    (hit,) = library.find("model archived")
    assert hit.version is None


def test_old_comments_are_dropped_when_many_versions_follow(library: SearchLibrary) -> None:
    hero = library.add_asset("hero")
    library.publish(hero, "model", comment="ancient", author="bob")
    for _ in range(RECENT_VERSIONS):
        library.publish(hero, "model", comment="recent")
    assert library.references("ancient") == []
    assert library.references("recent author:bob") == ["assets/hero/model"]


def test_index_stays_small_when_metadata_is_huge(library: SearchLibrary) -> None:
    hero = library.add_asset("hero")
    library.publish(hero, "model", comment="first", fields={"points": list(range(WORD_LIMIT * 3))})
    with library.database.reading() as session:
        words = session.scalars(select(SearchRow.words).where(SearchRow.type == "product")).one()
    assert WORD_LIMIT <= len(words.split()) <= WORD_LIMIT * 2
    assert library.references("first") == ["assets/hero/model"]


def test_cost_of_a_publish_stays_the_same_when_there_are_many_versions(library: SearchLibrary) -> None:
    hero = library.add_asset("hero")
    product = library.publish(hero, "model", comment="one")
    counts = []
    for versions in (1, 100):
        with library.database.writing() as session:
            for number in range(2, versions + 1):
                session.add(_version(product, number, library))
            session.flush()
            entity, row = session.get_one(EntityRow, hero), session.get_one(ProductRow, product)
            statements: list[str] = []
            listen = lambda *args, into=statements: into.append(args[2])  # noqa: E731
            event.listen(library.database.engine, "before_cursor_execute", listen)
            index_product(session, entity, row, library.now())
            event.remove(library.database.engine, "before_cursor_execute", listen)
        counts.append(len(statements))
        assert not any("files" in statement or "representations" in statement for statement in statements)
    assert counts[0] == counts[1] <= 6


def _version(product: str, number: int, library: SearchLibrary) -> VersionRow:
    return VersionRow(
        id=new_id(), product_id=product, number=number, status="pending", author="anna", comment="more", source="",
        fields={}, created=library.now(),
    )  # fmt: skip


def test_entries_are_the_same_when_the_index_is_rebuilt(library: SearchLibrary) -> None:
    hero = library.add_asset("heroBody", kind="character", tags=["main"], description="a hero")
    shot = library.add_shot("sq010", "sh020", episode="ep01", archived=True)
    library.publish(hero, "model", status="approved", author="bob", task="modeling", fields={"polygons": 12})
    library.publish(hero, "model", status="archived", comment="worse", fields={"software": "blender"})
    library.publish(shot, "animation", comment="blocking")
    before = _documents(library)
    with library.database.writing() as session:
        rebuild_index(session)
        _check_index(session)
    assert _documents(library) == before
    assert library.references("sort", sort=SearchSort.NEWEST) == []
    times = [hit.updated for hit in library.find("type:product", sort=SearchSort.NEWEST)]
    assert times == sorted(times, reverse=True)


def test_ids_stay_distinct_when_many_things_have_one_time(library: SearchLibrary) -> None:
    hero = library.add_asset("hero")
    with library.database.writing() as session:
        row = session.get_one(EntityRow, hero)
        products = [
            ProductRow(
                id=new_id(), entity_id=hero, name=f"p{number}", name_key=f"p{number}", type="model", last_number=0,
                created=row.created,
            )
            for number in range(4200)
        ]  # fmt: skip
        session.add_all(products)
        session.flush()
        rebuild_index(session)
        # The same millisecond again: all its ids are taken, so the next one's are.
        index_product(session, row, products[0], row.created)
        index_product(session, row, products[1], row.created + timedelta(microseconds=1))
        _check_index(session)
        assert len(session.scalars(select(SearchRow.id)).all()) == 4201


def test_index_is_in_step_when_entries_come_change_and_go(library: SearchLibrary) -> None:
    hero = library.add_asset("hero")
    library.publish(hero, "model")
    with library.database.writing() as session:
        _check_index(session)
        document = session.scalars(select(SearchRow).where(SearchRow.type == "asset")).one()
        document.words = "changed by hand"
        session.flush()
        _check_index(session)
        session.delete(document)
        session.flush()
        _check_index(session)
    assert library.references("hand") == []
