"""The tables.

Ids are opaque 32-digit strings made by ``new_id``; names have a ``*_key`` column beside them that they are unique and
found by. Sizes are 64 bit. Times are UTC. No column holds an absolute path.

``changed`` and ``written`` count a row's changes and the state that its manifest in the blob store shows; while
``written < changed`` the manifest is still to be written (see ``services.manifests``).
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Optional

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = [
    "Base",
    "DependencyRow",
    "EntityRow",
    "EventRow",
    "FileRow",
    "LibraryRow",
    "ProductRow",
    "ProjectRow",
    "PublishRow",
    "PurgedRow",
    "RepresentationRow",
    "SearchRow",
    "TaskRow",
    "UserRow",
    "UtcDateTime",
    "VersionRow",
]

# Compared by its bytes everywhere, as SQLite does: ranges of keys (all below "assets/") and cursors rely on it.
_KEY = String(1024).with_variant(String(1024, collation="C"), "postgresql")
_ID = String(32)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC, also on SQLite, which stores none by itself."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Optional[datetime], dialect: Dialect) -> Optional[datetime]:
        """Return what the database stores."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        value = value.astimezone(timezone.utc)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Optional[datetime], dialect: Dialect) -> Optional[datetime]:  # noqa: ARG002
        """Return what the rest of the program works with."""
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


# SQLite counts a row id by itself only in a column of exactly the type INTEGER (which holds 64 bits there).
_BigId = BigInteger().with_variant(Integer(), "sqlite")


def _unwritten(table: str) -> Index:
    """Return the index of the rows whose manifests are behind: nearly always empty."""
    # PostgreSQL's condition stands in the migration alone: said here, it would load that dialect in every command.
    return Index(f"ix_{table}_unwritten", "id", sqlite_where=text("written < changed"))


class Base(DeclarativeBase):
    """The base of all rows."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: UtcDateTime,
        float: Double,
        str: Text,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


class _Documented:
    """A row whose state is also kept as a manifest in the blob store."""

    changed: Mapped[int] = mapped_column(BigInteger, default=1)
    written: Mapped[int] = mapped_column(BigInteger, default=0)


class LibraryRow(Base):
    """A fact about the library itself: its id, its store's URL."""

    __tablename__ = "library"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]


class UserRow(_Documented, Base):
    """A user."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    login: Mapped[str]
    login_key: Mapped[str] = mapped_column(_KEY, unique=True)
    name: Mapped[str]
    email: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[int] = mapped_column(default=1)
    created: Mapped[datetime]

    __table_args__ = (_unwritten("users"),)


class ProjectRow(_Documented, Base):
    """A project."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    code: Mapped[str]
    code_key: Mapped[str] = mapped_column(_KEY, unique=True)
    name: Mapped[str]
    fps: Mapped[float]
    width: Mapped[int]
    height: Mapped[int]
    statuses: Mapped[list[str]]
    metadata_schema: Mapped[Optional[dict[str, Any]]]
    archived: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=1)
    created: Mapped[datetime]
    created_by: Mapped[str]

    __table_args__ = (_unwritten("projects"),)


class EntityRow(_Documented, Base):
    """An asset or a shot; its manifest holds its tasks and products too."""

    __tablename__ = "entities"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(_ID, ForeignKey("projects.id"))
    type: Mapped[str] = mapped_column(String(16))
    path_key: Mapped[str] = mapped_column(_KEY)
    name: Mapped[str]
    kind: Mapped[str]
    kind_key: Mapped[str] = mapped_column(_KEY)
    episode: Mapped[Optional[str]]
    sequence: Mapped[Optional[str]]
    first_frame: Mapped[Optional[int]]
    last_frame: Mapped[Optional[int]]
    handles: Mapped[int] = mapped_column(default=0)
    fps: Mapped[Optional[float]]
    description: Mapped[str]
    tags: Mapped[list[str]]
    archived: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=1)
    created: Mapped[datetime]
    created_by: Mapped[str]

    __table_args__ = (
        UniqueConstraint("project_id", "path_key"),
        Index(None, "project_id", "type", "kind_key", "path_key"),
        _unwritten("entities"),
    )


class TaskRow(Base):
    """A task."""

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    entity_id: Mapped[str] = mapped_column(_ID, ForeignKey("entities.id"))
    type: Mapped[str]
    type_key: Mapped[str] = mapped_column(_KEY)
    status: Mapped[str]
    assignees: Mapped[list[str]]
    archived: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=1)
    created: Mapped[datetime]
    created_by: Mapped[str]

    __table_args__ = (UniqueConstraint("entity_id", "type_key"),)


class ProductRow(Base):
    """A product. ``latest_id`` and ``approved_id`` are what the selectors mean, kept with every change of a version."""

    __tablename__ = "products"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    entity_id: Mapped[str] = mapped_column(_ID, ForeignKey("entities.id"))
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(_KEY)
    type: Mapped[str]
    last_number: Mapped[int] = mapped_column(default=0)
    # Not foreign keys: versions point here already, and a circle of keys would have to be built in two steps.
    latest_id: Mapped[Optional[str]] = mapped_column(_ID)
    approved_id: Mapped[Optional[str]] = mapped_column(_ID)
    created: Mapped[datetime]

    __table_args__ = (UniqueConstraint("entity_id", "name_key"),)


class VersionRow(_Documented, Base):
    """A version."""

    __tablename__ = "versions"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    product_id: Mapped[str] = mapped_column(_ID, ForeignKey("products.id"))
    number: Mapped[int]
    status: Mapped[str]
    author: Mapped[str]
    comment: Mapped[str]
    source: Mapped[str]
    task: Mapped[Optional[str]]
    fields: Mapped[dict[str, Any]]
    """The version's metadata; SQLAlchemy keeps the name ``metadata`` for itself."""
    created: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("product_id", "number"),
        Index(None, "product_id", "status"),
        Index(None, "author", "product_id"),
        _unwritten("versions"),
    )


class RepresentationRow(Base):
    """A representation."""

    __tablename__ = "representations"

    id: Mapped[int] = mapped_column(_BigId, primary_key=True)
    version_id: Mapped[str] = mapped_column(_ID, ForeignKey("versions.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(_KEY)
    pattern: Mapped[Optional[str]]
    frames: Mapped[Optional[str]]
    missing: Mapped[Optional[str]]

    __table_args__ = (UniqueConstraint("version_id", "name_key"),)


class FileRow(Base):
    """A file of a representation."""

    __tablename__ = "files"

    id: Mapped[int] = mapped_column(_BigId, primary_key=True)
    representation_id: Mapped[int] = mapped_column(_BigId, ForeignKey("representations.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)

    __table_args__ = (Index(None, "representation_id", "position"), Index(None, "size"))


class DependencyRow(Base):
    """``user`` uses ``used``."""

    __tablename__ = "dependencies"

    user_id: Mapped[str] = mapped_column(_ID, ForeignKey("versions.id", ondelete="CASCADE"), primary_key=True)
    used_id: Mapped[str] = mapped_column(_ID, ForeignKey("versions.id"), primary_key=True, index=True)
    kind: Mapped[str] = mapped_column(String(64), primary_key=True)


class PurgedRow(Base):
    """The memory of a purged version, so that a manifest left over by a crash does not bring it back."""

    __tablename__ = "purged"

    version_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    product_id: Mapped[str] = mapped_column(_ID, ForeignKey("products.id"), index=True)
    number: Mapped[int]


class PublishRow(Base):
    """A publish: open, committed or aborted."""

    __tablename__ = "publishes"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    entity_id: Mapped[str] = mapped_column(_ID, ForeignKey("entities.id"))
    product: Mapped[str]
    product_type: Mapped[Optional[str]]
    task: Mapped[Optional[str]]
    author: Mapped[str]
    begun: Mapped[datetime]
    expires: Mapped[datetime]
    version_id: Mapped[Optional[str]] = mapped_column(_ID)


class EventRow(Base):
    """An event. SQLite never gives an id again, so cursors stay right after deletions."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(_BigId, primary_key=True)
    topic: Mapped[str] = mapped_column(String(64))
    time: Mapped[datetime]
    project_id: Mapped[Optional[str]] = mapped_column(_ID, ForeignKey("projects.id"))
    subject: Mapped[str] = mapped_column(_ID)
    reference: Mapped[str]
    author: Mapped[str]
    payload: Mapped[dict[str, Any]]

    __table_args__ = (Index(None, "project_id", "id"), {"sqlite_autoincrement": True})


class SearchRow(Base):
    """What can be searched for: one row for each entity and each product, in step with the text index.

    ``id`` is made from ``updated`` (see ``services.searching.indexing``): the text index answers in the order of its
    row ids, so the newest come first without reading the others.
    """

    __tablename__ = "search_documents"

    id: Mapped[int] = mapped_column(_BigId, primary_key=True)
    type: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(_ID, unique=True)
    project_id: Mapped[str] = mapped_column(_ID, ForeignKey("projects.id"))
    entity_id: Mapped[str] = mapped_column(_ID, ForeignKey("entities.id"), index=True)
    sort_key: Mapped[str] = mapped_column(_KEY, index=True)
    updated: Mapped[datetime]
    archived: Mapped[bool]
    names: Mapped[str]
    words: Mapped[str]
    facets: Mapped[str]
