"""Products."""

from __future__ import annotations

from bifrost_core.models.product import Product
from bifrost_core.operations.products import Products
from bifrost_core.services.context import Context
from bifrost_core.services.entities import products_of
from bifrost_core.services.lookup import find_entity

__all__ = ["LocalProducts"]


class LocalProducts(Products):
    """Products in the database."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, entity: str) -> tuple[Product, ...]:
        with self._context.reading() as session:
            project, row = find_entity(session, entity)
            return products_of(session, project, row)
