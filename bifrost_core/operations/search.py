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

        Words, or their beginnings, are looked for in names, kinds, tags, descriptions, comments and metadata; "words in
        quotes" must follow each other. Filters: ``project``, ``type`` (asset, shot, product), ``kind``, ``tag``,
        ``episode``, ``sequence``, ``product``, and ``status``, ``author``, ``task`` of one and the same version. What
        ``-`` stands before is left out. Archived things are found by ``is:archived`` or ``status:archived`` only.

        Raises:
            InvalidRequest: a filter is unknown or has no value, or the cursor is of another search.
        """
