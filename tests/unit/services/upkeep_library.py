"""Real libraries with a small production in them, and what is in their tables."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from sqlalchemy import select

from bifrost_core.bootstrap import Library, create_library
from bifrost_core.database.tables import (
    Base,
    DependencyRow,
    EntityRow,
    FileRow,
    ProductRow,
    ProjectRow,
    PurgedRow,
    RepresentationRow,
    SearchRow,
    TaskRow,
    UserRow,
    VersionRow,
)
from bifrost_core.models.asset import AssetCreate
from bifrost_core.models.base import new_id
from bifrost_core.models.dependency import Dependency
from bifrost_core.models.files import File, Representation
from bifrost_core.models.project import ProjectCreate
from bifrost_core.models.publish import PublishBegin, PublishCommit
from bifrost_core.models.shot import ShotCreate
from bifrost_core.models.task import TaskCreate
from bifrost_core.models.user import UserCreate
from bifrost_core.models.version import StatusChange, Version
from bifrost_core.services.context import Context
from bifrost_core.settings import Settings

Files = Mapping[str, Mapping[str, bytes]]
"""The bytes of each file by its name, by representation."""


def new_library(path: Path, login: str = "ann") -> Library:
    return create_library(str(path), Settings(login=login))


def context_of(library: Library, login: str = "ann") -> Context:
    return Context(library.database, library.store, login)


def stored(library: Library, files: Files) -> tuple[Representation, ...]:
    """Put files into the store."""
    return tuple(
        Representation(
            name=name,
            files=tuple(
                File(name=file, size=len(data), sha256=library.store.put(io.BytesIO(data)).sha256)
                for file, data in parts.items()
            ),
        )
        for name, parts in files.items()
    )


def publish(
    library: Library,
    entity: str,
    product: str,
    files: Files,
    *,
    depends: tuple[str, ...] = (),
    comment: str = "",
    task: Optional[str] = None,
    metadata: Optional[dict[str, Any]] = None,
) -> Version:
    token = new_id()
    library.publishes.begin(PublishBegin(token=token, entity=entity, product=product, task=task))
    return library.publishes.commit(
        PublishCommit(
            token=token,
            representations=stored(library, files),
            comment=comment,
            source="work/scene.ma",
            metadata=metadata or {},
            dependencies=tuple(Dependency(reference=reference) for reference in depends),
        )
    )


def set_status(library: Library, version: Version, status: str) -> None:
    library.versions.set_status(StatusChange(version=version.id, status=status))


def fill(library: Library) -> dict[str, Version]:
    """Make a small production that has something of everything."""
    library.users.create(UserCreate(login="bob@studio", name="Bob Böhm"))
    library.projects.create(
        ProjectCreate(code="DEMO", name="Der Film", fps=23.976, metadata_schema={"type": "object"}, statuses=(
            "pending", "review", "approved", "rejected", "archived", "omit"))
    )  # fmt: skip
    library.assets.create(AssetCreate(project="DEMO", name="Hero", kind="character", tags=("main", "Größe")))
    library.assets.create(AssetCreate(project="DEMO", name="kiste"))
    library.shots.create(
        ShotCreate(
            project="DEMO", episode="ep01", sequence="sq010", name="sh020", first_frame=1001, last_frame=1010, fps=25
        )
    )
    library.tasks.create(TaskCreate(entity="DEMO/assets/Hero", type="Modeling", assignees=("bob@studio",)))
    made: dict[str, Version] = {}
    made["texture"] = publish(library, "DEMO/assets/Hero", "texture", {"png": {"skin.1001.png": b"skin 1001"}})
    for number in range(1, 5):
        made[f"model{number}"] = publish(
            library,
            "DEMO/assets/Hero",
            "model",
            {"usd": {"hero.usda": b"#usda %d" % number}, "textures": {"a/skin.1001.png": b"skin 1001", "empty": b""}},
            depends=("DEMO/assets/Hero/texture@v001",),
            comment="größer",
            task="modeling",
            metadata={"faces": number, "nested": {"list": [1, "zwei"]}},
        )
    made["anim"] = publish(
        library, "DEMO/shots/ep01/sq010/sh020", "animation", {"abc": {"anim.abc": b"abc"}},
        depends=("DEMO/assets/Hero/model@v002",),
    )  # fmt: skip
    set_status(library, made["model2"], "approved")
    set_status(library, made["model3"], "archived")
    set_status(library, made["model4"], "archived")
    library.versions.purge(made["model4"].id)
    return made


_COUNTERS = {"changed", "written"}


def _plain(session: Any, table: type[Base]) -> list[dict[str, Any]]:
    names = [column.name for column in table.__table__.columns if column.name not in _COUNTERS]
    columns = [table.__table__.c[name] for name in names]
    return sorted((dict(zip(names, row)) for row in session.execute(select(*columns))), key=repr)


def tables(library: Library) -> dict[str, list[Any]]:
    """Return all rows but events and publishes, without the numbers that the database gives by itself."""
    with library.database.reading() as session:
        found: dict[str, list[Any]] = {
            table.__tablename__: _plain(session, table)
            for table in (UserRow, ProjectRow, EntityRow, TaskRow, ProductRow, VersionRow, PurgedRow, DependencyRow)
        }
        representation = RepresentationRow
        found["files"] = [
            tuple(row)
            for row in session.execute(
                select(
                    representation.version_id, representation.position, representation.name, representation.name_key,
                    representation.pattern, representation.frames, representation.missing,
                    FileRow.position, FileRow.name, FileRow.size, FileRow.sha256,
                )
                .join(FileRow, FileRow.representation_id == representation.id)
                .order_by(representation.version_id, representation.position, FileRow.position)
            )
        ]  # fmt: skip
        found["search"] = sorted(
            tuple(row)
            for row in session.execute(
                select(
                    SearchRow.subject_id, SearchRow.type, SearchRow.archived, SearchRow.names, SearchRow.words,
                    SearchRow.facets,
                )
            )
        )  # fmt: skip
    return found


def blob_file(library: Library, sha256: str) -> Path:
    path: Path = library.store.path(sha256)  # type: ignore[attr-defined]
    return path


def digest_of(version: Version, representation: int = 0, file: int = 0) -> str:
    return version.representations[representation].files[file].sha256
