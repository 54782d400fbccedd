"""From rows to models."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Optional

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import (
    EntityRow,
    EventRow,
    FileRow,
    ProductRow,
    ProjectRow,
    RepresentationRow,
    TaskRow,
    UserRow,
    VersionRow,
)
from bifrost_core.models.asset import Asset
from bifrost_core.models.dependency import VersionLabel
from bifrost_core.models.event import Event
from bifrost_core.models.files import File, Representation
from bifrost_core.models.product import Product, VersionSummary
from bifrost_core.models.project import Project
from bifrost_core.models.reference import version_label
from bifrost_core.models.shot import Shot
from bifrost_core.models.task import Task
from bifrost_core.models.user import User
from bifrost_core.models.version import Version
from bifrost_core.services.lookup import Found, batches, entity_path, path_text

__all__ = [
    "LABEL_COLUMNS",
    "as_asset",
    "as_event",
    "as_label",
    "as_label_of",
    "as_product",
    "as_project",
    "as_shot",
    "as_summary",
    "as_task",
    "as_user",
    "as_versions",
    "labelled",
    "labels_of",
]


def as_user(row: UserRow) -> User:
    """Return the model of a user."""
    return User(
        id=row.id,
        login=row.login,
        name=row.name,
        email=row.email,
        active=row.active,
        revision=row.revision,
        created=row.created,
    )


def as_project(row: ProjectRow) -> Project:
    """Return the model of a project."""
    return Project(
        id=row.id,
        code=row.code,
        name=row.name,
        fps=row.fps,
        width=row.width,
        height=row.height,
        statuses=tuple(row.statuses),
        metadata_schema=row.metadata_schema,
        archived=row.archived,
        revision=row.revision,
        created=row.created,
        created_by=row.created_by,
    )


def _entity_fields(project: ProjectRow, row: EntityRow, products: Optional[tuple[Product, ...]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "project": project.code,
        "path": entity_path(project, row),
        "name": row.name,
        "description": row.description,
        "tags": tuple(row.tags),
        "archived": row.archived,
        "revision": row.revision,
        "created": row.created,
        "created_by": row.created_by,
        "products": products,
    }


def as_asset(project: ProjectRow, row: EntityRow, products: Optional[tuple[Product, ...]] = None) -> Asset:
    """Return the model of an asset."""
    return Asset(kind=row.kind, **_entity_fields(project, row, products))


def as_shot(project: ProjectRow, row: EntityRow, products: Optional[tuple[Product, ...]] = None) -> Shot:
    """Return the model of a shot."""
    return Shot(
        episode=row.episode,
        sequence=row.sequence or "",
        first_frame=row.first_frame,
        last_frame=row.last_frame,
        handles=row.handles,
        fps=row.fps or project.fps,
        **_entity_fields(project, row, products),
    )


def as_task(project: ProjectRow, entity: EntityRow, row: TaskRow) -> Task:
    """Return the model of a task."""
    return Task(
        id=row.id,
        project=project.code,
        entity=entity_path(project, entity),
        type=row.type,
        status=row.status,
        assignees=tuple(row.assignees),
        archived=row.archived,
        revision=row.revision,
        created=row.created,
        created_by=row.created_by,
    )


def _summary_fields(row: VersionRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "version": version_label(row.number),
        "status": row.status,
        "author": row.author,
        "comment": row.comment,
        "created": row.created,
    }


def as_summary(row: VersionRow) -> VersionSummary:
    """Return a version in one line."""
    return VersionSummary(**_summary_fields(row))


def as_product(path: str, row: ProductRow, latest: Optional[VersionRow], approved: Optional[VersionRow]) -> Product:
    """Return the model of a product on the entity at ``path``."""
    return Product(
        id=row.id,
        entity=path,
        name=row.name,
        type=row.type,
        created=row.created,
        latest=latest and as_summary(latest),
        approved=approved and as_summary(approved),
    )


def as_label(found: Found) -> VersionLabel:
    """Return the label of a version."""
    return VersionLabel(id=found.version.id, reference=found.reference, status=found.version.status)


LABEL_COLUMNS = (
    VersionRow.id, VersionRow.status, VersionRow.number, ProductRow.name,
    ProjectRow.code, EntityRow.type, EntityRow.episode, EntityRow.sequence, EntityRow.name,
)  # fmt: skip
"""What a label is made of: a few columns cost a fraction of whole rows, which counts where there are hundreds."""


def labelled(*columns: Any) -> Select[Any]:
    """Return the query for the label columns of versions, and others beside them."""
    return (
        select(*LABEL_COLUMNS, *columns)
        .join_from(VersionRow, ProductRow, ProductRow.id == VersionRow.product_id)
        .join(EntityRow, EntityRow.id == ProductRow.entity_id)
        .join(ProjectRow, ProjectRow.id == EntityRow.project_id)
    )


def as_label_of(columns: Sequence[Any]) -> VersionLabel:
    """Return the label of a version from its label columns."""
    version_id, status, number, product, *place = columns
    return VersionLabel(
        id=version_id, reference=f"{path_text(*place)}/{product}@{version_label(number)}", status=status
    )


def labels_of(session: Session, ids: Collection[str]) -> dict[str, VersionLabel]:
    """Return the labels of versions by id; ids of none are left out."""
    labels: dict[str, VersionLabel] = {}
    for batch in batches(sorted(set(ids))):
        for row in session.execute(labelled().where(VersionRow.id.in_(batch))):
            labels[row[0]] = as_label_of(row)
    return labels


def as_event(row: EventRow, project_code: Optional[str]) -> Event:
    """Return the model of an event."""
    return Event(
        id=row.id,
        topic=row.topic,
        time=row.time,
        project=project_code,
        subject=row.subject,
        reference=row.reference,
        author=row.author,
        payload=row.payload,
    )


def as_versions(session: Session, found: Collection[Found]) -> dict[str, Version]:
    """Return versions with all their files, by id, in three queries for any number of them."""
    representations = _representations(session, [item.version.id for item in found])
    return {
        item.version.id: Version(
            **_summary_fields(item.version),
            reference=item.reference,
            project=item.project.code,
            entity=entity_path(item.project, item.entity),
            entity_id=item.entity.id,
            product=item.product.name,
            product_id=item.product.id,
            product_type=item.product.type,
            task=item.version.task,
            source=item.version.source,
            metadata=item.version.fields,
            representations=tuple(representations.get(item.version.id, ())),
        )
        for item in found
    }


def _representations(session: Session, version_ids: list[str]) -> dict[str, list[Representation]]:
    answer: dict[str, list[Representation]] = {}
    for batch in batches(version_ids):
        files: dict[int, list[File]] = {}
        for owner, name, size, sha256 in session.execute(
            select(FileRow.representation_id, FileRow.name, FileRow.size, FileRow.sha256)
            .join(RepresentationRow, RepresentationRow.id == FileRow.representation_id)
            .where(RepresentationRow.version_id.in_(batch))
            .order_by(FileRow.representation_id, FileRow.position)
        ):
            # Checked when it was committed; checking 5,000 frames again would cost more than reading them.
            files.setdefault(owner, []).append(File.model_construct(name=name, size=size, sha256=sha256))
        for row in session.scalars(
            select(RepresentationRow)
            .where(RepresentationRow.version_id.in_(batch))
            .order_by(RepresentationRow.version_id, RepresentationRow.position)
        ):
            answer.setdefault(row.version_id, []).append(
                Representation.model_construct(
                    name=row.name,
                    files=tuple(files[row.id]),
                    pattern=row.pattern,
                    frames=row.frames,
                    missing=row.missing,
                )
            )
    return answer
