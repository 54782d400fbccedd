"""From a question to expressions of the text index (SQLite's FTS5), best hits first.

Relevance is a row of tiers: the name itself, then whole words in names, then beginnings of words in names, then the
rest; within a tier the newest come first. The index answers each tier in that order and stops when the page is full, so
a common word costs no more than a rare one. (A ranking by frequency must read every hit before it knows the first, and
its order shifts with each publish, under the feet of whoever turns pages.)

Every word and fact stands in quotes, cut down to letters and digits before: no input can break the syntax.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Optional

from bifrost_core.services.searching.query import Filter, Question, Word
from bifrost_core.services.searching.terms import ACTIVE, ARCHIVED, VERSION_KEYS, exact_name, facet, version_facet

__all__ = ["ProjectScope", "everything", "tiers"]


@dataclass(frozen=True)
class ProjectScope:
    """Which projects a question is about."""

    ids: tuple[str, ...]
    """All of these, where each restricts further: of two, nothing can be in both."""
    archived_ids: tuple[str, ...]
    """Archived projects that were not asked for by name."""
    excluded_ids: tuple[str, ...] = ()


def everything(question: Question, scope: ProjectScope) -> str:
    """Return the expression of all hits."""
    return _expression([_all_words(question.words), *_wanted(question, scope)], _unwanted(question, scope))


def tiers(question: Question, scope: ProjectScope) -> list[str]:
    """Return the expressions of the hits in the order of their relevance; no hit fits two of them."""
    if not question.words:
        return [everything(question, scope)]
    wanted, unwanted = _wanted(question, scope), _unwanted(question, scope)
    anywhere = _all_words(question.words)
    name = _quoted(exact_name(*(part for word in question.words for part in word.parts)))
    whole = f"names : ({_all_words(question.words, whole=True)})"
    begun = f"names : ({anywhere})"
    found = [_expression([name, anywhere, *wanted], unwanted), _expression([whole, *wanted], [*unwanted, name])]
    if begun != whole:
        found.append(_expression([begun, *wanted], [*unwanted, name, whole]))
    return [*found, _expression([anywhere, *wanted], [*unwanted, name, begun])]


def _expression(wanted: Sequence[Optional[str]], unwanted: Iterable[str]) -> str:
    positive = " AND ".join(f"({part})" for part in wanted if part)
    negative = " OR ".join(f"({part})" for part in unwanted)
    return f"({positive}) NOT ({negative})" if negative else positive


def _all_words(words: Iterable[Word], *, whole: bool = False) -> Optional[str]:
    return " AND ".join(_word(word, whole=whole) for word in words) or None


def _word(word: Word, *, whole: bool = False) -> str:
    phrase = _quoted(" ".join(word.parts))
    return phrase if whole or word.is_phrase else f"{phrase} *"


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


def _wanted(question: Question, scope: ProjectScope) -> list[str]:
    parts = [_fact(item) for item in question.filters if item.key not in (*VERSION_KEYS, "project")]
    if question.version_facts:
        parts.append(_quoted(version_facet(question.version_facts)))
    parts += [_project(project) for project in scope.ids]
    state = _wanted_state(question, scope)
    # An expression needs something to find before it can leave something out.
    if not (parts or question.words) and state is None:
        state = f"{_quoted(ACTIVE)} OR {_quoted(ARCHIVED)}" if question.wants_archived_versions else _quoted(ACTIVE)
    return parts if state is None else [*parts, state]


def _wanted_state(question: Question, scope: ProjectScope) -> Optional[str]:
    if not question.archived:
        return None
    return " OR ".join([_quoted(ARCHIVED), *(_project(project) for project in scope.archived_ids)])


def _unwanted(question: Question, scope: ProjectScope) -> list[str]:
    parts = [_word(word) for word in question.without_words]
    parts += [_fact(item) for item in question.without_filters if item.key != "project"]
    parts += [_project(project) for project in scope.excluded_ids]
    default = question.archived is None and not question.wants_archived_versions
    if default or question.archived is False:
        parts += [_quoted(ARCHIVED), *(_project(project) for project in scope.archived_ids)]
    return parts


def _fact(item: Filter) -> str:
    if item.key in VERSION_KEYS:
        return _quoted(version_facet({item.key: item.value}))
    return _quoted(facet(item.key, item.value))


def _project(project_id: str) -> str:
    return _quoted(facet("project", project_id))
