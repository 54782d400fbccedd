"""`bifrost publish`."""

from __future__ import annotations

import glob
import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import click

from bifrost_cli.command import BifrostCommand
from bifrost_cli.completing import ReferenceText
from bifrost_cli.output import Output
from bifrost_cli.parameters import KeyValue, at_home, metadata
from bifrost_cli.session import Session
from bifrost_core.errors import BifrostError, Cancelled

if TYPE_CHECKING:
    from bifrost_core.workflows.publishing import PublishedRepresentation, PublishOrder, PublishResult

__all__ = ["publish"]


@click.command(
    cls=BifrostCommand,
    examples=[
        "bifrost publish DEMO/assets/chair model chair.usda --comment 'Rounder legs'",
        "bifrost publish DEMO/shots/sq010/sh020 comp 'renders/sh020.####.exr' --depends DEMO/assets/chair/model",
        "bifrost publish DEMO/assets/chair rig --representation ma=rig.ma --representation abc=cache.abc",
    ],
)
@click.argument("entity", type=ReferenceText(with_product=False), metavar="ENTITY")
@click.argument("product", metavar="PRODUCT")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--representation",
    "representations",
    type=KeyValue(),
    multiple=True,
    metavar="NAME=FILE",
    help="A file, and the name of the form that it is; may be repeated.",
)
@click.option("--type", "product_type", metavar="TYPE", help="The product's type, if not its name.")
@click.option("--task", metavar="TYPE", help="The type of the task that it was made for.")
@click.option("--comment", "-m", metavar="TEXT", default="", help="What is new in it.")
@click.option("--source", metavar="FILE", default="", help="The work file that it was made from.")
@click.option("--status", metavar="STATUS", help="The status to begin with (default: pending).")
@click.option("--depends", multiple=True, metavar="REF", help="A version that it uses; may be repeated.")
@click.option("--thumbnail", metavar="IMAGE", help="A picture of it: PNG or JPEG.")
@click.option(
    "--meta",
    type=KeyValue(),
    multiple=True,
    metavar="NAME=VALUE",
    help="A fact about it, text or JSON; may be repeated.",
)
@click.option(
    "--token",
    metavar="TOKEN",
    help="Your own name for this publish, of 8 characters or more: given twice, it is published once.",
)
@click.pass_obj
def publish(session: Session, /, **given: Any) -> None:
    """Publish files as a new version of a product.

    ENTITY is PROJECT/assets/NAME or PROJECT/shots/SEQ/NAME; PRODUCT is model, rig, animation, ... and is made by its
    first publish. FILE is a file, a folder or a sequence (`shot.####.exr`, `shot.%04d.exr`, `skin.<UDIM>.png`).
    Textures and other files that it names by relative paths are published with it.

    The version gets its number at the very end: until then nobody sees anything of it.
    """
    library, output = session.library, session.output
    order = _order(**given)
    from bifrost_core.workflows.publishing import publish as publish_files

    try:
        with output.progress("Publishing") as shown:
            result = publish_files(library, library.store, order, view=library.view, progress=shown.update)
    except KeyboardInterrupt:
        raise _cancelled(session, str(order.token)) from None
    warnings = (*_source_warnings(order), *result.warnings)
    output.answer(_document(result, warnings), lambda: _print(output, result, warnings))


def _order(
    files: tuple[str, ...],
    representations: tuple[tuple[str, str], ...],
    meta: tuple[tuple[str, str], ...],
    **given: Any,
) -> PublishOrder:
    from bifrost_core.workflows.publishing import PublishOrder

    fields = {name: value for name, value in given.items() if value is not None}
    fields.setdefault("token", uuid.uuid4().hex)
    if "thumbnail" in fields:
        fields["thumbnail"] = at_home(fields["thumbnail"])
    return PublishOrder(
        files=tuple(file for name in files for file in _expanded(name)),
        representations=tuple((name, at_home(file)) for name, file in representations),
        metadata=metadata(meta),
        **fields,
    )


def _expanded(name: str) -> list[str]:
    """Return the files that a wildcard stands for: on Windows the shell leaves that to the program."""
    name = at_home(name)
    if "*" not in name or Path(name).exists():
        return [name]
    return sorted(glob.glob(name)) or [name]  # noqa: PTH207 - the pattern may be absolute


def _source_warnings(order: PublishOrder) -> list[str]:
    """Return what to say of a work file that is not there; it may be on another machine, so it is recorded."""
    if not order.source or os.path.exists(at_home(order.source)):  # noqa: PTH110 - any text may stand there
        return []
    return [f"The source “{order.source}” does not exist on this machine; it was recorded as it is written."]


def _cancelled(session: Session, token: str) -> Cancelled:
    """Return what to say after Ctrl-C: the truth, even if it came a moment too late."""
    version: Optional[str] = None
    try:
        version = session.library.publishes.get(token).version
    except BifrostError:
        version = None
    if version is None:
        return Cancelled("Cancelled; nothing was published.")
    return Cancelled(
        f"Cancelled too late: {version} was published.",
        hint=f"`bifrost load {version}` prints its files; `bifrost status {version} archived` takes it back.",
        details={"version": version},
    )


def _document(result: PublishResult, warnings: Sequence[str]) -> dict[str, Any]:
    version = result.version
    return {
        "reference": version.reference,
        "id": version.id,
        "project": version.project,
        "entity": version.entity,
        "product": version.product,
        "version": version.version,
        "number": version.number,
        "status": version.status,
        "author": version.author,
        "created": version.created.isoformat(),
        "comment": version.comment,
        "representations": [
            {
                "name": item.name,
                "pattern": item.pattern,
                "frames": item.frames,
                "missing": item.missing,
                "files": [
                    {"name": file.name, "size": file.size, "sha256": file.sha256, "path": path and str(path)}
                    for file, path in zip(item.files, item.paths)
                ],
            }
            for item in result.representations
        ],
        "warnings": list(warnings),
        "bytes_written": result.bytes_written,
        "bytes_reused": result.bytes_reused,
    }


def _print(output: Output, result: PublishResult, warnings: Sequence[str]) -> None:
    output.done(f"Published {result.version.reference}")
    for item in result.representations:
        for line in _places(item):
            output.line(line)
    for warning in warnings:
        output.warn(warning)


def _places(item: PublishedRepresentation) -> list[str]:
    """Return where a representation stands; a sequence in one line, with its frames behind it."""
    paths = [str(path) for path in item.paths if path is not None]
    if item.pattern is None or not paths:
        return paths
    folder = paths[0][: -len(item.files[0].name)]
    return [f"{folder}{item.pattern}  {item.frames or ''}".rstrip()]
