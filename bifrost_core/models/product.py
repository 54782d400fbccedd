"""Products: named streams of versions on an asset or a shot."""

from __future__ import annotations

from typing import Optional

from pydantic import Field

from bifrost_core.models.base import Model, Timestamp
from bifrost_core.models.names import KindName, ProductName, StatusName

__all__ = ["Product", "VersionSummary"]


class VersionSummary(Model):
    """One line about a version, for lists."""

    id: str
    number: int = Field(ge=1)
    version: str = Field(description="the number as written: v003")
    status: StatusName
    author: str
    comment: str
    created: Timestamp


class Product(Model):
    """A stream of versions: ``model``, ``rig``, ``animation``."""

    id: str
    entity: str = Field(description="path of the asset or shot")
    name: ProductName
    type: KindName = Field(description="what kind of product it is; by default its name")
    created: Timestamp
    latest: Optional[VersionSummary] = Field(description="the highest version that is not archived")
    approved: Optional[VersionSummary] = Field(description="the highest version whose status is approved")
