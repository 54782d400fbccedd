"""Versions: sealed when they are committed; only their status changes after that."""

from __future__ import annotations

from typing import Any, Optional

from pydantic import Field

from bifrost_core.models.base import Model, Request
from bifrost_core.models.files import Representation
from bifrost_core.models.names import KindName, ProductName, ProjectCode, StatusName
from bifrost_core.models.product import VersionSummary
from bifrost_core.models.query import DEFAULT_PAGE, Limit

__all__ = ["Resolution", "ResolveRequest", "StatusChange", "Version", "VersionListing", "VersionQuery"]


class Version(VersionSummary):
    """A version, whole."""

    reference: str = Field(description="the short reference, pinned: PROJECT/assets/NAME/PRODUCT@v003")
    project: ProjectCode
    entity: str = Field(description="path of the asset or shot")
    entity_id: str
    product: ProductName
    product_id: str
    product_type: KindName
    task: Optional[KindName]
    source: str = Field(description="the work file it was made from, as text")
    metadata: dict[str, Any]
    representations: tuple[Representation, ...]


class VersionListing(VersionSummary):
    """A version in a list: no files."""

    reference: str
    product: ProductName


class VersionQuery(Request):
    """Which versions to list, newest first within each product."""

    entity: str = Field(description="path or id of the asset or shot")
    product: Optional[ProductName] = None
    status: Optional[StatusName] = None
    cursor: Optional[str] = None
    limit: Limit = DEFAULT_PAGE


class StatusChange(Request):
    """A new status for a version."""

    version: str = Field(description="reference or id")
    status: StatusName
    comment: str = Field(default="", max_length=4000, description="why; kept in the event")


class ResolveRequest(Request):
    """Many references to look up at once."""

    references: tuple[str, ...] = Field(max_length=5000, description="references or ids")


class Resolution(Model):
    """One answer of a batch: the version, or the error that it met."""

    reference: str = Field(description="as it was asked")
    version: Optional[Version] = None
    error: Optional[dict[str, Any]] = Field(default=None, description="code, message, hint, details")
