"""Cutting text into words, and facts into terms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_core.services.searching.terms import exact_name, facet, joined, version_facet, version_facets, words_in


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("heroBody", ["hero", "body"]),
        ("hero_body-01", ["hero", "body", "01"]),
        ("HERO.v2", ["hero", "v2"]),
        ("HEROBody", ["hero", "body"]),
        ("v2Final", ["v2", "final"]),
        ("SH010A", ["sh010a"]),
        ("café Ünder", ["cafe", "under"]),
        ("Straße", ["strasse"]),
        ("ｈｅｒｏ Ⅷ", ["hero", "viii"]),
        ("ÉlanVital", ["elan", "vital"]),
        ("हिन्दी", ["हिन्दी"]),
        ("が か", ["が", "か"]),
        ("*** 🎉 :", []),
        ("", []),
    ],
)
def test_text_is_cut_and_folded_when_it_is_indexed(text: str, words: list[str]) -> None:
    assert words_in(text) == words


def test_words_are_whole_too_when_case_cuts_them() -> None:
    assert joined("the heroBody fix of HERO_eyes") == ["herobody"]


def test_names_are_the_same_when_only_their_spelling_differs() -> None:
    assert exact_name("hero_body") == exact_name("HeroBody") == exact_name("hero", "Body")
    assert exact_name("hero_body") != exact_name("hero_bodies")


def test_facts_are_the_same_when_only_case_or_form_differs() -> None:
    assert facet("kind", "Character") == facet("kind", "ｃharacter")
    assert facet("kind", "character") != facet("tag", "character")
    assert facet("kind", "café") != facet("kind", "cafe")


def test_each_combination_has_a_term_when_a_version_has_three_facts() -> None:
    facts = {"status": "approved", "author": "anna", "task": "rigging"}
    terms = set(version_facets(facts))
    assert len(terms) == 7
    assert version_facet({"author": "Anna", "task": "rigging"}) in terms
    assert version_facet({"author": "anna", "status": "pending"}) not in terms


def test_no_term_is_made_when_a_fact_is_missing() -> None:
    assert len(set(version_facets({"status": "approved", "author": "anna", "task": ""}))) == 3


@given(st.text())
def test_words_stay_the_same_when_they_are_cut_again(text: str) -> None:
    words = words_in(text)
    assert words_in(" ".join(words)) == words
    assert all(word and not word.isspace() for word in words)
