"""What assets and shots have in common on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Callable, Optional, TypeVar

import click

from bifrost_cli.output import Column, Output
from bifrost_cli.wording import time_text, words

if TYPE_CHECKING:
    from bifrost_core.models.entity import Entity
    from bifrost_core.models.product import Product
    from bifrost_core.models.query import Page

    _T = TypeVar("_T")

__all__ = ["all_pages", "archived_filter", "latest_versions", "show_entity", "show_products", "tags_given"]


def latest_versions(products: Optional[Sequence[Product]]) -> str:
    """Return each product with its newest version: ``model v003, rig v001``."""
    return words(f"{item.name} {item.latest.version}" if item.latest else item.name for item in products or ())


def show_entity(output: Output, entity: Entity, facts: Sequence[tuple[str, str]]) -> None:
    """Print an asset or a shot: its facts, then its products."""
    output.fields(
        [
            ("path", entity.path),
            *facts,
            ("tags", words(entity.tags)),
            ("description", entity.description),
            ("archived", "yes" if entity.archived else ""),
            ("created", f"{time_text(entity.created)} by {entity.created_by}"),
        ]
    )
    if entity.products:
        output.line()
        show_products(output, entity.products)


def show_products(output: Output, products: Iterable[Product]) -> None:
    """Print products with their newest versions."""
    columns = [
        Column("PRODUCT"),
        Column("TYPE"),
        Column("LATEST"),
        Column("STATUS", status=True),
        Column("APPROVED"),
        Column("COMMENT", flexible=True),
    ]
    rows = [
        [
            item.name,
            item.type,
            item.latest.version if item.latest else "",
            item.latest.status if item.latest else "",
            item.approved.version if item.approved else "",
            item.latest.comment if item.latest else "",
        ]
        for item in products
    ]
    output.table(columns, rows)


def all_pages(fetch: Callable[[Optional[str]], Page[_T]]) -> tuple[_T, ...]:
    """Return the items of all pages; ``fetch`` answers the page at a cursor."""
    items: list[_T] = []
    cursor: Optional[str] = None
    while True:
        page = fetch(cursor)
        items.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return tuple(items)


def archived_filter(archived: bool, everything: bool) -> Optional[bool]:
    """Return the filter that ``--archived`` and ``--all`` stand for."""
    return None if everything else archived


def tags_given(tags: Sequence[str], no_tags: bool) -> Optional[tuple[str, ...]]:
    """Return the new tags, or None when they stay as they are."""
    if no_tags:
        if tags:
            raise click.UsageError("--tag and --no-tags exclude each other.")
        return ()
    return tuple(tags) or None
