"""`bifrost load`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional

import click

from bifrost_cli.command import BifrostCommand
from bifrost_cli.completing import ReferenceText
from bifrost_cli.parameters import at_home
from bifrost_cli.session import Session
from bifrost_core.errors import AlreadyExists

__all__ = ["load"]


@click.command(
    cls=BifrostCommand,
    examples=[
        "bifrost load DEMO/assets/chair/model",
        "bifrost load DEMO/assets/chair/model@approved:usd --to work --copy",
    ],
)
@click.argument("reference", type=ReferenceText(with_product=True), metavar="REF")
@click.option("--to", metavar="FOLDER", help="Place the files there, not only in the library.")
@click.option("--copy", is_flag=True, help="With --to: as files of your own that you may change, not as links.")
@click.option("--overwrite", is_flag=True, help="With --to: in place of files that are there already.")
@click.pass_obj
def load(session: Session, reference: str, to: Optional[str], copy: bool, overwrite: bool) -> None:
    """Print the paths of a version's files, ready to open.

    REF is PROJECT/assets/NAME/PRODUCT or PROJECT/shots/SEQ/NAME/PRODUCT, and if you like @v003, @latest or
    @approved, and :usd for one representation. The paths come one a line and nothing else, for use in scripts.
    """
    if (copy or overwrite) and to is None:
        raise click.UsageError("--copy and --overwrite need --to FOLDER.")
    if to == "":
        raise click.UsageError("--to names no folder; the present one is “.”.")
    from bifrost_core.workflows.loading import load as load_files

    library, output = session.library, session.output
    # Absolute, so that the paths can be used elsewhere; a link in it stays one.
    folder = None if to is None else Path(os.path.abspath(at_home(to)))  # noqa: PTH100
    try:
        with output.progress("Loading") as shown:
            result = load_files(
                library,
                library.store,
                library.view,
                reference,
                to=folder,
                copy=copy,
                overwrite=overwrite,
                progress=shown.advance,
            )
    except AlreadyExists as exc:
        hint = "Name another folder, move that file away, or add --overwrite."
        raise AlreadyExists(exc.message, hint=hint, details=exc.details) from exc
    paths = [str(path) for path in result.paths]
    document = {"reference": str(result.reference), "version": result.version.version, "paths": paths}
    output.answer(document, lambda: output.line("\n".join(paths)))
