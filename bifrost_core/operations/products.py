"""Operations on products."""

from __future__ import annotations

from abc import ABC, abstractmethod

from bifrost_core.models.product import Product
from bifrost_core.operations.declaration import operation

__all__ = ["Products"]


class Products(ABC):
    """Streams of versions; the first publish makes one."""

    @operation("GET", "/products/{entity:path}", permission="view")
    @abstractmethod
    def list(self, entity: str) -> tuple[Product, ...]:
        """Return the products of an asset or shot (path or id) by name, with their newest versions.

        Raises:
            NotFound: there is no such entity.
        """
