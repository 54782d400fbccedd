"""The language of the search: words, "phrases", ``key:value`` filters, and ``-`` before what to leave out.

Parsing never fails on odd input but for what a person should hear about: an unknown filter, a filter without a value,
or nothing at all to look for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from bifrost_core.errors import InvalidRequest
from bifrost_core.models.names import name_key
from bifrost_core.models.search import HitType
from bifrost_core.services.searching.terms import VERSION_KEYS, words_in

__all__ = ["FILTERS", "Filter", "Question", "Word", "parse_question"]

FILTERS = ("project", "type", "kind", "tag", "episode", "sequence", "product", *VERSION_KEYS, "is")
"""The keys of filters, in the order in which people are told of them."""

TERM_LIMIT = 64
"""Most words and filters of one question; more is a pasted text, and costs as much."""

_QUOTES = str.maketrans("“”„‟«»", '""""""')
_TOKEN = re.compile(r'(?P<minus>-?)(?:(?P<key>[^\W\d_]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<bare>[^\s"]*))')
_ARCHIVED = "archived"


@dataclass(frozen=True)
class Word:
    """A word or a phrase: words that follow each other; of a word, only its beginning need be there."""

    parts: tuple[str, ...]
    is_phrase: bool = False


@dataclass(frozen=True)
class Filter:
    """A fact that must hold; ``value`` is a ``name_key``."""

    key: str
    value: str


@dataclass
class Question:
    """What is looked for."""

    words: list[Word] = field(default_factory=list)
    without_words: list[Word] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    without_filters: list[Filter] = field(default_factory=list)
    archived: Optional[bool] = None
    """Only archived things, only others, or (None) what the other filters imply: others only."""

    @property
    def version_facts(self) -> Mapping[str, str]:
        """What one version must have, by key; see :attr:`contradicts`."""
        return {item.key: item.value for item in self.filters if item.key in VERSION_KEYS}

    @property
    def contradicts(self) -> bool:
        """Whether no version can fit, since it would need two statuses, authors or tasks at once."""
        return len(self.version_facts) < len({item for item in self.filters if item.key in VERSION_KEYS})

    @property
    def wants_archived_versions(self) -> bool:
        """Whether ``status:archived`` asks for versions that are otherwise left out."""
        return self.version_facts.get("status") == _ARCHIVED


def parse_question(text: str) -> Question:
    """Read what was typed.

    Raises:
        InvalidRequest: a filter is unknown or has no value, or there is something but nothing to search for.
    """
    question = Question()
    count = 0
    for match in _TOKEN.finditer(text.translate(_QUOTES)):
        if match.group():
            count += 1
            _add(question, match)
    if count > TERM_LIMIT:
        raise InvalidRequest(
            f"The search has {count} words and filters; at most {TERM_LIMIT} are allowed.", hint="Leave some out."
        )
    if count and question == Question():
        raise InvalidRequest(
            "There is nothing to search for: the text has no letter or digit.", hint="Write a word or part of a name."
        )
    return question


def _add(question: Question, match: re.Match[str]) -> None:
    minus, key = match.group("minus"), match.group("key")
    quoted, bare = match.group("quoted"), match.group("bare")
    value = bare if quoted is None else quoted
    if key:
        _add_filter(question, key, value, without=bool(minus))
    elif quoted is None and name_key(value) == _ARCHIVED:
        question.archived = not minus
    else:
        parts = tuple(words_in(value))
        if parts:
            (question.without_words if minus else question.words).append(Word(parts, is_phrase=quoted is not None))


def _add_filter(question: Question, written: str, value: str, *, without: bool) -> None:
    key = name_key(written)
    if key not in FILTERS:
        raise InvalidRequest(
            f"The search knows no filter “{written}:”.",
            hint=f"Filters are {', '.join(FILTERS)}. To search for the text itself, put it in quotes.",
            details={"filter": written, "filters": list(FILTERS)},
        )
    value = name_key(value.strip())
    if not value:
        raise InvalidRequest(f"The filter “{key}:” has no value.", hint=f"Write it right behind: {_EXAMPLES[key]}.")
    if key == "is":
        _check_choice(key, value, (_ARCHIVED,))
        question.archived = not without
        return
    if key == "type":
        _check_choice(key, value, tuple(item.value for item in HitType))
    (question.without_filters if without else question.filters).append(Filter(key, value))


_EXAMPLES = {
    "project": "project:DEMO",
    "type": "type:asset",
    "kind": "kind:character",
    "tag": "tag:main",
    "episode": "episode:ep01",
    "sequence": "sequence:sq010",
    "product": "product:model",
    "status": "status:approved",
    "author": "author:anna",
    "task": "task:rigging",
    "is": "is:archived",
}


def _check_choice(key: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InvalidRequest(
            f"“{key}:{value}” is not known.", hint=f"Write {' or '.join(f'{key}:{choice}' for choice in choices)}."
        )
