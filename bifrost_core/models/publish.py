"""A publish: begin, upload, commit."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Optional

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from bifrost_core.models.base import JsonObject, Model, Request, Timestamp
from bifrost_core.models.dependency import Dependency
from bifrost_core.models.files import FileSize, Representation
from bifrost_core.models.names import KindName, ProductName, StatusName, TaskType, name_key
from bifrost_core.models.project import PENDING

__all__ = ["Publish", "PublishBegin", "PublishCommit", "PublishState", "Token"]

Token = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
"""Chosen by the client; the same token twice is the same publish once."""


class PublishState(str, Enum):
    """Where a publish stands."""

    OPEN = "open"
    COMMITTED = "committed"
    ABORTED = "aborted"


class Publish(Model):
    """A publish under way or done."""

    token: Token
    state: PublishState
    entity: str
    product: ProductName
    begun: Timestamp
    expires: Timestamp = Field(description="after this an open publish counts as abandoned")
    version: Optional[str] = Field(default=None, description="the pinned reference, once committed")
    known_sizes: tuple[int, ...] = Field(
        default=(), description="those of the announced sizes that a stored file has: its content may be stored already"
    )


class PublishBegin(Request):
    """The start: what will be published on what. No number is given yet."""

    token: Token
    entity: str = Field(description="path or id of the asset or shot")
    product: ProductName
    product_type: Optional[KindName] = Field(default=None, description="null: the product's name")
    task: Optional[TaskType] = Field(default=None, description="type of the task it was made for")
    sizes: tuple[FileSize, ...] = Field(
        default=(), description="bytes of the files to come, to tell which may be stored"
    )


class PublishCommit(Request):
    """The end: the files, all of them stored by now, and what is said about them."""

    token: Token
    representations: tuple[Representation, ...] = Field(min_length=1)
    comment: str = Field(default="", max_length=4000)
    source: str = Field(default="", max_length=1000, description="the work file it was made from, as text")
    status: StatusName = PENDING
    metadata: JsonObject = Field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()

    @model_validator(mode="after")
    def _names_are_distinct(self) -> PublishCommit:
        seen: set[str] = set()
        for representation in self.representations:
            key = name_key(representation.name)
            if key in seen:
                raise PydanticCustomError(
                    "representations", "the representation “{name}” is given twice", {"name": representation.name}
                )
            seen.add(key)
        return self
