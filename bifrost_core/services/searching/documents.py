"""What can be searched for about an entity or a product, as one row of the search index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

from bifrost_core.database.tables import EntityRow, ProductRow
from bifrost_core.models import project as project_model
from bifrost_core.services.searching.terms import (
    ACTIVE,
    ARCHIVED,
    exact_name,
    facet,
    joined,
    version_facets,
    words_in,
)

__all__ = ["RECENT_VERSIONS", "VersionFacts", "entity_document", "product_document"]

RECENT_VERSIONS = 20
"""Of how many versions of a product the comments are searched."""

WORD_LIMIT = 4000
"""Most words of one document: a huge piece of metadata must not slow down every publish."""

# A word that nobody can type, so that no phrase is found across two texts.
_BORDER = " \ue001 "


@dataclass(frozen=True)
class VersionFacts:
    """What is searched for about one version."""

    status: str
    author: str
    task: Optional[str]
    comment: str = ""

    @property
    def archived(self) -> bool:
        return self.status == project_model.ARCHIVED

    @property
    def facts(self) -> Mapping[str, str]:
        return {"status": self.status, "author": self.author, "task": self.task or ""}


def entity_document(entity: EntityRow, time: datetime) -> dict[str, Any]:
    """Return the columns of an asset's or shot's entry, but for its id."""
    names = _entity_names(entity)
    facets = [facet("type", entity.type), exact_name(entity.name), *_entity_facets(entity)]
    if len(names) > 1:
        facets.append(exact_name(*names))
    return {
        "type": entity.type,
        "subject_id": entity.id,
        "project_id": entity.project_id,
        "entity_id": entity.id,
        "sort_key": entity.path_key,
        "updated": time,
        "archived": bool(entity.archived),
        "names": _indexed_names(names),
        "words": _indexed_words([_kind(entity), *entity.tags, entity.description]),
        "facets": _indexed_facets([*facets, _state(bool(entity.archived))]),
    }


def product_document(
    entity: EntityRow,
    product: ProductRow,
    recent: Sequence[VersionFacts],
    versions: Iterable[VersionFacts],
    fields: Mapping[str, Any],
    time: datetime,
) -> dict[str, Any]:
    """Return the columns of a product's entry, but for its id.

    Args:
        entity: what the product is on.
        product: the product.
        recent: its newest versions, newest first, with their comments.
        versions: what there is among all its versions; comments are not read.
        fields: the newest version's metadata.
        time: of the last change.
    """
    versions = list(versions)
    live = [version for version in versions if not version.archived]
    archived = bool(entity.archived) or not live
    people = sorted({version.author for version in versions} | {version.task or "" for version in versions})
    comments = [version.comment for version in recent]
    return {
        "type": "product",
        "subject_id": product.id,
        "project_id": entity.project_id,
        "entity_id": entity.id,
        # A space stands before every character of a name: products come right after their entity.
        "sort_key": f"{entity.path_key} {product.name_key}",
        "updated": time,
        "archived": archived,
        "names": _indexed_names([*_entity_names(entity), product.name]),
        "words": _indexed_words(
            [_kind(entity), product.type, *entity.tags, *people, *comments, *_metadata_texts(fields)]
        ),
        "facets": _indexed_facets(
            [
                facet("type", "product"),
                facet("kind", product.type),
                facet("product", product.name),
                exact_name(product.name),
                exact_name(entity.name, product.name),
                *_entity_facets(entity),
                *_versions_facets(versions),
                _state(archived),
            ]
        ),
    }


def _entity_names(entity: EntityRow) -> list[str]:
    return [name for name in (entity.episode, entity.sequence, entity.name) if name]


def _kind(entity: EntityRow) -> str:
    return entity.kind if entity.type == "asset" else entity.type


def _entity_facets(entity: EntityRow) -> list[str]:
    facets = [facet("project", entity.project_id), facet("kind", _kind(entity))]
    facets += [facet("tag", tag) for tag in entity.tags]
    facets += [facet("episode", entity.episode)] if entity.episode else []
    facets += [facet("sequence", entity.sequence)] if entity.sequence else []
    return facets


def _versions_facets(versions: Sequence[VersionFacts]) -> set[str]:
    """Return the facets of the versions: archived ones are found where nothing else is left, or by their status."""
    live = [version for version in versions if not version.archived]
    found = {term for version in live or versions for term in version_facets(version.facts)}
    for version in versions if live else ():
        if version.archived:
            facts = dict(version.facts)
            without_status = {**facts, "status": ""}
            found |= set(version_facets(facts)) - set(version_facets(without_status))
    return found


def _state(archived: bool) -> str:
    return ARCHIVED if archived else ACTIVE


def _indexed_names(names: Sequence[str]) -> str:
    words = []
    for name in names:
        cut = words_in(name)
        words += [*cut, "".join(cut)] if len(cut) > 1 else cut
    return " ".join(words)


def _indexed_words(texts: Iterable[str]) -> str:
    pieces: list[str] = []
    count = 0
    for text in texts:
        for words in (words_in(text), joined(text)):
            if words and count < WORD_LIMIT:
                pieces.append(" ".join(words[: WORD_LIMIT - count]))
                count += len(words)
    return _BORDER.join(pieces)


def _indexed_facets(terms: Iterable[str]) -> str:
    return " ".join(sorted(set(terms)))


def _metadata_texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _metadata_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _metadata_texts(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
