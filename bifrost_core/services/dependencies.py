"""Dependencies: the real graph, recorded when versions were published."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Optional

from sqlalchemy import select
from sqlalchemy.orm import Session

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
from bifrost_core.operations.dependencies import Dependencies
from bifrost_core.services.context import Context
from bifrost_core.services.lookup import (
    Found,
    batches,
    find_project,
    find_version,
    find_versions,
    is_id,
    located_versions,
)
from bifrost_core.services.reading import as_label, as_summary

__all__ = ["Link", "LocalDependencies", "links_of"]

Link = tuple[str, str, str, int]
"""User's id, used one's id, kind, depth."""

_Newer = tuple[Optional[VersionSummary], Optional[VersionSummary]]


class LocalDependencies(Dependencies):
    """Dependencies in the database."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, query: DependencyQuery) -> tuple[DependencyLink, ...]:
        with self._context.reading() as session:
            start = find_version(session, query.version).version.id
            links = list(links_of(session, (start,), query.direction, recursive=query.recursive))
            ends = {end for user, used, _, _ in links for end in (user, used)}
            found = located_versions(session, ends)
            labels = {key: as_label(item) for key, item in found.items()}
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
                users = [find_version(session, query.version).version.id]
            else:
                users = _newest_of_project(session, query.project or "")
            return _outdated_uses(session, users)


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


def _newest_of_project(session: Session, project: str) -> list[str]:
    row = find_project(session, project)
    return list(
        session.scalars(
            select(ProductRow.latest_id)
            .join(EntityRow, EntityRow.id == ProductRow.entity_id)
            .where(EntityRow.project_id == row.id, EntityRow.archived.is_(False), ProductRow.latest_id.is_not(None))
        )
    )


def _outdated_uses(session: Session, users: Sequence[str]) -> tuple[Outdated, ...]:
    pairs: dict[tuple[str, str], None] = {}
    for batch in batches(users):
        rows = session.execute(
            select(DependencyRow.user_id, DependencyRow.used_id)
            .join(VersionRow, VersionRow.id == DependencyRow.used_id)
            .join(ProductRow, ProductRow.id == VersionRow.product_id)
            .where(DependencyRow.user_id.in_(batch), ProductRow.latest_id != VersionRow.id)
        )
        pairs.update(dict.fromkeys((user, used) for user, used in rows))
    found = located_versions(session, {end for pair in pairs for end in pair})
    newer = _newer(session, [found[used] for used in {used for _, used in pairs}])
    answers = [
        Outdated(used=as_label(found[used]), user=as_label(found[user]), latest=newer[used][0], approved=newer[used][1])
        for user, used in pairs
        if any(newer[used])
    ]
    return tuple(sorted(answers, key=lambda item: (item.user.reference if item.user else "", item.used.reference)))


def _outdated_of(session: Session, versions: Sequence[str]) -> tuple[Outdated, ...]:
    answers = find_versions(session, versions)
    found = {item.version.id: item for item in answers.values() if isinstance(item, Found)}
    newer = _newer(session, list(found.values()))
    outdated = [
        Outdated(used=as_label(item), user=None, latest=newer[key][0], approved=newer[key][1])
        for key, item in found.items()
        if any(newer[key])
    ]
    return tuple(
        [_unknown(text, answer) for text, answer in answers.items() if isinstance(answer, BifrostError)] + outdated
    )


def _unknown(text: str, error: BifrostError) -> Outdated:
    label = VersionLabel(id=text if is_id(text) else "", reference=text, status="missing")
    return Outdated(used=label, user=None, latest=None, approved=None, error=error.to_wire())


def _newer(session: Session, found: Sequence[Found]) -> dict[str, _Newer]:
    """Return, for each version by id, its product's latest and approved version where those are newer than it."""
    pointers = {key for item in found for key in (item.product.latest_id, item.product.approved_id) if key}
    rows: dict[str, VersionRow] = {}
    for batch in batches(sorted(pointers)):
        rows.update({row.id: row for row in session.scalars(select(VersionRow).where(VersionRow.id.in_(batch)))})

    def newer(item: Found, pointer: Optional[str]) -> Optional[VersionSummary]:
        row = rows.get(pointer or "")
        return as_summary(row) if row is not None and row.number > item.version.number else None

    return {
        item.version.id: (newer(item, item.product.latest_id), newer(item, item.product.approved_id)) for item in found
    }
