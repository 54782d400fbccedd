"""What follows from restored versions: which uses which, the products' numbers, and what latest and approved mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from bifrost_core.database.tables import DependencyRow, ProductRow, PurgedRow, VersionRow
from bifrost_core.models.project import ARCHIVED
from bifrost_core.models.reference import APPROVED
from bifrost_core.services.lookup import batches, located_versions
from bifrost_core.services.maintenance.presence import values_by
from bifrost_core.services.restoring.circles import in_circles
from bifrost_core.services.restoring.restored import Use

__all__ = ["add_uses", "settle_products"]

_INSERT = 10_000


def add_uses(session: Session, uses: Iterable[Use], outside: Mapping[str, str], *, in_store: bool) -> list[str]:
    """Add dependencies that are not there yet; return why some were left out.

    Args:
        session: the transaction.
        uses: what the versions' manifests tell.
        outside: references of used versions that may not be here, by id.
        in_store: whether the manifests show these dependencies already.
    """
    wanted = dict.fromkeys(uses)
    ends = {end for use in wanted for end in (use.user, use.used)}
    here = {key[0] for key in values_by(session, (VersionRow.id,), VersionRow.number, [(end,) for end in ends])}
    known = _known_uses(session)
    new = [use for use in wanted if use.user in here and use.used in here and use not in known]
    circles = in_circles([(use.user, use.used) for use in known] + [(use.user, use.used) for use in new])
    refused = [use for use in new if use.user in circles and use.used in circles]
    absent = [use for use in wanted if use.user in here and use.used not in here]
    added = [use for use in new if not (use.user in circles and use.used in circles)]
    for batch in batches(added, _INSERT):
        session.execute(
            insert(DependencyRow), [{"user_id": use.user, "used_id": use.used, "kind": use.kind} for use in batch]
        )
    if not in_store:
        for users in batches(sorted({use.user for use in added})):
            session.execute(
                update(VersionRow)
                .where(VersionRow.id.in_(users), VersionRow.written > 0)
                .values(changed=VersionRow.changed + 1)
            )
    return _told(session, refused, absent, outside)


def _known_uses(session: Session) -> set[Use]:
    rows = session.execute(select(DependencyRow.user_id, DependencyRow.used_id, DependencyRow.kind))
    return {Use(*row) for row in rows}


def _told(session: Session, refused: list[Use], absent: list[Use], outside: Mapping[str, str]) -> list[str]:
    found = located_versions(session, {end for use in (*refused, *absent) for end in (use.user, use.used)})
    names = {**outside, **{key: item.reference for key, item in found.items()}}
    told = [f"{names[use.user]} uses {names.get(use.used, use.used)}, which is not there" for use in absent]
    told += [f"{names[use.user]} uses {names[use.used]}, and that leads back to it: a circle" for use in refused]
    return told


def settle_products(session: Session, products: Collection[str], reserved: Mapping[str, int]) -> None:
    """Set the last number and the pointers of products from their versions.

    Args:
        session: the transaction.
        products: ids.
        reserved: numbers that must not be given again, by product id.
    """
    for batch in batches(sorted(products)):
        numbers: dict[str, int] = {key: reserved.get(key, 0) for key in batch}
        for table in (VersionRow, PurgedRow):
            highest = select(table.product_id, func.max(table.number)).where(table.product_id.in_(batch))
            for product_id, number in session.execute(highest.group_by(table.product_id)):
                numbers[product_id] = max(numbers[product_id], number)
        latest = _newest(session, batch, VersionRow.status != ARCHIVED)
        approved = _newest(session, batch, VersionRow.status == APPROVED)
        rows: list[dict[str, Any]] = [
            {
                "id": product_id,
                "last_number": max(number, numbers[product_id]),
                "latest_id": latest.get(product_id),
                "approved_id": approved.get(product_id),
            }
            for product_id, number in session.execute(
                select(ProductRow.id, ProductRow.last_number).where(ProductRow.id.in_(batch))
            )
        ]
        if rows:
            session.execute(update(ProductRow), rows)


def _newest(session: Session, products: Collection[str], condition: ColumnElement[bool]) -> dict[str, str]:
    newest = (
        select(VersionRow.product_id, func.max(VersionRow.number).label("number"))
        .where(VersionRow.product_id.in_(products), condition)
        .group_by(VersionRow.product_id)
        .subquery()
    )
    rows = session.execute(
        select(VersionRow.product_id, VersionRow.id).join(
            newest, (newest.c.product_id == VersionRow.product_id) & (newest.c.number == VersionRow.number)
        )
    )
    return {row.product_id: row.id for row in rows}
