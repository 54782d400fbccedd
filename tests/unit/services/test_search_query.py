"""The language of the search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_core.errors import InvalidRequest
from bifrost_core.services.searching.query import FILTERS, TERM_LIMIT, Filter, Word, parse_question


def test_words_and_phrases_are_told_apart_when_quotes_are_used() -> None:
    question = parse_question('heroBody "fixed the Eyes" “new uv” -old -"first pass"')
    assert question.words == [
        Word(("hero", "body")),
        Word(("fixed", "the", "eyes"), is_phrase=True),
        Word(("new", "uv"), is_phrase=True),
    ]
    assert question.without_words == [Word(("old",)), Word(("first", "pass"), is_phrase=True)]


def test_filters_are_read_when_a_key_stands_before_a_colon() -> None:
    question = parse_question('Kind:Character -status:rejected author:"anna" tag:main')
    assert question.filters == [Filter("kind", "character"), Filter("author", "anna"), Filter("tag", "main")]
    assert question.without_filters == [Filter("status", "rejected")]
    assert question.words == []


@pytest.mark.parametrize(
    ("text", "archived"),
    [("archived", True), ("is:archived", True), ("-archived", False), ("-is:archived", False), ("hero", None)],
)
def test_archived_things_are_asked_for_when_the_text_says_so(text: str, archived: object) -> None:
    assert parse_question(text).archived is archived


def test_archived_is_a_word_when_it_is_quoted() -> None:
    question = parse_question('"archived"')
    assert question.archived is None
    assert question.words == [Word(("archived",), is_phrase=True)]


def test_known_filters_are_told_when_one_is_unknown() -> None:
    with pytest.raises(InvalidRequest, match="colour") as caught:
        parse_question("colour:red")
    assert all(key in caught.value.hint for key in FILTERS)


@pytest.mark.parametrize("text", ["kind:", 'kind:""', "-tag: hero", "is:", "is:outdated", "type:texture"])
def test_filter_is_refused_when_its_value_is_missing_or_unknown(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_question(text)
    assert ":" in caught.value.hint


@pytest.mark.parametrize("key", FILTERS)
def test_hint_shows_an_example_when_a_filter_has_no_value(key: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_question(f"{key}:")
    assert f"{key}:" in caught.value.hint


@pytest.mark.parametrize("text", ["🎉", "***", ":", '"', "-", '"" -'])
def test_search_is_refused_when_there_is_nothing_to_look_for(text: str) -> None:
    with pytest.raises(InvalidRequest, match="nothing to search for"):
        parse_question(text)


def test_signs_are_passed_over_when_there_are_words_too() -> None:
    assert parse_question("hero & villain").words == [Word(("hero",)), Word(("villain",))]


def test_text_is_a_word_when_digits_stand_before_a_colon() -> None:
    assert parse_question("10:30 v002:usd").words == [Word(("10", "30")), Word(("v002", "usd"))]


def test_search_is_refused_when_it_has_too_many_words() -> None:
    parse_question("a " * TERM_LIMIT)
    with pytest.raises(InvalidRequest, match="at most"):
        parse_question("a " * (TERM_LIMIT + 1))


def test_contradiction_is_seen_when_one_version_needs_two_statuses() -> None:
    assert parse_question("status:approved status:pending").contradicts
    assert not parse_question("status:approved status:Approved author:anna").contradicts


@given(st.text(max_size=1000))
def test_any_text_is_read_or_refused_when_it_is_typed(text: str) -> None:
    try:
        question = parse_question(text)
    except InvalidRequest as exc:
        assert exc.message
        assert exc.hint
    else:
        assert all(word.parts for word in (*question.words, *question.without_words))
