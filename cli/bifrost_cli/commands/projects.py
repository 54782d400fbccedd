"""Projects on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import click

from bifrost_cli.command import BifrostGroup
from bifrost_cli.output import Column, Output
from bifrost_cli.parameters import Resolution, json_file
from bifrost_cli.session import Session, request
from bifrost_cli.wording import time_text, words

if TYPE_CHECKING:
    from bifrost_core.models.project import Project

__all__ = ["project", "show_project"]

_CODE = click.argument("code", metavar="CODE")
_NAME = click.option("--name", metavar="TEXT", help="The full title.")
_FPS = click.option("--fps", type=float, metavar="NUMBER", help="Frames per second (default: 24).")
_RESOLUTION = click.option(
    "--resolution", type=Resolution(), metavar="WxH", help="Pixels of an image (default: 1920x1080)."
)
_STATUSES = click.option(
    "--status",
    "statuses",
    multiple=True,
    metavar="STATUS",
    help="A status that versions may have; give all of them, one option each (default: pending, review, "
    "approved, rejected, archived).",
)
_SCHEMA = click.option(
    "--metadata-schema",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A JSON Schema that the metadata of every version must satisfy.",
)


@click.group(cls=BifrostGroup, subcommand_metavar="COMMAND ...")
def project() -> None:
    """Create, list and change projects."""


@project.command("create", examples=["bifrost project create DEMO --name 'The demo' --fps 25 --resolution 3840x2160"])
@_CODE
@_NAME
@_FPS
@_RESOLUTION
@_STATUSES
@_SCHEMA
@click.pass_obj
def create(session: Session, /, code: str, **options: Any) -> None:
    """Create a project.

    The code stands at the beginning of every reference and path: keep it short.
    """
    from bifrost_core.models.project import ProjectCreate

    order = request(ProjectCreate, code=code, **_fields(**options))
    made = session.library.projects.create(order)
    session.output.answer(made, lambda: session.output.done(f"Created project {made.code}"))


@project.command("list", examples=["bifrost project list --all"])
@click.option("--archived", is_flag=True, help="Those that are archived.")
@click.option("--all", "everything", is_flag=True, help="The archived ones too.")
@click.pass_obj
def list_projects(session: Session, archived: bool, everything: bool) -> None:
    """List the projects of the library."""
    output = session.output
    projects = session.library.projects.list()
    found = [item for item in projects if everything or item.archived == archived]
    columns = [
        Column("CODE"),
        Column("FPS", right=True),
        Column("RESOLUTION", right=True),
        Column("NAME", flexible=True),
    ]
    rows = [[item.code, f"{item.fps:g}", f"{item.width}x{item.height}", _titled(item)] for item in found]
    output.answer({"items": found, "next_cursor": None}, lambda: output.table(columns, rows))
    if not projects:
        output.note("There is no project here yet. Create one: bifrost project create CODE")
    elif not found:
        output.note("No project is archived." if archived else "All projects are archived; --all shows them.")


@project.command("show", examples=["bifrost project show DEMO"])
@_CODE
@click.pass_obj
def show(session: Session, code: str) -> None:
    """Show a project."""
    found = session.library.projects.get(code)
    session.output.answer(found, lambda: show_project(session.output, found))


@project.command("update", examples=["bifrost project update DEMO --fps 25 --name 'The new title'"])
@_CODE
@click.option("--code", "new_code", metavar="CODE", help="A new code; references follow by themselves.")
@_NAME
@_FPS
@_RESOLUTION
@_STATUSES
@_SCHEMA
@click.option("--no-metadata-schema", is_flag=True, help="Let metadata be anything again.")
@click.pass_obj
def update(session: Session, /, code: str, new_code: Optional[str], no_metadata_schema: bool, **options: Any) -> None:
    """Change a project; what is not given stays as it is."""
    if no_metadata_schema and options["metadata_schema"]:
        raise click.UsageError("--metadata-schema and --no-metadata-schema exclude each other.")
    from bifrost_core.models.project import ProjectUpdate

    fields = _fields(**options)
    if no_metadata_schema:
        fields["metadata_schema"] = {}
    changed = session.library.projects.update(code, request(ProjectUpdate, code=new_code, **fields))
    session.output.answer(changed, lambda: session.output.done(f"Updated project {changed.code}"))


@project.command("archive", examples=["bifrost project archive DEMO", "bifrost project archive DEMO --restore"])
@_CODE
@click.option("--restore", is_flag=True, help="Bring it back.")
@click.pass_obj
def archive(session: Session, code: str, restore: bool) -> None:
    """Put a project away, or bring it back.

    Nothing is deleted.
    """
    from bifrost_core.models.project import ProjectUpdate

    changed = session.library.projects.update(code, ProjectUpdate(archived=not restore))
    verb = "Restored" if restore else "Archived"
    session.output.answer(changed, lambda: session.output.done(f"{verb} project {changed.code}"))


def show_project(output: Output, found: Project) -> None:
    """Print a project for people."""
    output.fields(
        [
            ("code", found.code),
            ("name", found.name),
            ("fps", f"{found.fps:g}"),
            ("resolution", f"{found.width}x{found.height}"),
            ("statuses", words(found.statuses)),
            ("metadata", f"must fit {json.dumps(found.metadata_schema)}" if found.metadata_schema else ""),
            ("archived", "yes" if found.archived else ""),
            ("created", f"{time_text(found.created)} by {found.created_by}"),
        ]
    )


def _titled(found: Project) -> str:
    return f"{found.name} (archived)".strip() if found.archived else found.name


def _fields(
    name: Optional[str],
    fps: Optional[float],
    resolution: Optional[tuple[int, int]],
    statuses: tuple[str, ...],
    metadata_schema: Optional[Path],
) -> dict[str, Any]:
    width, height = resolution or (None, None)
    return {
        "name": name,
        "fps": fps,
        "width": width,
        "height": height,
        "statuses": statuses or None,
        "metadata_schema": json_file(metadata_schema) if metadata_schema else None,
    }
