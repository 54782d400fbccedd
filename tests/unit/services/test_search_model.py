"""The search against a plain filter over everything there is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_library import SearchLibrary, make_empty

from bifrost_core.models.search import SearchSort
from bifrost_core.services.searching.terms import joined, words_in

PROJECTS = ("DEMO", "NORTH")
NAMES = ("hero", "heroBody", "hero_red", "redCrate", "sh010")
WORDS = (
    "hero",
    "he",
    "red",
    "body",
    "herobody",
    "eyes",
    "fixed",
    "model",
    "sh",
    "prop",
    "anna",
    '"fixed eyes"',
    '"red eyes"',
)
COMMENTS = ("", "fixed eyes", "red eyes fixed", "heroBody done", "eyes")
STATUSES = ("pending", "approved", "archived")
AUTHORS = ("anna", "Bob")
TASKS = (None, "rigging", "modeling")
FILTERS = (
    "project:north", "type:asset", "type:shot", "type:product", "kind:prop", "kind:shot", "kind:model", "tag:main",
    "sequence:SQ010", "episode:ep01", "product:model", "status:approved", "status:archived", "author:bob",
    "author:anna", "task:rigging",
)  # fmt: skip


@dataclass(frozen=True)
class Release:
    number: int
    status: str
    author: str
    task: Optional[str]
    comment: str


@dataclass
class Document:
    """What the model knows of a hit."""

    type: str
    reference: str
    project: str
    kinds: set[str]
    names: list[str]
    own_names: list[list[str]]
    sort_key: str
    updated: datetime
    archived: bool
    tags: tuple[str, ...] = ()
    episode: Optional[str] = None
    sequence: Optional[str] = None
    product: Optional[str] = None
    texts: list[str] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)

    @property
    def live(self) -> list[Release]:
        return [release for release in self.releases if release.status != "archived"]

    @property
    def is_archived(self) -> bool:
        return self.archived or (self.type == "product" and not self.live)

    def candidates(self, filters: Sequence[str]) -> list[Release]:
        """The versions that the filters allow, newest first."""
        pool = self.releases if "status:archived" in filters else self.live or self.releases
        facts = [item.split(":") for item in filters if item.split(":")[0] in ("status", "author", "task")]
        fitting = [
            release
            for release in pool
            if all((getattr(release, key) or "").casefold() == value for key, value in facts)
        ]
        return sorted(fitting, key=lambda release: -release.number)

    def fits_filter(self, item: str) -> bool:
        key, value = item.casefold().split(":")
        if key in ("status", "author", "task"):
            return bool(self.candidates([item]))
        if key == "kind":
            return value in self.kinds
        if key == "tag":
            return value in self.tags
        return str(getattr(self, key) or "").casefold() == value

    def name_words(self) -> list[str]:
        cut = [words_in(name) for name in self.names]
        return [word for words in cut for word in ([*words, "".join(words)] if len(words) > 1 else words)]

    def text_words(self) -> list[list[str]]:
        kinds = [list(self.kinds), list(self.tags), [release.author for release in self.releases]]
        kinds.append([release.task or "" for release in self.releases])
        texts = [*self.texts, *(text for group in kinds for text in group)]
        texts += [release.comment for release in self.releases]
        return [words for text in texts for words in (words_in(text), joined(text))]

    def has(self, word: str) -> bool:
        return any(_holds(words, word) for words in (self.name_words(), *self.text_words()))

    def tier(self, words: Sequence[str]) -> int:
        if not words:
            return 0
        if "".join(part for word in words for part in words_in(word)) in ("".join(name) for name in self.own_names):
            return 0
        if all(_holds(self.name_words(), word, whole=True) for word in words):
            return 1
        return 2 if all(_holds(self.name_words(), word) for word in words) else 3


def _holds(words: Sequence[str], word: str, *, whole: bool = False) -> bool:
    parts = words_in(word)
    whole = whole or word.startswith('"')
    for start in range(len(words) - len(parts) + 1):
        found = words[start : start + len(parts)]
        if found == parts or (not whole and found[:-1] == parts[:-1] and found[-1].startswith(parts[-1])):
            return True
    return False


@dataclass(frozen=True)
class Ask:
    words: list[str]
    without_words: list[str]
    filters: list[str]
    without_filters: list[str]
    archived: Optional[bool]

    @property
    def text(self) -> str:
        parts = [*self.words, *(f"-{word}" for word in self.without_words), *self.filters]
        parts += [f"-{item}" for item in self.without_filters]
        return " ".join(parts + {None: [], True: ["is:archived"], False: ["-archived"]}[self.archived])

    def fits(self, document: Document) -> bool:
        versions = [item for item in self.filters if item.split(":")[0] in ("status", "author", "task")]
        archived = self.archived
        if archived is None and "status:archived" not in self.filters:
            archived = False
        return (
            (archived is None or document.is_archived is archived)
            and all(document.has(word) for word in self.words)
            and not any(document.has(word) for word in self.without_words)
            and all(document.fits_filter(item) for item in self.filters if item not in versions)
            and not any(document.fits_filter(item) for item in self.without_filters)
            and (not versions or bool(document.candidates(versions)))
        )


_asks = st.builds(
    Ask,
    words=st.lists(st.sampled_from(WORDS), max_size=2),
    without_words=st.lists(st.sampled_from(WORDS), max_size=1),
    filters=st.lists(st.sampled_from(FILTERS), max_size=2, unique=True),
    without_filters=st.lists(st.sampled_from(FILTERS), max_size=1),
    archived=st.sampled_from([None, None, None, True, False]),
)
_releases = st.lists(
    st.tuples(st.sampled_from(STATUSES), st.sampled_from(AUTHORS), st.sampled_from(TASKS), st.sampled_from(COMMENTS)),
    min_size=1,
    max_size=4,
)
_entities = st.lists(
    st.tuples(
        st.sampled_from(PROJECTS),
        st.booleans(),
        st.sampled_from(NAMES),
        st.sampled_from([(), ("main",)]),
        st.sampled_from([False, False, False, True]),
        st.dictionaries(st.sampled_from(["model", "rig"]), _releases, max_size=2),
    ),
    max_size=6,
    unique_by=lambda entity: entity[:3],
)


def _build(library: SearchLibrary, entities: Sequence[tuple]) -> list[Document]:  # type: ignore[type-arg]
    documents = []
    for code in PROJECTS:
        library.add_project(code)
    for code, is_shot, name, tags, archived, products in entities:
        more = {"project": code, "tags": tags, "archived": archived}
        if is_shot:
            entity = library.add_shot("sq010", name, episode="ep01", **more)
            path, names = f"{code}/shots/ep01/sq010/{name}", ["ep01", "sq010", name]
        else:
            entity = library.add_asset(name, **more)
            path, names = f"{code}/assets/{name}", [name]
        kind = "shot" if is_shot else "prop"
        where = {"project": code, "tags": tags, "archived": archived}
        where |= {"episode": "ep01", "sequence": "sq010"} if is_shot else {}
        key = path.split("/", 1)[1].casefold()
        documents.append(
            Document(
                kind if is_shot else "asset", path, kinds={kind}, names=names,
                own_names=[words_in(name), [word for part in names for word in words_in(part)]],
                sort_key=key, updated=library.latest, **where,
            )
        )  # fmt: skip
        for product, releases in products.items():
            for status, author, task, comment in releases:
                library.publish(entity, product, status=status, author=author, task=task, comment=comment)
            documents.append(
                Document(
                    "product", f"{path}/{product}", kinds={kind, product}, names=[*names, product],
                    own_names=[[product], [*words_in(name), product]], sort_key=f"{key} {product}",
                    updated=library.latest, product=product,
                    releases=[Release(index + 1, *release) for index, release in enumerate(releases)], **where,
                )
            )  # fmt: skip
    return documents


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("empty") / "library.db"
    make_empty(file)
    return file


def _order(sort: SearchSort, ask: Ask) -> object:
    if sort is SearchSort.NAME:
        return lambda document: (document.sort_key, document.updated)
    if sort is SearchSort.NEWEST:
        return lambda document: -document.updated.timestamp()
    return lambda document: (document.tier(ask.words), -document.updated.timestamp())


@given(entities=_entities, asks=st.lists(_asks, min_size=1, max_size=6), limit=st.integers(1, 4))
def test_search_answers_like_a_plain_filter_when_it_is_asked_anything(
    empty_database: Path,
    entities: Sequence[tuple],
    asks: Sequence[Ask],
    limit: int,  # type: ignore[type-arg]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        library = SearchLibrary(Path(shutil.copy(empty_database, folder)))
        try:
            documents = _build(library, entities)
            for ask in asks:
                for sort in SearchSort:
                    _compare(library, documents, ask, sort, limit)
        finally:
            library.close()


def _compare(library: SearchLibrary, documents: list[Document], ask: Ask, sort: SearchSort, limit: int) -> None:
    expected = sorted((item for item in documents if ask.fits(item)), key=_order(sort, ask))  # type: ignore[arg-type]
    pages = list(library.pages(ask.text, sort, limit)) if ask.text else list(library.pages("", sort, limit))
    found = [hit for page in pages for hit in page]
    assert [hit.reference for hit in found] == [item.reference for item in expected], ask.text
    assert all(len(page) == limit for page in pages[:-1])
    for hit, item in zip(found, expected):
        assert hit.updated == item.updated
        if item.type == "product":
            assert hit.version is not None
            assert hit.version.number == item.candidates(ask.filters)[0].number
        else:
            assert hit.version is None
