"""Shots on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import click

from bifrost_cli.command import BifrostGroup
from bifrost_cli.completing import ReferenceText
from bifrost_cli.entities import all_pages, archived_filter, latest_versions, show_entity, tags_given
from bifrost_cli.output import Column
from bifrost_cli.parameters import Frames, shot_path
from bifrost_cli.session import Session, request
from bifrost_core.errors import InvalidRequest

if TYPE_CHECKING:
    from bifrost_core.models.shot import Shot

__all__ = ["frames_text", "shot", "shot_facts"]

_REFERENCE = click.argument(
    "reference", nargs=-1, type=ReferenceText(with_product=False), required=True, metavar="PROJECT/shots/SEQ/NAME"
)
_FRAMES = click.option("--frames", type=Frames(), metavar="FIRST-LAST", help="First and last frame, without handles.")
_HANDLES = click.option("--handles", type=int, metavar="NUMBER", help="Frames before the first and after the last.")
_FPS = click.option("--fps", type=float, metavar="NUMBER", help="Frames per second, if not the project's.")
_DESCRIPTION = click.option("--description", metavar="TEXT", help="What happens in it.")


@click.group(cls=BifrostGroup, subcommand_metavar="COMMAND ...")
def shot() -> None:
    """Create, list and change shots."""


@shot.command("create", examples=["bifrost shot create DEMO sq010/sh020 --frames 1001-1100 --handles 8"])
@click.argument("project", metavar="PROJECT")
@click.argument("name", metavar="[EPISODE/]SEQ/NAME")
@_FRAMES
@_HANDLES
@_FPS
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A word to find it by; may be repeated.")
@_DESCRIPTION
@click.pass_obj
def create(
    session: Session,
    /,
    project: str,
    name: str,
    frames: Optional[tuple[int, int]],
    tags: tuple[str, ...],
    **fields: Any,
) -> None:
    """Create a shot."""
    from bifrost_core.models.shot import ShotCreate

    order = request(ShotCreate, project=project, tags=tags or None, **_place(name), **_range(frames), **fields)
    made = session.library.shots.create(order)
    frames_made = frames_text(made)
    said = f"Created shot {made.path}" + (f", frames {frames_made}" if frames_made else "")
    session.output.answer(made, lambda: session.output.done(said))


@shot.command("list", examples=["bifrost shot list DEMO --sequence sq010"])
@click.argument("project", metavar="PROJECT")
@click.option("--episode", metavar="EPISODE", help="Only those of this episode.")
@click.option("--sequence", metavar="SEQ", help="Only those of this sequence.")
@click.option("--tag", metavar="TAG", help="Only those with this tag.")
@click.option("--archived", is_flag=True, help="Those that are archived.")
@click.option("--all", "everything", is_flag=True, help="The archived ones too.")
@click.pass_obj
def list_shots(session: Session, /, project: str, archived: bool, everything: bool, **filters: Any) -> None:
    """List the shots of a project, with their newest versions."""
    from bifrost_core.models.query import MAXIMUM_PAGE
    from bifrost_core.models.shot import ShotQuery

    query = request(
        ShotQuery,
        null={"archived"},
        project=project,
        archived=archived_filter(archived, everything),
        with_products=True,
        limit=MAXIMUM_PAGE,
        **filters,
    )
    shots, output = session.library.shots, session.output
    found = all_pages(lambda cursor: shots.list(query.model_copy(update={"cursor": cursor})))
    columns = [
        Column("SHOT"),
        Column("FRAMES"),
        Column("HANDLES", right=True),
        Column("FPS", right=True),
        Column("LATEST", flexible=True),
    ]
    rows = [
        [_name(item), frames_text(item), str(item.handles), f"{item.fps:g}", latest_versions(item.products)]
        for item in found
    ]
    output.answer({"items": found, "next_cursor": None}, lambda: output.table(columns, rows))
    if not found:
        output.note(f"No shot to show. Create one: bifrost shot create {project} SEQ/NAME --frames 1001-1100")


@shot.command("show", examples=["bifrost shot show DEMO/shots/sq010/sh020"])
@_REFERENCE
@click.pass_obj
def show(session: Session, reference: tuple[str, ...]) -> None:
    """Show a shot and its products.

    PROJECT SEQ/NAME will do too.
    """
    found = session.library.shots.get(shot_path(reference))
    session.output.answer(found, lambda: show_entity(session.output, found, shot_facts(found)))


@shot.command("update", examples=["bifrost shot update DEMO/shots/sq010/sh020 --frames 1001-1120 --handles 12"])
@_REFERENCE
@click.option("--name", metavar="[EPISODE/]SEQ/NAME", help="A new name or place; references follow by themselves.")
@_FRAMES
@_HANDLES
@_FPS
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="The new tags, in place of the old; may be repeated.")
@click.option("--no-tags", is_flag=True, help="Take all tags away.")
@_DESCRIPTION
@click.pass_obj
def update(
    session: Session,
    /,
    reference: tuple[str, ...],
    name: Optional[str],
    frames: Optional[tuple[int, int]],
    tags: tuple[str, ...],
    no_tags: bool,
    **fields: Any,
) -> None:
    """Change, rename or move a shot; what is not given stays as it is."""
    from bifrost_core.models.shot import ShotUpdate

    place = {} if name is None else _place(name) if "/" in name else {"name": name}
    changes = request(ShotUpdate, tags=tags_given(tags, no_tags), **place, **_range(frames), **fields)
    changed = session.library.shots.update(shot_path(reference), changes)
    session.output.answer(changed, lambda: session.output.done(f"Updated {changed.path}"))


@shot.command(
    "archive",
    examples=["bifrost shot archive DEMO/shots/sq010/sh020", "bifrost shot archive DEMO sq010/sh020 --restore"],
)
@_REFERENCE
@click.option("--restore", is_flag=True, help="Bring it back.")
@click.pass_obj
def archive(session: Session, reference: tuple[str, ...], restore: bool) -> None:
    """Put a shot away, or bring it back.

    Its versions stay and can still be loaded.
    """
    from bifrost_core.models.shot import ShotUpdate

    changed = session.library.shots.update(shot_path(reference), ShotUpdate(archived=not restore))
    verb = "Restored" if restore else "Archived"
    session.output.answer(changed, lambda: session.output.done(f"{verb} {changed.path}"))


def frames_text(found: Shot) -> str:
    """Return a shot's frames: ``1001-1100``."""
    if found.first_frame is None or found.last_frame is None:
        return ""
    return f"{found.first_frame}-{found.last_frame}"


def shot_facts(found: Shot) -> list[tuple[str, str]]:
    """Return what is shown of a shot beside what every entity has."""
    return [
        ("frames", frames_text(found)),
        ("handles", str(found.handles) if found.handles else ""),
        ("fps", f"{found.fps:g}"),
    ]


def _name(found: Shot) -> str:
    return "/".join(part for part in (found.episode, found.sequence, found.name) if part)


def _place(name: str) -> dict[str, Any]:
    parts = name.split("/")
    if len(parts) not in (2, 3):
        why = "does not say which sequence the shot is in" if len(parts) < 2 else "has too many parts for a shot"
        raise InvalidRequest(f"“{name}” {why}.", hint="Write SEQ/NAME or EPISODE/SEQ/NAME.")
    return dict(zip(("name", "sequence", "episode"), reversed(parts)))


def _range(frames: Optional[tuple[int, int]]) -> dict[str, Any]:
    return {} if frames is None else {"first_frame": frames[0], "last_frame": frames[1]}
