"""Projects."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import EntityRow, ProductRow, ProjectRow, VersionRow
from bifrost_core.errors import AlreadyExists, InUse
from bifrost_core.models.base import new_id
from bifrost_core.models.names import name_key
from bifrost_core.models.project import Project, ProjectCreate, ProjectUpdate
from bifrost_core.operations.projects import Projects
from bifrost_core.services.context import Context
from bifrost_core.services.lookup import find_project
from bifrost_core.services.metadata import check_schema
from bifrost_core.services.reading import as_project
from bifrost_core.services.revisions import apply_changes

__all__ = ["LocalProjects"]


class LocalProjects(Projects):
    """Projects in the database."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(self, request: ProjectCreate) -> Project:
        check_schema(request.metadata_schema)
        with self._context.changing() as change:
            _refuse_taken(change.session, request.code)
            row = ProjectRow(
                id=new_id(),
                code_key=name_key(request.code),
                archived=False,
                revision=1,
                created=change.time,
                created_by=change.author,
                **request.model_dump(mode="json"),
            )
            change.session.add(row)
            change.session.flush()
            change.document(row)
            change.record("project.created", project_id=row.id, subject=row.id, reference=row.code)
            return as_project(row)

    def list(self) -> tuple[Project, ...]:
        with self._context.reading() as session:
            return tuple(as_project(row) for row in session.scalars(select(ProjectRow).order_by(ProjectRow.code_key)))

    def get(self, project: str) -> Project:
        with self._context.reading() as session:
            return as_project(find_project(session, project))

    def update(self, project: str, changes: ProjectUpdate) -> Project:
        check_schema(changes.metadata_schema)
        with self._context.changing() as change:
            row = find_project(change.session, project)
            if changes.code is not None and name_key(changes.code) != row.code_key:
                _refuse_taken(change.session, changes.code)
                row.code_key = name_key(changes.code)
            if changes.statuses is not None:
                _refuse_removed(change.session, row, changes.statuses)
            before = row.code
            changed = apply_changes(row, changes, f"The project “{row.code}”")
            if row.metadata_schema == {}:
                row.metadata_schema = None
            if changed:
                change.document(row)
                change.record("project.updated", project_id=row.id, subject=row.id, reference=before, **changed)
            return as_project(row)


def _refuse_taken(session: Session, code: str) -> None:
    taken = session.scalar(select(ProjectRow).where(ProjectRow.code_key == name_key(code)))
    if taken is not None:
        raise AlreadyExists(
            f"There is a project “{taken.code}” already" + (", archived." if taken.archived else "."),
            hint=f"Restore it: `bifrost project archive {taken.code} --restore`."
            if taken.archived
            else "Codes that differ only in letter case are one.",
            details={"project": taken.code},
        )


def _refuse_removed(session: Session, project: ProjectRow, statuses: tuple[str, ...]) -> None:
    used = session.scalars(
        select(VersionRow.status)
        .join(ProductRow, ProductRow.id == VersionRow.product_id)
        .join(EntityRow, EntityRow.id == ProductRow.entity_id)
        .where(EntityRow.project_id == project.id)
        .distinct()
    ).all()
    removed = sorted(set(used) - set(statuses))
    if removed:
        raise InUse(
            f"Versions of “{project.code}” have the status “{removed[0]}”, so it must stay.",
            hint="Give those versions another status first: `bifrost search status:" + removed[0] + "` finds them.",
            details={"statuses": removed},
        )
