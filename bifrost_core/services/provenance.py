"""What a publish uses: versions that it names, and versions that its files are recognised from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import EntityRow, FileRow, RepresentationRow, VersionRow
from bifrost_core.errors import BifrostError, PublishRejected
from bifrost_core.models.dependency import Direction
from bifrost_core.models.files import THUMBNAIL
from bifrost_core.models.names import name_key
from bifrost_core.models.publish import PublishCommit
from bifrost_core.services.dependencies import links_of
from bifrost_core.services.lookup import Found, batches, find_product, find_versions, numbered_versions

__all__ = ["CONTENT", "uses_of"]

CONTENT = "content"
"""The kind of a dependency that was recognised by its bytes."""


def uses_of(session: Session, entity: EntityRow, product_name: str, request: PublishCommit) -> list[tuple[str, str]]:
    """Return the ids of the versions that a publish uses, each with the kind of use.

    Raises:
        NotFound: a named version does not exist.
        PublishRejected: the product would use itself through another one.
    """
    product = find_product(session, entity, product_name)
    product_id = product.id if product else ""
    named = _named(session, request)
    _refuse_circle(session, product_id, [found for found, _ in named])
    uses = {(found.version.id, kind): None for found, kind in named}
    products = {found.product.id for found, _ in named}
    for found in _recognised(session, product_id, request):
        if found.product.id not in products and not _leads_to(session, found, product_id):
            uses[(found.version.id, CONTENT)] = None
    return list(uses)


def _named(session: Session, request: PublishCommit) -> list[tuple[Found, str]]:
    answers = find_versions(session, [item.reference for item in request.dependencies])
    named = []
    for item in request.dependencies:
        answer = answers[item.reference]
        if isinstance(answer, BifrostError):
            raise answer
        named.append((answer, item.kind))
    return named


def _refuse_circle(session: Session, product_id: str, uses: Iterable[Found]) -> None:
    for found in uses:
        if _leads_to(session, found, product_id):
            raise PublishRejected(
                f"{found.reference} itself uses a version of what is published here: the dependencies would form a "
                "circle.",
                hint=f"`bifrost deps {found.reference} --tree` shows how; leave that dependency out.",
                details={"reference": found.reference},
            )


def _leads_to(session: Session, found: Found, product_id: str) -> bool:
    """Return whether a version of another product uses, over any number of steps, a version of this product."""
    if not product_id or found.product.id == product_id:
        # A new version may well be made from an older one of its own product.
        return False
    upstream = {used for _, used, _, _ in links_of(session, (found.version.id,), Direction.UPSTREAM, recursive=True)}
    for batch in batches(sorted(upstream)):
        circle = select(VersionRow.id).where(VersionRow.id.in_(batch), VersionRow.product_id == product_id)
        if session.scalar(circle.limit(1)) is not None:
            return True
    return False


def _recognised(session: Session, product_id: str, request: PublishCommit) -> list[Found]:
    """Return, for files published before by another product, the newest version there that has them.

    The product that published a file first counts as its origin; thumbnails and empty files say nothing.
    """
    digests = {
        file.sha256
        for representation in request.representations
        if name_key(representation.name) != THUMBNAIL
        for file in representation.files
        if file.size
    }
    first: dict[str, tuple[datetime, str]] = {}
    newest: dict[tuple[str, str], int] = {}
    for batch in batches(sorted(digests)):
        rows = session.execute(
            select(FileRow.sha256, VersionRow.product_id, func.min(VersionRow.created), func.max(VersionRow.number))
            .join(RepresentationRow, RepresentationRow.id == FileRow.representation_id)
            .join(VersionRow, VersionRow.id == RepresentationRow.version_id)
            .where(FileRow.sha256.in_(batch), RepresentationRow.name_key != THUMBNAIL)
            .group_by(FileRow.sha256, VersionRow.product_id)
        )
        for sha256, product, created, number in rows:
            first[sha256] = min(first.get(sha256, (created, product)), (created, product))
            newest[(sha256, product)] = number
    numbers: dict[str, int] = {}
    for sha256, (_, product) in first.items():
        if product != product_id:
            numbers[product] = max(numbers.get(product, 0), newest[(sha256, product)])
    return list(numbered_versions(session, numbers.items()).values())
