"""A library as a whole: `init` and `recover`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Optional

import click

from bifrost_cli.command import BifrostCommand
from bifrost_cli.output import Output
from bifrost_cli.parameters import store_url
from bifrost_cli.session import Session
from bifrost_cli.wording import count
from bifrost_core.errors import BifrostError

if TYPE_CHECKING:
    from bifrost_core.models.upkeep import RecoverReport

__all__ = ["init", "recover"]


@click.command(cls=BifrostCommand, examples=["bifrost init", "bifrost init /srv/bifrost/library"])
@click.argument("path", required=False, metavar="[PATH]")
@click.option("--store", metavar="URL|PATH", help="Where the files go, if not into the library's own folder.")
@click.pass_obj
def init(session: Session, path: Optional[str], store: Optional[str]) -> None:
    """Create a library.

    Without PATH: where --library, BIFROST_AMS_LIBRARY or the settings say, else in your own data folder.
    """
    from bifrost_core.bootstrap import create_library

    address, output = path or session.address, session.output
    there = _is_there(session, address)
    with create_library(address, session.settings, store=store and store_url(store)) as library:
        document = {"library": library.url, "root": str(library.root), "created": not there}
        place = str(library.root)
    said = "There is a library already, up to date, in" if there else "Created a library in"
    output.answer(document, lambda: output.done(f"{said} {place}"))
    if path and not _is_same(session, place):
        output.note(f"To use it without --library, set BIFROST_AMS_LIBRARY={place}")


def _is_there(session: Session, address: str) -> bool:
    """Whether the library needs no making; one of an older release does."""
    from bifrost_core.bootstrap import connect

    try:
        connect(address, session.settings).close()
    except BifrostError:
        return False
    return True


def _is_same(session: Session, place: str) -> bool:
    return Path(session.address).expanduser().resolve() == Path(place)


@click.command(
    cls=BifrostCommand, examples=["bifrost recover", "bifrost recover /mnt/backup/store --library /srv/bifrost/library"]
)
@click.argument("store", required=False, metavar="[STORE]")
@click.option("--force", is_flag=True, help="Even if there is a database: it is moved aside.")
@click.pass_obj
def recover(session: Session, store: Optional[str], force: bool) -> None:
    """Rebuild the database from the store alone.

    Beside the files every version's manifest is stored; from these the same versions, numbers, dependencies and
    statuses come back. STORE is the store's URL or folder, if it is not the library's own.
    """
    from bifrost_core.bootstrap import recover_library

    report = recover_library(session.address, session.settings, store=store and store_url(store), force=force)
    session.output.answer(report, lambda: _print(session.output, report))


def _print(output: Output, report: RecoverReport) -> None:
    entities = count(report.entities, "asset or shot", "assets and shots")
    output.line(f"Recovered {count(report.projects, 'project')}, {entities}, {count(report.versions, 'version')}")
    for skipped in report.skipped:
        output.warn(f"skipped {skipped}")
    if report.missing_blobs:
        output.warn(f"{count(len(report.missing_blobs), 'file')} missing in the store: `bifrost verify` names them")
    output.note("Next: `bifrost verify` reads every file again, `bifrost doctor` checks the rest.")
