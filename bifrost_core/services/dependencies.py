"""Dependencies: the real graph, recorded when versions were published."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from bifrost_core.database.tables import DependencyRow, EntityRow, ProductRow, VersionRow
from bifrost_core.errors import BifrostError, InvalidRequest
from bifrost_core.models.dependency import (
    DependencyLink,
    DependencyQuery,
    Direction,
    Outdated,
    OutdatedQuery,
    VersionLabel,
)
from bifrost_core.models.product import VersionSummary
from bifrost_core.models.reference import version_label
from bifrost_core.operations.dependencies import Dependencies
from bifrost_core.services.context import Context
from bifrost_core.services.lookup import batches, find_project, find_version, find_version_ids, is_id, no_version
from bifrost_core.services.reading import LABEL_COLUMNS, as_label_of, labelled, labels_of

__all__ = ["Link", "LocalDependencies", "links_of"]

Link = tuple[str, str, str, int]
"""User's id, used one's id, kind, depth."""


class LocalDependencies(Dependencies):
    """Dependencies in the database."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, query: DependencyQuery) -> tuple[DependencyLink, ...]:
        with self._context.reading() as session:
            start = find_version(session, query.version).version.id
            links = list(links_of(session, (start,), query.direction, recursive=query.recursive))
            ends = {end for user, used, _, _ in links for end in (user, used)}
            labels = labels_of(session, ends)
        ordered = sorted(links, key=lambda link: (link[3], labels[link[0]].reference, labels[link[1]].reference))
        return tuple(
            DependencyLink(user=labels[user], used=labels[used], kind=kind, depth=depth)
            for user, used, kind, depth in ordered
        )

    def outdated(self, query: OutdatedQuery) -> tuple[Outdated, ...]:
        given = [name for name in ("project", "version", "versions") if getattr(query, name) is not None]
        if len(given) != 1:
            raise InvalidRequest("Say what to check: a project, a version, or a list of loaded versions.")
        with self._context.reading() as session:
            if query.versions is not None:
                return _outdated_of(session, query.versions)
            if query.version is not None:
                uses = _uses_of_version(find_version(session, query.version).version.id)
            else:
                uses = _uses_of_project(find_project(session, query.project or "").id)
            return _outdated_uses(session, uses)


def links_of(session: Session, starts: Collection[str], direction: Direction, *, recursive: bool) -> Iterator[Link]:
    """Yield the links from some versions on, level by level, each link once.

    One query a level and batch: graphs of productions are wide and shallow.
    """
    upstream = direction is Direction.UPSTREAM
    here = DependencyRow.user_id if upstream else DependencyRow.used_id
    level, seen, depth = set(starts), set(starts), 0
    while level:
        depth += 1
        following: set[str] = set()
        for batch in batches(sorted(level)):
            rows = session.execute(
                select(DependencyRow.user_id, DependencyRow.used_id, DependencyRow.kind).where(here.in_(batch))
            )
            for user, used, kind in rows:
                yield user, used, kind, depth
                following.add(used if upstream else user)
        level = (following - seen) if recursive else set()
        seen |= level


def _uses_of_version(version_id: str) -> Select[str, str]:
    return _behind().where(DependencyRow.user_id == version_id)


def _uses_of_project(project_id: str) -> Select[str, str]:
    product = aliased(ProductRow)
    return (
        _behind()
        .join(product, product.latest_id == DependencyRow.user_id)
        .join(EntityRow, EntityRow.id == product.entity_id)
        .where(EntityRow.project_id == project_id, EntityRow.archived.is_(False))
    )


def _behind() -> Select[str, str]:
    """Return the query for uses of versions that are not their products' latest."""
    return (
        select(DependencyRow.user_id, DependencyRow.used_id)
        .join(VersionRow, VersionRow.id == DependencyRow.used_id)
        .join(ProductRow, ProductRow.id == VersionRow.product_id)
        .where(ProductRow.latest_id != VersionRow.id)
        .distinct()
    )


def _outdated_uses(session: Session, uses: Select[str, str]) -> tuple[Outdated, ...]:
    pairs = [(user, used) for user, used in session.execute(uses)]
    standings = _standings(session, {used for _, used in pairs})
    users = labels_of(session, {user for user, used in pairs if standings[used].is_outdated})
    answers = [standings[used].outdated(users[user]) for user, used in pairs if standings[used].is_outdated]
    return tuple(sorted(answers, key=lambda item: (item.user.reference if item.user else "", item.used.reference)))


def _outdated_of(session: Session, versions: Sequence[str]) -> tuple[Outdated, ...]:
    answers = find_version_ids(session, versions)
    standings = _standings(session, {answer for answer in answers.values() if isinstance(answer, str)})
    unknown: list[Outdated] = []
    outdated: dict[str, Outdated] = {}
    for text, answer in answers.items():
        if isinstance(answer, BifrostError):
            unknown.append(_unknown(text, answer))
        elif answer not in standings:
            unknown.append(_unknown(text, no_version(text)))
        elif standings[answer].is_outdated:
            outdated[answer] = standings[answer].outdated(None)
    return (*unknown, *outdated.values())


def _unknown(text: str, error: BifrostError) -> Outdated:
    label = VersionLabel(id=text if is_id(text) else "", reference=text, status="missing")
    return Outdated(used=label, user=None, latest=None, approved=None, error=error.to_wire())


@dataclass(frozen=True)
class _Standing:
    """A version, and its product's latest and approved one where those are newer."""

    label: VersionLabel
    latest: Optional[VersionSummary]
    approved: Optional[VersionSummary]

    @property
    def is_outdated(self) -> bool:
        return self.latest is not None or self.approved is not None

    def outdated(self, user: Optional[VersionLabel]) -> Outdated:
        return Outdated(used=self.label, user=user, latest=self.latest, approved=self.approved)


def _standings(session: Session, ids: Collection[str]) -> dict[str, _Standing]:
    """Return how versions stand, by id; ids of none are left out."""
    latest, approved = aliased(VersionRow), aliased(VersionRow)
    statement = (
        labelled(*_summary_columns(latest), *_summary_columns(approved))
        .outerjoin(latest, (latest.id == ProductRow.latest_id) & (latest.number > VersionRow.number))
        .outerjoin(approved, (approved.id == ProductRow.approved_id) & (approved.number > VersionRow.number))
    )
    first, width = len(LABEL_COLUMNS), len(_SUMMARY)
    found: dict[str, _Standing] = {}
    for batch in batches(sorted(ids)):
        for row in session.execute(statement.where(VersionRow.id.in_(batch))):
            newest, best = row[first : first + width], row[first + width :]
            found[row[0]] = _Standing(as_label_of(row[:first]), _summary(newest), _summary(best))
    return found


_SUMMARY = ("id", "number", "status", "author", "comment", "created")


def _summary_columns(version: Any) -> list[Any]:
    return [getattr(version, name) for name in _SUMMARY]


def _summary(values: Sequence[Any]) -> Optional[VersionSummary]:
    if values[0] is None:
        return None
    fields = dict(zip(_SUMMARY, values))
    return VersionSummary(version=version_label(fields["number"]), **fields)
