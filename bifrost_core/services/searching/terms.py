"""Terms: what the search index holds and what a question looks for, made by the same rules on both sides.

*Words* come from text: ``heroBody``, ``hero_body-01`` and ``HERO.v2`` are cut at changes of case and at everything
that is no letter or digit; letter case, accents and compatible forms of letters do not count. *Facets* stand for exact
facts (``kind`` is ``character``); each is one term that no text can hold, so that words and facts are found in one
index, by one question.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from hashlib import blake2b

from bifrost_core.models.names import name_key

__all__ = [
    "ACTIVE",
    "ARCHIVED",
    "VERSION_KEYS",
    "exact_name",
    "facet",
    "joined",
    "version_facet",
    "version_facets",
    "words_in",
]

VERSION_KEYS = ("status", "author", "task")
"""Filters that one and the same version must fit."""

_ASCII_RUN = re.compile(r"[A-Za-z0-9]+")
# On a run's shape (A upper, a lower, 0 other): heroBody, HEROBody, v2Final are cut, SH010A and body01 are not.
_CUT = re.compile(r"(?<=a)(?=A)|(?<=A)(?=Aa)|(?<=0)(?=Aa)")
_ACCENT_CLASS = 200
# From the private use area: no word holds it, and all facets share one entry in each prefix index.
_FACET_MARK = "\ue000" * 3


def words_in(text: str) -> list[str]:
    """Return the words of a text, in order, as they are indexed and compared."""
    # Of accents that stand alone nothing is left.
    return [word for run in _runs(text) for part in _parts(run) for word in [_fold(part)] if word]


def joined(text: str) -> list[str]:
    """Return each run of letters and digits that :func:`words_in` cuts, whole: ``heroBody`` as ``herobody``."""
    return [_fold(run) for run in _runs(text) if len(_parts(run)) > 1]


def _runs(text: str) -> list[str]:
    if text.isascii():
        return _ASCII_RUN.findall(text)
    text = unicodedata.normalize("NFKC", text)
    return "".join(char if unicodedata.category(char)[0] in "LNM" else " " for char in text).split()


def _parts(run: str) -> list[str]:
    if run.islower() or run.isupper() or run.isdigit():
        return [run]
    shape = "".join("A" if char.isupper() else "a" if char.islower() else "0" for char in run)
    ends = [match.start() for match in _CUT.finditer(shape)]
    return [run[start:end] for start, end in zip([0, *ends], [*ends, len(run)])]


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    letters = unicodedata.normalize("NFKD", word.casefold())
    # Accents above and below letters go; signs that make another letter (dakuten, nukta, virama, vowels) stay.
    bare = "".join(char for char in letters if unicodedata.combining(char) < _ACCENT_CLASS)
    return unicodedata.normalize("NFC", bare)


def facet(key: str, *values: str) -> str:
    """Return the term of a fact; values are compared by ``name_key``."""
    text = "\x1f".join((key, *(name_key(value) for value in values)))
    return _FACET_MARK + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


ACTIVE = facet("state", "active")
"""The term of everything that is not archived."""

ARCHIVED = facet("state", "archived")
"""The term of archived entities, and of products without a version that is not archived."""


def exact_name(*texts: str) -> str:
    """Return the term of a name as a whole: ``hero_body``, ``heroBody`` and ``Hero body`` have the same."""
    return facet("name", "".join(word for text in texts for word in words_in(text)))


def version_facets(facts: Mapping[str, str]) -> Iterator[str]:
    """Yield the term of each combination of facts about one version, so that filters meet on one and the same."""
    known = [(key, facts[key]) for key in VERSION_KEYS if facts.get(key)]
    for size in range(1, len(known) + 1):
        for chosen in itertools.combinations(known, size):
            yield version_facet(dict(chosen))


def version_facet(facts: Mapping[str, str]) -> str:
    """Return the term of one combination of facts about a version."""
    known = [key for key in VERSION_KEYS if key in facts]
    return facet("+".join(known), *(facts[key] for key in known))
