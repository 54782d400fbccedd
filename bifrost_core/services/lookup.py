"""From a text that names something to its row: codes, paths, references and ids."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Optional, TypeVar, Union

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bifrost_core.database.tables import EntityRow, ProductRow, ProjectRow, VersionRow
from bifrost_core.errors import BifrostError, NotFound
from bifrost_core.models.names import name_key
from bifrost_core.models.reference import (
    APPROVED,
    LATEST,
    Reference,
    parse_entity,
    version_label,
    version_number,
)

__all__ = [
    "BATCH",
    "Answer",
    "Found",
    "batches",
    "each_in",
    "entity_path",
    "find_entity",
    "find_product",
    "find_project",
    "find_version",
    "find_version_ids",
    "find_versions",
    "is_id",
    "is_project",
    "located_versions",
    "no_version",
    "numbered_versions",
    "path_text",
    "short_reference",
]

BATCH = 500
"""Most values in one IN: SQLite before 3.32 takes 999 parameters in all."""

_V = TypeVar("_V")
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Found:
    """A version and where it stands."""

    version: VersionRow
    product: ProductRow
    entity: EntityRow
    project: ProjectRow

    @property
    def reference(self) -> str:
        """The short pinned reference."""
        return short_reference(self.project, self.entity, self.product, self.version.number)


Answer = Union[Found, BifrostError]


def is_id(text: str) -> bool:
    """Return whether a text is an opaque id (no name or path is one: they are shorter, or have a slash)."""
    return bool(_ID.fullmatch(text))


def entity_path(project: ProjectRow, entity: EntityRow) -> str:
    """Return the path of an entity as people write it."""
    return path_text(project.code, entity.type, entity.episode, entity.sequence, entity.name)


def path_text(code: str, type_: str, episode: Optional[str], sequence: Optional[str], name: str) -> str:
    """Return the path of an entity from its parts."""
    if type_ == "asset":
        return f"{code}/assets/{name}"
    return "/".join((code, "shots", *(part for part in (episode, sequence) if part), name))


def short_reference(project: ProjectRow, entity: EntityRow, product: ProductRow, number: int) -> str:
    """Return the short reference of a version."""
    return f"{entity_path(project, entity)}/{product.name}@{version_label(number)}"


def is_project(project: str) -> ColumnElement[bool]:
    """Return the condition that a project has this code or id."""
    return ProjectRow.id == project if is_id(project) else ProjectRow.code_key == name_key(project)


def find_project(session: Session, project: str) -> ProjectRow:
    """Return a project by its code or id.

    Raises:
        NotFound: there is none.
    """
    row = session.scalar(select(ProjectRow).where(is_project(project)))
    if row is None:
        raise NotFound(
            f"There is no project “{project}”.",
            hint="`bifrost project list` shows the projects there are.",
            details={"project": project},
        )
    return row


def find_entity(session: Session, entity: str, type_: Optional[str] = None) -> tuple[ProjectRow, EntityRow]:
    """Return an asset or a shot, and its project, by path or id.

    Args:
        session: the transaction.
        entity: path or id.
        type_: "asset" or "shot" if it must be one.

    Raises:
        InvalidRequest: the text is neither path nor id.
        NotFound: there is none.
    """
    if is_id(entity):
        condition = EntityRow.id == entity
    else:
        path = parse_entity(entity)
        condition = is_project(path.project) & (EntityRow.path_key == path.key)
    row = session.execute(
        select(ProjectRow, EntityRow).join(EntityRow, EntityRow.project_id == ProjectRow.id).where(condition)
    ).one_or_none()
    if row is None or (type_ and row[1].type != type_):
        if not is_id(entity):
            find_project(session, parse_entity(entity).project)
        raise _no_entity(entity, type_)
    return row[0], row[1]


def _no_entity(entity: str, type_: Optional[str] = None) -> NotFound:
    what = {"asset": "asset", "shot": "shot"}.get(type_ or "", "asset or shot")
    return NotFound(
        f"There is no {what} “{entity}”.",
        hint="`bifrost search` finds by parts of a name; `bifrost asset create` and `bifrost shot create` make one.",
        details={"entity": entity},
    )


def find_product(session: Session, entity: EntityRow, name: str) -> Optional[ProductRow]:
    """Return a product of an entity by name, or None."""
    return session.scalar(
        select(ProductRow).where(ProductRow.entity_id == entity.id, ProductRow.name_key == name_key(name))
    )


def find_version(session: Session, version: str) -> Found:
    """Return a version by reference or id.

    Raises:
        InvalidRequest: the text is neither.
        NotFound: there is none; the message says what is missing.
    """
    found = find_versions(session, (version,))[version]
    if isinstance(found, BifrostError):
        raise found
    return found


def find_versions(session: Session, versions: Collection[str]) -> dict[str, Answer]:
    """Return many versions by reference or id at once, or the error of each that has none."""
    ids = find_version_ids(session, versions)
    found = located_versions(session, {answer for answer in ids.values() if isinstance(answer, str)})
    return {
        text: answer if isinstance(answer, BifrostError) else found.get(answer) or no_version(text)
        for text, answer in ids.items()
    }


def find_version_ids(session: Session, versions: Collection[str]) -> dict[str, Union[str, BifrostError]]:
    """Return the ids of many versions by reference, or the error of each that has none.

    What is an id already is answered as it is, whether there is such a version or not.
    """
    answers: dict[str, Union[str, BifrostError]] = {}
    references: dict[str, Reference] = {}
    for text in versions:
        answers[text] = text
        if not is_id(text):
            try:
                references[text] = Reference.parse(text)
            except BifrostError as exc:
                answers[text] = exc
    products = _products_of(session, references.values())
    numbered: dict[str, tuple[str, int]] = {}
    for text, reference in references.items():
        product = products.get(_product_key(reference))
        number = version_number(reference.version)
        if product is None:
            answers[text] = _why_missing(session, reference)
        elif number is not None:
            numbered[text] = (product.id, number)
        else:
            pointer = product.latest_id if reference.version == LATEST else product.approved_id
            answers[text] = pointer or no_version(reference)
    by_number = _numbered_ids(session, set(numbered.values()))
    answers.update((text, by_number.get(key) or no_version(references[text])) for text, key in numbered.items())
    return answers


def located_versions(session: Session, ids: Collection[str]) -> dict[str, Found]:
    """Return versions and where they stand, by id; ids of none are left out."""
    found: dict[str, Found] = {}
    for batch in batches(sorted(set(ids))):
        for version, product, entity, project in session.execute(_located().where(VersionRow.id.in_(batch))):
            found[version.id] = Found(version, product, entity, project)
    return found


def numbered_versions(session: Session, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], Found]:
    """Return versions and where they stand, by product id and number; pairs of none are left out."""
    ids = _numbered_ids(session, keys)
    found = located_versions(session, ids.values())
    return {key: found[version_id] for key, version_id in ids.items()}


def _numbered_ids(session: Session, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for batch in batches(sorted(keys), BATCH // 2):
        columns = select(VersionRow.product_id, VersionRow.number, VersionRow.id)
        rows = session.execute(columns.where(each_in((VersionRow.product_id, VersionRow.number), batch)))
        found.update(((product, number), version_id) for product, number, version_id in rows)
    return {key: found[key] for key in keys if key in found}


def _located() -> Select[VersionRow, ProductRow, EntityRow, ProjectRow]:
    return (
        select(VersionRow, ProductRow, EntityRow, ProjectRow)
        .join(ProductRow, ProductRow.id == VersionRow.product_id)
        .join(EntityRow, EntityRow.id == ProductRow.entity_id)
        .join(ProjectRow, ProjectRow.id == EntityRow.project_id)
    )


_ProductKey = tuple[str, str, str]


def _product_key(reference: Reference) -> _ProductKey:
    return name_key(reference.entity.project), reference.entity.key, name_key(reference.product)


def _products_of(session: Session, references: Collection[Reference]) -> dict[_ProductKey, ProductRow]:
    """Return the products that references name, and some more."""
    wanted: dict[str, set[tuple[str, str]]] = {}
    for reference in references:
        code, path, name = _product_key(reference)
        wanted.setdefault(code, set()).add((path, name))
    columns = (EntityRow.path_key, ProductRow.name_key)
    found: dict[_ProductKey, ProductRow] = {}
    for code, keys in wanted.items():
        project_id = session.scalar(select(ProjectRow.id).where(ProjectRow.code_key == code))
        for batch in batches(sorted(keys), BATCH // 2):
            rows = session.execute(
                select(*columns, ProductRow)
                .join(ProductRow, ProductRow.entity_id == EntityRow.id)
                .where(EntityRow.project_id == project_id, each_in(columns, batch))
            )
            found.update(((code, path, name), product) for path, name, product in rows)
    return found


def _why_missing(session: Session, reference: Reference) -> BifrostError:
    try:
        _, entity = find_entity(session, str(reference.entity))
    except BifrostError as exc:
        return exc
    names = session.scalars(select(ProductRow.name).where(ProductRow.entity_id == entity.id).order_by("name_key"))
    known = ", ".join(names)
    return NotFound(
        f"“{reference.entity}” has no product “{reference.product}”.",
        hint=f"It has: {known}." if known else "Nothing has been published on it yet.",
        details={"entity": str(reference.entity), "product": reference.product},
    )


def no_version(reference: Union[Reference, str]) -> NotFound:
    """Return the error of a reference, or of an id, that names no version."""
    if isinstance(reference, str):
        return NotFound(f"There is no version with the id {reference}.", details={"version": reference})
    what = {
        LATEST: "no version that is not archived",
        APPROVED: "no approved version",
    }.get(reference.version, f"no version {reference.version}")
    return NotFound(
        f"“{reference.entity}/{reference.product}” has {what}.",
        hint=f"`bifrost versions {reference.entity} {reference.product}` shows what there is.",
        details={"reference": str(reference)},
    )


def batches(values: Sequence[_V], size: int = BATCH) -> Iterator[Sequence[_V]]:
    """Yield a long list in parts that fit into one IN."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def each_in(columns: Sequence[InstrumentedAttribute[Any]], keys: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    """Return the condition that each column has the value of some key.

    It lets through all rows that have one of the keys, and some that mix two of them: leave those out. SQLite finds
    values of single columns by an index, but no tuples.
    """
    return and_(*(column.in_(sorted(set(values))) for column, values in zip(columns, zip(*keys))))
