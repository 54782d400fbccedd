"""Versions on the command line: `versions`, `show`, `status` and `purge`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Optional, Union

import click

from bifrost_cli.command import BifrostCommand
from bifrost_cli.completing import ReferenceText
from bifrost_cli.entities import all_pages, show_entity
from bifrost_cli.output import Column, Output
from bifrost_cli.session import Session, request
from bifrost_cli.wording import size_text, time_text
from bifrost_core.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from bifrost_core.models.asset import Asset
    from bifrost_core.models.files import Representation
    from bifrost_core.models.product import Product
    from bifrost_core.models.project import Project
    from bifrost_core.models.reference import Reference
    from bifrost_core.models.shot import Shot
    from bifrost_core.models.version import Version, VersionListing, VersionQuery

    Shown = Union[Project, Asset, Shot, Product, Version]

__all__ = ["purge", "show", "status", "versions"]


@click.command(
    cls=BifrostCommand,
    examples=["bifrost versions DEMO/assets/chair", "bifrost versions DEMO/assets/chair model --status approved"],
)
@click.argument("entity", type=ReferenceText(with_product=False), metavar="ENTITY")
@click.argument("product", required=False, metavar="[PRODUCT]")
@click.option("--status", metavar="STATUS", help="Only those with this status.")
@click.pass_obj
def versions(session: Session, entity: str, product: Optional[str], status: Optional[str]) -> None:
    """List the versions on an asset or a shot.

    ENTITY is PROJECT/assets/NAME or PROJECT/shots/SEQ/NAME, and ENTITY/PRODUCT will do too. The newest version of each
    product comes first.
    """
    from bifrost_core.models.query import MAXIMUM_PAGE
    from bifrost_core.models.version import VersionQuery

    if product is None:
        entity, product = _of_product(session, entity)
    query = request(VersionQuery, entity=entity, product=product, status=status, limit=MAXIMUM_PAGE)
    output = session.output
    found = _all_versions(session, query)
    output.answer(found, lambda: _print_versions(output, found))
    if not found:
        output.note(f"No version to show. Publish one: bifrost publish {entity} {product or 'PRODUCT'} FILE")


@click.command(
    cls=BifrostCommand,
    examples=["bifrost show DEMO/assets/chair", "bifrost show DEMO/assets/chair/model@v002", "bifrost show DEMO"],
)
@click.argument("reference", type=ReferenceText(with_product=True), metavar="REF")
@click.pass_obj
def show(session: Session, reference: str) -> None:
    """Show a project, an asset, a shot, a product or a version.

    A product is named without a version (PROJECT/assets/NAME/PRODUCT), a version with one (...@v003, ...@latest).
    """
    found = _find(session, reference)
    session.output.answer(found, lambda: _print_any(session, found))


@click.command(
    cls=BifrostCommand,
    examples=["bifrost status DEMO/assets/chair/model@v003 approved --comment 'Final for sq010'"],
)
@click.argument("reference", type=ReferenceText(with_product=True), metavar="REF")
@click.argument("status", metavar="STATUS")
@click.option("--comment", "-m", metavar="TEXT", default="", help="Why; kept with the event.")
@click.pass_obj
def status(session: Session, reference: str, status: str, comment: str) -> None:
    """Give a version another status.

    `archived` takes a version out of `latest`; its files stay and can still be loaded by number.
    """
    from bifrost_core.models.version import StatusChange

    change = request(StatusChange, version=reference, status=status, comment=comment)
    changed = session.library.versions.set_status(change)
    session.output.answer(changed, lambda: session.output.done(f"{changed.reference} is now {changed.status}"))


@click.command(cls=BifrostCommand, examples=["bifrost purge DEMO/assets/chair/model@v001 --yes"])
@click.argument("reference", type=ReferenceText(with_product=True), metavar="REF")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def purge(session: Session, reference: str, yes: bool) -> None:
    """Remove an archived version for good.

    It must be archived before, and nothing may depend on it. Its number is never given again; `bifrost gc --apply`
    then frees the space of files that no other version has.
    """
    found = session.library.versions.get(reference)
    if not yes:
        _confirm(session, f"Remove {found.reference} for good?")
    session.library.versions.purge(found.id)
    document = {"purged": found.reference, "id": found.id}
    session.output.answer(document, lambda: session.output.done(f"Purged {found.reference}"))


def _confirm(session: Session, question: str) -> None:
    if session.json or not sys.stdin.isatty():
        raise InvalidRequest("A purge must be confirmed.", hint="Add --yes to purge without a question.")
    click.confirm(question, abort=True, err=True)


def _find(session: Session, text: str) -> Shown:
    from bifrost_core.models.reference import Reference, parse_entity

    library = session.library
    path = text.partition("://")[2] or text
    parts = path.partition("?")[0].rstrip("/").split("/")
    if len(parts) == 1 and "@" not in text:
        return library.projects.get(parts[0])
    if "@" in text or "?" in path or ":" in path:
        return library.versions.get(text)
    # PROJECT/shots/A/B/C is a shot of an episode or a product on a shot: whichever there is.
    is_shot = parts[1].casefold() == "shots"
    if len(parts) == 4 - (not is_shot) or (is_shot and len(parts) == 5):
        try:
            entity = parse_entity(text)
            return library.assets.get(str(entity)) if entity.is_asset else library.shots.get(str(entity))
        except NotFound:
            if len(parts) != 5:
                raise
    return _product(session, Reference.parse(text))


def _product(session: Session, reference: Reference) -> Product:
    from bifrost_core.models.names import name_key

    products = session.library.products.list(str(reference.entity))
    for item in products:
        if name_key(item.name) == name_key(reference.product):
            return item
    there = ", ".join(item.name for item in products)
    raise NotFound(
        f"There is no product “{reference.product}” on {reference.entity}.",
        hint=f"There are: {there}." if there else "Nothing is published there yet.",
    )


def _of_product(session: Session, text: str) -> tuple[str, Optional[str]]:
    """Return the entity, and the product if the text goes on to one."""
    if text.count("/") < 3:
        return text, None
    from bifrost_core.models.product import Product
    from bifrost_core.models.version import Version

    found = _find(session, text)
    if isinstance(found, Product):
        return found.entity, found.name
    if isinstance(found, Version):
        return found.entity, found.product
    return text, None


def _all_versions(session: Session, query: VersionQuery) -> tuple[VersionListing, ...]:
    listing = session.library.versions
    return all_pages(lambda cursor: listing.list(query.model_copy(update={"cursor": cursor})))


def _print_any(session: Session, found: Shown) -> None:
    from bifrost_core.models.asset import Asset
    from bifrost_core.models.product import Product
    from bifrost_core.models.project import Project
    from bifrost_core.models.shot import Shot

    output = session.output
    if isinstance(found, Project):
        from bifrost_cli.commands.projects import show_project

        show_project(output, found)
    elif isinstance(found, Asset):
        show_entity(output, found, [("kind", found.kind)])
    elif isinstance(found, Shot):
        from bifrost_cli.commands.shots import shot_facts

        show_entity(output, found, shot_facts(found))
    elif isinstance(found, Product):
        _print_product(session, found)
    else:
        _print_version(output, found)


def _print_product(session: Session, found: Product) -> None:
    from bifrost_core.models.version import VersionQuery

    output = session.output
    output.fields(
        [
            ("product", f"{found.entity}/{found.name}"),
            ("type", found.type),
            ("latest", found.latest.version if found.latest else ""),
            ("approved", found.approved.version if found.approved else ""),
            ("created", time_text(found.created)),
        ]
    )
    output.line()
    _print_versions(output, _all_versions(session, VersionQuery(entity=found.entity, product=found.name)))


def _print_version(output: Output, found: Version) -> None:
    output.fields(
        [
            ("version", found.reference),
            ("status", found.status),
            ("comment", found.comment),
            ("type", found.product_type),
            ("task", found.task or ""),
            ("source", found.source),
            ("published", f"{time_text(found.created)} by {found.author}"),
            *(
                (f"meta {name}", value if isinstance(value, str) else json.dumps(value))
                for name, value in found.metadata.items()
            ),
        ]
    )
    output.line()
    columns = [
        Column("REPRESENTATION"),
        Column("FILES", right=True),
        Column("SIZE", right=True),
        Column("FRAMES"),
        Column("NAME", flexible=True),
    ]
    output.table(columns, [_representation_row(item) for item in found.representations])


def _representation_row(item: Representation) -> list[str]:
    frames = item.frames or ""
    if item.missing:
        frames += f" (missing {item.missing})"
    return [item.name, str(len(item.files)), size_text(item.size), frames, item.pattern or item.files[0].name]


def _print_versions(output: Output, found: Sequence[VersionListing]) -> None:
    columns = [
        Column("PRODUCT"),
        Column("VERSION"),
        Column("STATUS", status=True),
        Column("AUTHOR"),
        Column("CREATED"),
        Column("COMMENT", flexible=True),
    ]
    rows = [
        [item.product, item.version, item.status, item.author, time_text(item.created), item.comment] for item in found
    ]
    output.table(columns, rows)
