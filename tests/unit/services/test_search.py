"""Finding assets, shots and products."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_library import SearchLibrary, make_empty

from bifrost_core.errors import InvalidRequest
from bifrost_core.models.search import HitType, SearchQuery, SearchSort


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


@pytest.mark.parametrize(
    "text", ["hero", "body", "HEROB", "heroBody", "hero_body", '"hero body"', "01", "körper", "bod"]
)
def test_asset_is_found_when_a_part_of_its_name_is_typed(library: SearchLibrary, text: str) -> None:
    library.add_asset("heroBody-01", description="Korper")
    library.add_asset("crate")
    assert library.references(text) == ["assets/heroBody-01"]


@pytest.mark.parametrize(
    "text", ["character", "main", "brave", "eyes", "polygons", "1200", "rigging", "bob", '"fixed the"']
)
def test_product_is_found_when_a_word_about_it_is_typed(library: SearchLibrary, text: str) -> None:
    hero = library.add_asset("hero", kind="character", tags=["main"], description="brave one")
    fields = {"counts": {"polygons": 1200}, "notes": ["heavy"]}
    library.publish(hero, "rig", author="bob", comment="Fixed the eyes", task="rigging", fields=fields)
    library.publish(library.add_asset("crate"), "model", comment="blocking the fixed")
    found = library.references(text)
    assert found
    assert set(found) <= {"assets/hero", "assets/hero/rig"}


def test_nothing_is_found_when_phrase_runs_across_comments(library: SearchLibrary) -> None:
    hero = library.add_asset("hero")
    library.publish(hero, "model", comment="eyes done")
    library.publish(hero, "model", comment="all fixed")
    assert library.references('"fixed eyes"') == []
    assert library.references('"eyes done"') == ["assets/hero/model"]


def test_filters_narrow_when_words_alone_find_more(library: SearchLibrary) -> None:
    library.add_project("NORTH")
    hero = library.add_asset("hero", kind="Character", tags=["Main", "crowd"])
    library.add_asset("hero", project="NORTH")
    shot = library.add_shot("sq010", "sh020", episode="ep01", description="hero runs")
    library.publish(hero, "model", product_type="geometry")
    library.publish(shot, "animation")
    assert library.references("hero type:asset project:demo") == ["assets/hero"]
    assert library.references("hero type:shot") == ["shots/ep01/sq010/sh020"]
    assert library.references("kind:character") == ["assets/hero/model", "assets/hero"]
    assert library.references("kind:geometry") == ["assets/hero/model"]
    assert library.references("kind:shot type:product") == ["shots/ep01/sq010/sh020/animation"]
    assert library.references("tag:MAIN tag:crowd type:asset") == ["assets/hero"]
    assert library.references("episode:EP01 sequence:sq010 type:shot") == ["shots/ep01/sq010/sh020"]
    assert library.references("product:animation") == ["shots/ep01/sq010/sh020/animation"]
    assert library.references("hero", project="NORTH") == ["NORTH/assets/hero"]
    assert library.references("hero project:DEMO", project="NORTH") == []
    assert library.references("hero project:NOWHERE") == []


def test_hits_are_left_out_when_a_minus_stands_before_what_they_fit(library: SearchLibrary) -> None:
    library.add_project("NORTH")
    hero = library.add_asset("hero", kind="character", tags=["main"])
    library.add_asset("heroOld")
    library.add_asset("hero", project="NORTH")
    library.publish(hero, "model", author="bob")
    assert library.references("hero -old -project:NORTH") == ["assets/hero", "assets/hero/model"]
    assert library.references("hero -project:NORTH -kind:character") == ["assets/heroOld"]
    assert library.references("hero -tag:main -project:NORTH") == ["assets/heroOld"]
    assert library.references("-author:bob -project:NORTH -type:product") == ["assets/heroOld", "assets/hero"]
    assert library.references("hero -project:NOWHERE -ol", limit=1) == ["NORTH/assets/hero"]


def test_version_filters_meet_on_one_version_when_several_are_given(library: SearchLibrary) -> None:
    hero = library.add_asset("hero")
    library.publish(hero, "model", status="approved", author="Anna", task="modeling", comment="one")
    library.publish(hero, "model", status="pending", author="bob", task="modeling", comment="two")
    (hit,) = library.find("status:approved author:anna")
    assert hit.version is not None
    assert (hit.version.version, hit.version.comment) == ("v001", "one")
    assert library.find("status:approved author:bob") == []
    (hit,) = library.find("task:modeling")
    assert hit.version is not None
    assert hit.version.version == "v002"
    assert library.find("status:approved status:pending") == []


def test_hit_shows_what_it_is_when_it_is_found(library: SearchLibrary) -> None:
    shot = library.add_shot("sq010", "sh020")
    hero = library.add_asset("hero", kind="character")
    product = library.publish(hero, "model", product_type="geometry", comment="first")
    hits = {hit.reference: hit for hit in library.find()}
    found = hits["DEMO/shots/sq010/sh020"]
    assert (found.type, found.id, found.name, found.kind, found.version) == (HitType.SHOT, shot, "sh020", "shot", None)
    found = hits["DEMO/assets/hero"]
    assert (found.type, found.id, found.name, found.kind) == (HitType.ASSET, hero, "hero", "character")
    found = hits["DEMO/assets/hero/model"]
    assert (found.type, found.id, found.name, found.kind) == (HitType.PRODUCT, product, "model", "geometry")
    assert found.version is not None
    assert found.version.created == found.updated


def test_archived_things_are_found_when_they_are_asked_for_only(library: SearchLibrary) -> None:
    library.add_project("OLD", archived=True)
    library.add_asset("hero", project="OLD")
    gone = library.add_asset("heroGone", archived=True)
    hero = library.add_asset("hero")
    library.publish(gone, "rig")
    library.publish(hero, "model", status="archived", comment="lost")
    library.publish(hero, "rig", status="archived")
    library.publish(hero, "rig", status="pending")
    everything = {"assets/heroGone", "assets/heroGone/rig", "assets/hero/model", "OLD/assets/hero"}
    assert set(library.references("hero")) == {"assets/hero", "assets/hero/rig"}
    assert set(library.references("hero -archived")) == {"assets/hero", "assets/hero/rig"}
    assert set(library.references("hero archived")) == everything
    assert set(library.references("is:archived")) == everything
    assert library.references("hero project:OLD") == ["OLD/assets/hero"]
    assert set(library.references("status:archived")) == {"assets/hero/model", "assets/hero/rig"}
    versions = {hit.name: hit.version.version for hit in library.find("status:archived") if hit.version}
    assert versions == {"model": "v001", "rig": "v001"}
    (hit,) = library.find("lost archived")
    assert hit.version is not None
    assert hit.version.status == "archived"


def test_best_come_first_when_sorted_by_relevance(library: SearchLibrary) -> None:
    for name in ("hero", "hero_red", "heroine"):
        library.add_asset(name)
    other = library.add_asset("crate", description="stands beside the hero")
    library.publish(other, "model", comment="hero scale")
    expected = ["assets/hero", "assets/hero_red", "assets/heroine", "assets/crate/model", "assets/crate"]
    assert library.references("hero") == expected
    assert library.references("hero", sort=SearchSort.NEWEST) == [
        "assets/crate/model", "assets/crate", "assets/heroine", "assets/hero_red", "assets/hero",
    ]  # fmt: skip
    assert library.references("hero", sort=SearchSort.NAME) == [
        "assets/crate", "assets/crate/model", "assets/hero", "assets/hero_red", "assets/heroine",
    ]  # fmt: skip


def test_product_comes_first_when_entity_and_product_are_typed(library: SearchLibrary) -> None:
    hero = library.add_asset("heroBody")
    for product in ("model", "modelProxy", "rig"):
        library.publish(hero, product)
    assert library.references("hero body model")[:2] == ["assets/heroBody/model", "assets/heroBody/modelProxy"]


def test_names_are_in_order_when_there_are_many_hits(library: SearchLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dog", "ant", "cat", "bee", "eel"):
        library.publish(library.add_asset(name), "model")
    few = [list(page) for page in library.pages("", SearchSort.NAME, 3)]
    monkeypatch.setattr("bifrost_core.services.search._FEW", 2)
    many = [list(page) for page in library.pages("", SearchSort.NAME, 3)]
    assert few == many
    assert [hit.reference for hit in few[0]] == ["DEMO/assets/ant", "DEMO/assets/ant/model", "DEMO/assets/bee"]
    assert sum(map(len, few)) == 10


@pytest.mark.parametrize("sort", list(SearchSort))
def test_pages_double_and_skip_nothing_when_things_are_published_meanwhile(
    library: SearchLibrary, sort: SearchSort
) -> None:
    heroes = [library.add_asset(f"hero{number}") for number in range(7)]
    seen: list[str] = []
    for page in library.pages("hero", sort, 2):
        seen += [hit.id for hit in page if hit.type is HitType.ASSET]
        library.publish(heroes[0], "model", comment="hero")
    assert sorted(seen) == sorted(heroes)


def test_cursor_is_refused_when_it_was_changed_or_belongs_to_another_search(library: SearchLibrary) -> None:
    for number in range(3):
        library.add_asset(f"hero{number}")
    cursor = library.search.find(SearchQuery(text="hero", limit=1)).next_cursor
    assert cursor is not None
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    changed = [raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :] for place in range(len(raw))]
    texts = [base64.urlsafe_b64encode(item).decode().rstrip("=") for item in changed]
    for text in (*texts, "", "x", "é", "W10", cursor[:-4]):
        with pytest.raises(InvalidRequest):
            library.search.find(SearchQuery(text="hero", limit=1, cursor=text))
    for other in (
        SearchQuery(text="her", cursor=cursor),
        SearchQuery(text="hero", sort=SearchSort.NAME, cursor=cursor),
    ):
        with pytest.raises(InvalidRequest, match="another search"):
            library.search.find(other)


# A request takes every character but NUL and halves of characters.
_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_SIGNS = st.sampled_from(list("\"*():^{}+-~,; .'\\\ue000\ue001éß🎉aNEARORNOTANDhero%_\n"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(_SIGNS, max_size=60) | st.text(_CHARACTERS, max_size=1000), st.sampled_from(list(SearchSort)))
def test_any_text_is_answered_or_refused_when_it_is_searched(
    library: SearchLibrary, text: str, sort: SearchSort
) -> None:
    try:
        library.find(text, sort=sort)
    except InvalidRequest as exc:
        assert exc.hint


@pytest.mark.parametrize(
    "text", ["NEAR(a b)", "a AND", "NOT", "OR b", "names:hero", '"', "her*", "^hero", "{words}", "a' --"]
)
def test_signs_of_the_index_mean_nothing_when_they_are_typed(library: SearchLibrary, text: str) -> None:
    library.add_asset("unrelated")
    try:
        assert library.references(text) == []
    except InvalidRequest as exc:
        assert exc.hint
