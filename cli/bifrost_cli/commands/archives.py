"""A project as one file: `export` and `import`."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import click

from bifrost_cli.command import BifrostCommand
from bifrost_cli.session import Session
from bifrost_cli.wording import count, size_text

__all__ = ["export", "import_archive"]

_ARCHIVE = click.argument("file", type=click.Path(path_type=Path), metavar="FILE")


@click.command(cls=BifrostCommand, examples=["bifrost export DEMO demo.bifrost.zip"])
@click.argument("project", metavar="PROJECT")
@_ARCHIVE
@click.pass_obj
def export(session: Session, project: str, file: Path) -> None:
    """Write a project with its files into one archive."""
    output = session.output
    with output.progress("Exporting") as shown:
        report = session.library.upkeep.export_project(project, file, progress=shown.advance)
    said = f"Exported {report.project} to {file}: {count(report.versions, 'version')}, {size_text(report.size)}"
    output.answer(report, lambda: output.done(said))


@click.command(
    "import",
    cls=BifrostCommand,
    examples=["bifrost import demo.bifrost.zip", "bifrost import demo.bifrost.zip --as DEMO2"],
)
@_ARCHIVE
@click.option("--as", "code", metavar="CODE", help="Another code for the project; without this it keeps its own.")
@click.pass_obj
def import_archive(session: Session, file: Path, code: Optional[str]) -> None:
    """Read a project from an archive."""
    output = session.output
    with output.progress("Importing") as shown:
        report = session.library.upkeep.import_project(file, code=code, progress=shown.advance)
    new = (
        f"{count(report.versions, 'version')}, {size_text(report.size)}"
        if report.entities or report.versions
        else "nothing new in it"
    )
    output.answer(report, lambda: output.done(f"Imported {report.project}: {new}"))
    for skipped in report.skipped:
        output.warn(f"left out: {skipped}")
    if report.skipped:
        output.note(f"Importing {file} again adds what was left out, once what that needs is in the library.")
