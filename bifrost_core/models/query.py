"""Questions and pages: what every list has in common."""

from __future__ import annotations

from typing import Annotated, Generic, Optional, TypeVar

from pydantic import Field

from bifrost_core.models.base import Model

__all__ = ["DEFAULT_PAGE", "MAXIMUM_PAGE", "Limit", "Page"]

DEFAULT_PAGE = 50
MAXIMUM_PAGE = 500

Limit = Annotated[int, Field(ge=1, le=MAXIMUM_PAGE)]
"""How many items a page may have."""

T = TypeVar("T")


class Page(Model, Generic[T]):
    """Some items of a list, and where to go on."""

    items: tuple[T, ...]
    next_cursor: Optional[str] = Field(default=None, description="pass it back for the next page; null: the last one")
