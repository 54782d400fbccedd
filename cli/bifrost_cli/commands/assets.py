"""Assets on the command line."""

from __future__ import annotations

from typing import Any, Optional

import click

from bifrost_cli.command import BifrostGroup
from bifrost_cli.completing import ReferenceText
from bifrost_cli.entities import all_pages, archived_filter, latest_versions, show_entity, tags_given
from bifrost_cli.output import Column
from bifrost_cli.parameters import asset_path
from bifrost_cli.session import Session, request
from bifrost_cli.wording import words

__all__ = ["asset"]

_REFERENCE = click.argument(
    "reference", nargs=-1, type=ReferenceText(with_product=False), required=True, metavar="PROJECT/assets/NAME"
)


@click.group(cls=BifrostGroup, subcommand_metavar="COMMAND ...")
def asset() -> None:
    """Create, list and change assets."""


@asset.command("create", examples=["bifrost asset create DEMO hero --kind character --tag main"])
@click.argument("project", metavar="PROJECT")
@click.argument("name", metavar="NAME")
@click.option("--kind", metavar="KIND", help="character, prop, environment or your own word (default: prop).")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A word to find it by; may be repeated.")
@click.option("--description", metavar="TEXT", help="What it is.")
@click.pass_obj
def create(session: Session, /, project: str, name: str, tags: tuple[str, ...], **fields: Any) -> None:
    """Create an asset."""
    from bifrost_core.models.asset import AssetCreate

    made = session.library.assets.create(request(AssetCreate, project=project, name=name, tags=tags or None, **fields))
    session.output.answer(made, lambda: session.output.done(f"Created {made.kind} {made.path}"))


@asset.command("list", examples=["bifrost asset list DEMO --kind character"])
@click.argument("project", metavar="PROJECT")
@click.option("--kind", metavar="KIND", help="Only those of this kind.")
@click.option("--tag", metavar="TAG", help="Only those with this tag.")
@click.option("--archived", is_flag=True, help="Those that are archived.")
@click.option("--all", "everything", is_flag=True, help="The archived ones too.")
@click.pass_obj
def list_assets(
    session: Session, project: str, kind: Optional[str], tag: Optional[str], archived: bool, everything: bool
) -> None:
    """List the assets of a project, with their newest versions."""
    from bifrost_core.models.asset import AssetQuery
    from bifrost_core.models.query import MAXIMUM_PAGE

    query = request(
        AssetQuery,
        null={"archived"},
        project=project,
        kind=kind,
        tag=tag,
        archived=archived_filter(archived, everything),
        with_products=True,
        limit=MAXIMUM_PAGE,
    )
    assets, output = session.library.assets, session.output
    found = all_pages(lambda cursor: assets.list(query.model_copy(update={"cursor": cursor})))
    columns = [Column("ASSET"), Column("KIND"), Column("LATEST", flexible=True), Column("TAGS", flexible=True)]
    rows = [[item.name, item.kind, latest_versions(item.products), words(item.tags)] for item in found]
    output.answer({"items": found, "next_cursor": None}, lambda: output.table(columns, rows))
    if not found:
        output.note(f"No asset to show. Create one: bifrost asset create {project} NAME --kind character")


@asset.command("show", examples=["bifrost asset show DEMO/assets/hero"])
@_REFERENCE
@click.pass_obj
def show(session: Session, reference: tuple[str, ...]) -> None:
    """Show an asset and its products.

    PROJECT NAME will do too.
    """
    found = session.library.assets.get(asset_path(reference))
    session.output.answer(found, lambda: show_entity(session.output, found, [("kind", found.kind)]))


@asset.command("update", examples=["bifrost asset update DEMO/assets/hero --name heroine --tag main --tag act2"])
@_REFERENCE
@click.option("--name", metavar="NAME", help="A new name; references follow by themselves.")
@click.option("--kind", metavar="KIND", help="Another kind.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="The new tags, in place of the old; may be repeated.")
@click.option("--no-tags", is_flag=True, help="Take all tags away.")
@click.option("--description", metavar="TEXT", help="What it is.")
@click.pass_obj
def update(
    session: Session, /, reference: tuple[str, ...], tags: tuple[str, ...], no_tags: bool, **fields: Any
) -> None:
    """Change or rename an asset; what is not given stays as it is."""
    from bifrost_core.models.asset import AssetUpdate

    changes = request(AssetUpdate, tags=tags_given(tags, no_tags), **fields)
    changed = session.library.assets.update(asset_path(reference), changes)
    session.output.answer(changed, lambda: session.output.done(f"Updated {changed.path}"))


@asset.command(
    "archive", examples=["bifrost asset archive DEMO/assets/hero", "bifrost asset archive DEMO hero --restore"]
)
@_REFERENCE
@click.option("--restore", is_flag=True, help="Bring it back.")
@click.pass_obj
def archive(session: Session, reference: tuple[str, ...], restore: bool) -> None:
    """Put an asset away, or bring it back.

    Its versions stay and can still be loaded.
    """
    from bifrost_core.models.asset import AssetUpdate

    changed = session.library.assets.update(asset_path(reference), AssetUpdate(archived=not restore))
    verb = "Restored" if restore else "Archived"
    session.output.answer(changed, lambda: session.output.done(f"{verb} {changed.path}"))
