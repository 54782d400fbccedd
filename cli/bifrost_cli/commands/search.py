"""`bifrost search`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

import click

from bifrost_cli.command import BifrostCommand
from bifrost_cli.output import Column
from bifrost_cli.session import Session, request

if TYPE_CHECKING:
    from bifrost_core.models.search import SearchHit

__all__ = ["search"]


@click.command(
    cls=BifrostCommand,
    # `-archived` is a word of the query and no bundle of short options.
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
    examples=[
        "bifrost search chair kind:prop status:approved",
        "bifrost search sequence:sq010 author:mia -archived --sort newest",
    ],
)
@click.argument("words", nargs=-1, required=True, metavar="QUERY...")
@click.option("--project", metavar="CODE", help="Only in this project.")
@click.option(
    "--sort",
    type=click.Choice(["relevance", "name", "newest"]),
    default="relevance",
    metavar="ORDER",
    help="relevance (the default), name or newest.",
)
@click.option(
    "--limit", type=click.IntRange(1, 500), default=50, metavar="NUMBER", help="At most so many (default: 50)."
)
@click.option("--cursor", metavar="CURSOR", help="Go on from where the last page ended.")
@click.pass_obj
def search(
    session: Session, words: tuple[str, ...], project: Optional[str], sort: str, limit: int, cursor: Optional[str]
) -> None:
    """Find assets, shots and products.

    QUERY is words, or beginnings of words, of names, kinds, tags, comments and metadata, and filters: project:, type:
    (asset, shot, product), kind:, tag:, episode:, sequence:, product:, status:, author:, task:, is:archived,
    is:outdated. A minus before any of them leaves out what fits: -archived.
    """
    from bifrost_core.models.search import SearchQuery

    unknown = [word for word in words if word.startswith("--")]
    if unknown:
        raise click.NoSuchOption(unknown[0])
    query = request(SearchQuery, text=" ".join(words), project=project, sort=sort, limit=limit, cursor=cursor)
    page, output = session.library.search.find(query), session.output
    columns = [Column("REFERENCE"), Column("KIND"), Column("VERSION"), Column("STATUS", status=True)]
    output.answer(page, lambda: output.table(columns, [_row(hit) for hit in page.items]))
    if not page.items:
        output.note("Nothing fits.")
    if page.next_cursor:
        output.note(f"There is more: add --cursor {page.next_cursor}")


def _row(hit: SearchHit) -> list[str]:
    version = hit.version
    return [hit.reference, hit.kind, version.version if version else "", version.status if version else ""]
