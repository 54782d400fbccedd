"""Reading manifests: what they must hold before anything of them enters a database.

Manifests come back from a store that anyone may have touched, or from an archive that anyone may have made: every
name, id, number and time is checked as if it came from a stranger.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Optional, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError, from_json

from bifrost_core.errors import BifrostError, InvalidRequest
from bifrost_core.models.base import JsonObject, Revision, Timestamp, invalid_request
from bifrost_core.models.files import Representation
from bifrost_core.models.names import KindName, Login, ProductName, ProjectCode, StatusName, Tag, name_key
from bifrost_core.models.reference import EntityPath
from bifrost_core.models.shot import Frame, Handles
from bifrost_core.services.manifests import FORMAT, PREFIX

__all__ = [
    "DocumentName",
    "EntityDocument",
    "ProjectDocument",
    "UserDocument",
    "VersionDocument",
    "document_name_of",
    "read_entity",
    "read_project",
    "read_user",
    "read_version",
    "reserved_number",
]

_ID = r"[0-9a-f]{32}"
_NAME = re.compile(
    rf"{re.escape(PREFIX)}"
    rf"(?:users/(?P<user>{_ID})"
    rf"|projects/(?P<project>{_ID})/(?:project|entities/(?P<entity>{_ID})|versions/(?P<version>{_ID})))\.json"
)


@dataclass(frozen=True)
class DocumentName:
    """Whose manifest a document is."""

    kind: Literal["user", "project", "entity", "version"]
    id: str
    project_id: Optional[str]


def document_name_of(name: str) -> Optional[DocumentName]:
    """Return whose manifest has this name, or None if it is no manifest's."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    project = match["project"]
    if match["user"]:
        return DocumentName("user", match["user"], None)
    if match["entity"]:
        return DocumentName("entity", match["entity"], project)
    if match["version"]:
        return DocumentName("version", match["version"], project)
    return DocumentName("project", project, project)


def _check_text(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("text", "it contains characters that are no text")
    return value


_Id = Annotated[str, Field(pattern=rf"^{_ID}$")]
_Text = Annotated[str, Field(max_length=100_000), AfterValidator(_check_text)]
_Number = Annotated[int, Field(ge=1, le=999_999)]
_Rate = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
_Pixels = Annotated[int, Field(ge=1, le=65536)]


class _Row(BaseModel):
    """The columns of a row; a column that a newer Bifrost adds is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _User(_Row):
    id: _Id
    login: Login
    name: _Text
    email: _Text
    active: bool
    revision: Revision
    created: Timestamp


class _Project(_Row):
    id: _Id
    code: ProjectCode
    name: _Text
    fps: _Rate
    width: _Pixels
    height: _Pixels
    statuses: tuple[StatusName, ...]
    metadata_schema: Optional[JsonObject]
    archived: bool
    revision: Revision
    created: Timestamp
    created_by: _Text


class _Entity(_Row):
    id: _Id
    project_id: _Id
    type: Literal["asset", "shot"]
    name: str
    kind: KindName
    episode: Optional[str]
    sequence: Optional[str]
    first_frame: Optional[Frame]
    last_frame: Optional[Frame]
    handles: Handles
    fps: Optional[_Rate]
    description: _Text
    tags: tuple[Tag, ...]
    archived: bool
    revision: Revision
    created: Timestamp
    created_by: _Text

    @model_validator(mode="after")
    def _has_a_path(self) -> _Entity:
        # Its parts are names of their own kinds: the path checks them.
        self.path_in("PROJECT")
        return self

    def path_in(self, project_code: str) -> EntityPath:
        """Return where it stands."""
        if self.type == "asset":
            return EntityPath(project=project_code, asset=self.name)
        return EntityPath(project=project_code, episode=self.episode, sequence=self.sequence, shot=self.name)


class _Product(_Row):
    id: _Id
    name: ProductName
    type: KindName
    created: Timestamp


class _Task(_Row):
    id: _Id
    type: KindName
    status: StatusName
    assignees: tuple[Login, ...]
    archived: bool
    revision: Revision
    created: Timestamp
    created_by: _Text


class _Purged(_Row):
    version_id: _Id
    product_id: _Id
    number: _Number


class _Version(_Row):
    id: _Id
    product_id: _Id
    number: _Number
    status: StatusName
    author: _Text
    comment: _Text
    source: _Text
    task: Optional[KindName]
    fields: JsonObject
    created: Timestamp


class _Use(_Row):
    used_id: _Id
    kind: KindName


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Annotated[int, Field(ge=1)]

    @model_validator(mode="before")
    @classmethod
    def _is_readable(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("format"), int) and data["format"] > FORMAT:
            raise PydanticCustomError("format", "it was written by a newer Bifrost")
        return data


class UserDocument(_Document):
    """The manifest of a user."""

    users: _User


class ProjectDocument(_Document):
    """The manifest of a project."""

    projects: _Project


class EntityDocument(_Document):
    """The manifest of an asset or a shot, with its products, its tasks and the memory of purged versions."""

    entities: _Entity
    products: tuple[_Product, ...]
    tasks: tuple[_Task, ...]
    purged: tuple[_Purged, ...]


class VersionDocument(_Document):
    """The manifest of a version, with its files and what it uses."""

    versions: _Version
    representations: Annotated[tuple[Representation, ...], Field(min_length=1)]
    dependencies: tuple[_Use, ...]

    @model_validator(mode="after")
    def _names_are_distinct(self) -> VersionDocument:
        names = {name_key(item.name) for item in self.representations}
        if len(names) < len(self.representations):
            raise PydanticCustomError("representations", "a representation is given twice")
        return self


_D = TypeVar("_D", bound=_Document)


def _read(model: type[_D], data: bytes) -> _D:
    try:
        return model.model_validate_json(data)
    except ValidationError as exc:
        raise invalid_request(exc) from exc
    except BifrostError:
        raise
    except (ValueError, RecursionError) as exc:
        raise InvalidRequest(f"It is not JSON: {exc}.") from exc


def _check_id(name: DocumentName, found: str) -> None:
    if found != name.id:
        raise InvalidRequest("It is about something else than its name says.")


def read_user(name: DocumentName, data: bytes) -> UserDocument:
    """Read the manifest of a user.

    Raises:
        InvalidRequest: it is none, or not that one's; the message says why.
    """
    document = _read(UserDocument, data)
    _check_id(name, document.users.id)
    return document


def read_project(name: DocumentName, data: bytes) -> ProjectDocument:
    """Read the manifest of a project; raises as :func:`read_user`."""
    document = _read(ProjectDocument, data)
    _check_id(name, document.projects.id)
    return document


def read_entity(name: DocumentName, data: bytes) -> EntityDocument:
    """Read the manifest of an asset or a shot; raises as :func:`read_user`."""
    document = _read(EntityDocument, data)
    _check_id(name, document.entities.id)
    if document.entities.project_id != name.project_id:
        raise InvalidRequest("It is about something in another project than its name says.")
    return document


def read_version(name: DocumentName, data: bytes) -> VersionDocument:
    """Read the manifest of a version; raises as :func:`read_user`."""
    document = _read(VersionDocument, data)
    _check_id(name, document.versions.id)
    return document


def reserved_number(data: bytes) -> Optional[tuple[str, int]]:
    """Return the product's id and the number that a damaged manifest still tells: no other version may get it."""
    try:
        row = from_json(data)["versions"]
        claim = _Purged(version_id=row["id"], product_id=row["product_id"], number=row["number"])
    except (ValueError, LookupError, TypeError):
        return None
    return claim.product_id, claim.number
