"""What assets and shots have in common."""

from __future__ import annotations

from typing import Annotated, Optional

from pydantic import Field

from bifrost_core.models.base import Model, Request, Revision, Timestamp
from bifrost_core.models.names import ProjectCode, Tag
from bifrost_core.models.product import Product

__all__ = ["Description", "Entity", "EntityUpdate", "Tags"]

Description = Annotated[str, Field(max_length=4000)]
Tags = tuple[Tag, ...]


class Entity(Model):
    """The part of an asset or a shot that both have."""

    id: str
    project: ProjectCode
    path: str = Field(description="PROJECT/assets/NAME or PROJECT/shots/[EPISODE/]SEQUENCE/NAME")
    description: str
    tags: Tags
    archived: bool
    revision: int = Field(description="grows with each change; send it back to change only what you saw")
    created: Timestamp
    created_by: str
    products: Optional[tuple[Product, ...]] = Field(
        default=None, description="with the latest and the approved version of each; null when not asked for"
    )


class EntityUpdate(Request):
    """What may change on either; a field left out stays as it is."""

    description: Optional[Description] = None
    tags: Optional[Tags] = None
    archived: Optional[bool] = None
    revision: Optional[Revision] = Field(default=None, description="refuse with stale_write if it is no longer this")
