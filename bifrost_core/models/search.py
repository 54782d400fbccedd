"""Search: words and filters over a whole library."""

from __future__ import annotations

from enum import Enum
from typing import Optional

from pydantic import Field

from bifrost_core.models.base import Model, Request, Timestamp
from bifrost_core.models.names import ProjectCode
from bifrost_core.models.product import VersionSummary
from bifrost_core.models.query import DEFAULT_PAGE, Limit

__all__ = ["HitType", "SearchHit", "SearchQuery", "SearchSort"]


class SearchSort(str, Enum):
    """The order of the hits."""

    RELEVANCE = "relevance"
    NAME = "name"
    NEWEST = "newest"


class HitType(str, Enum):
    """What was found."""

    ASSET = "asset"
    SHOT = "shot"
    PRODUCT = "product"


class SearchQuery(Request):
    """What to look for: words or beginnings of words, ``key:value`` filters, and ``-`` before what to leave out."""

    text: str = Field(default="", max_length=1000)
    project: Optional[ProjectCode] = None
    sort: SearchSort = SearchSort.RELEVANCE
    cursor: Optional[str] = None
    limit: Limit = DEFAULT_PAGE


class SearchHit(Model):
    """An asset, a shot or a product that was found."""

    type: HitType
    id: str
    reference: str = Field(description="path of the entity, or reference of the product")
    project: ProjectCode
    name: str
    kind: str = Field(description="the asset's kind, `shot`, or the product's type")
    updated: Timestamp
    version: Optional[VersionSummary] = Field(
        default=None, description="of a product: the newest version that fits the filters"
    )
