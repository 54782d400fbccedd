"""Assets: characters, props, environments and whatever else is built once and used often."""

from __future__ import annotations

from typing import Optional

from pydantic import Field

from bifrost_core.models.base import Request
from bifrost_core.models.entity import Description, Entity, EntityUpdate, Tags
from bifrost_core.models.names import AssetName, KindName, ProjectCode
from bifrost_core.models.query import DEFAULT_PAGE, Limit

__all__ = ["Asset", "AssetCreate", "AssetQuery", "AssetUpdate"]


class Asset(Entity):
    """An asset of a project."""

    name: AssetName
    kind: KindName = Field(description="character, prop, environment, ...")


class AssetCreate(Request):
    """What a new asset needs."""

    project: ProjectCode
    name: AssetName
    kind: KindName = "prop"
    description: Description = ""
    tags: Tags = ()


class AssetUpdate(EntityUpdate):
    """What may change on an asset; a field left out stays as it is."""

    name: Optional[AssetName] = None
    kind: Optional[KindName] = None


class AssetQuery(Request):
    """Which assets to list, by name."""

    project: ProjectCode
    kind: Optional[KindName] = None
    tag: Optional[str] = None
    archived: Optional[bool] = Field(default=False, description="null: both")
    with_products: bool = Field(default=False, description="each asset with its products and their newest versions")
    cursor: Optional[str] = None
    limit: Limit = DEFAULT_PAGE
