"""Writing a version's rows: the moment that gives it its number."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import (
    DependencyRow,
    EntityRow,
    FileRow,
    ProductRow,
    PublishRow,
    RepresentationRow,
    VersionRow,
)
from bifrost_core.models.base import new_id
from bifrost_core.models.files import Representation
from bifrost_core.models.names import name_key
from bifrost_core.models.publish import PublishCommit
from bifrost_core.services.context import Change

__all__ = ["add_representations", "seal_version"]


def seal_version(
    change: Change, entity: EntityRow, publish: PublishRow, request: PublishCommit, uses: Iterable[tuple[str, str]]
) -> tuple[ProductRow, VersionRow]:
    """Add the version with the product's next number, its files and its dependencies.

    Args:
        change: the transaction; on PostgreSQL the product's row stays locked until it ends.
        entity: what it is published on.
        publish: the publish that is committed.
        request: what is published.
        uses: ids of the versions that it uses, each with the kind of use.
    """
    session = change.session
    product = _product(change, entity, publish)
    product.last_number += 1
    version = VersionRow(
        id=new_id(),
        product_id=product.id,
        number=product.last_number,
        status=request.status,
        author=publish.author,
        comment=request.comment,
        source=request.source,
        task=publish.task,
        fields=request.metadata,
        created=change.time,
        changed=0,
        written=0,
    )
    session.add(version)
    session.flush()
    add_representations(session, version.id, request.representations)
    rows = [{"user_id": version.id, "used_id": used, "kind": kind} for used, kind in uses]
    if rows:
        session.execute(insert(DependencyRow), rows)
    return product, version


def add_representations(session: Session, version_id: str, representations: Iterable[Representation]) -> None:
    """Add a version's representations and their files."""
    for position, representation in enumerate(representations):
        row = RepresentationRow(
            version_id=version_id,
            position=position,
            name=representation.name,
            name_key=name_key(representation.name),
            pattern=representation.pattern,
            frames=representation.frames,
            missing=representation.missing,
        )
        session.add(row)
        session.flush()
        files = [
            {
                "representation_id": row.id,
                "position": place,
                "name": file.name,
                "size": file.size,
                "sha256": file.sha256,
            }
            for place, file in enumerate(representation.files)
        ]
        session.execute(insert(FileRow), files)


def _product(change: Change, entity: EntityRow, publish: PublishRow) -> ProductRow:
    session = change.session
    key = name_key(publish.product)
    product = session.scalar(
        select(ProductRow).where(ProductRow.entity_id == entity.id, ProductRow.name_key == key).with_for_update()
    )
    if product is None:
        product = ProductRow(
            id=new_id(),
            entity_id=entity.id,
            name=publish.product,
            name_key=key,
            type=publish.product_type or publish.product,
            last_number=0,
            created=change.time,
        )
        session.add(product)
        session.flush()
        change.document(entity)
    return product
