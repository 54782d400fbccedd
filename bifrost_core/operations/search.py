"""Operations of the search."""

from __future__ import annotations

from abc import ABC, abstractmethod

from bifrost_core.models.query import Page
from bifrost_core.models.search import SearchHit, SearchQuery
from bifrost_core.operations.declaration import operation

__all__ = ["Search"]


class Search(ABC):
    """Assets, shots and products by words and filters."""

    @operation("GET", "/search", permission="view")
    @abstractmethod
    def find(self, query: SearchQuery) -> Page[SearchHit]:
        """Return a page of what fits.

        Words are looked for in names, kinds, tags, comments and metadata. Filters: ``project``, ``type`` (asset,
        shot, product), ``kind``, ``tag``, ``episode``, ``sequence``, ``product``, ``status``, ``author``, ``task``;
        ``is:archived``, ``is:outdated`` narrow further, and ``-archived`` leaves archived ones out.

        Raises:
            InvalidRequest: a filter is unknown.
        """
