"""Looking after a library: `verify`, `gc` and `doctor`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Optional

import click

from bifrost_cli import exits
from bifrost_cli.command import BifrostCommand
from bifrost_cli.output import Column, Output
from bifrost_cli.parameters import Percentage
from bifrost_cli.session import Session
from bifrost_cli.wording import count, size_text, time_text, words
from bifrost_core.errors import BifrostError

if TYPE_CHECKING:
    from bifrost_core.models.upkeep import GarbageReport, HealthReport, VerifyReport

__all__ = ["doctor", "gc", "verify"]


@click.command(
    cls=BifrostCommand, examples=["bifrost verify", "bifrost verify DEMO --sample 10%", "bifrost verify --set-aside"]
)
@click.argument("project", required=False, metavar="[PROJECT]")
@click.option(
    "--sample", type=Percentage(), metavar="PERCENT", help="Only so many of the files, chosen by chance: 10%."
)
@click.option(
    "--set-aside",
    is_flag=True,
    help="Move damaged files out of the way; publishing the same files again then repairs all versions.",
)
@click.pass_context
def verify(ctx: click.Context, project: Optional[str], sample: Optional[float], set_aside: bool) -> None:
    """Read stored files again and name what is damaged.

    Every missing or changed file is named with the versions that it hits, and every version whose manifest is lost;
    the exit code is then 13.

    To repair a file: publish the same file again, as any product; each version that uses it is whole again. One
    that is damaged must be moved out of the way first (--set-aside), since the store takes it for stored.
    """
    session = ctx.ensure_object(Session)
    output = session.output
    with output.progress("Verifying") as shown:
        report = session.library.upkeep.verify(project, sample=sample, set_aside=set_aside, progress=shown.advance)
    output.answer(report, lambda: _print_verified(output, report))
    if report.damaged or report.missing_manifests:
        ctx.exit(exits.DAMAGE)


@click.command(cls=BifrostCommand, examples=["bifrost gc", "bifrost gc --apply"])
@click.option("--apply", is_flag=True, help="Remove it; without this it is only shown.")
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    metavar="HOURS",
    help="Spare what is younger than so many hours (default: 1).",
)
@click.pass_obj
def gc(session: Session, apply: bool, grace: Optional[float]) -> None:
    """Show, and remove, what no version uses.

    Files of a publish that is under way are never touched.
    """
    fields: dict[str, Any] = {} if grace is None else {"grace_hours": grace}
    report = session.library.upkeep.collect_garbage(apply=apply, **fields)
    session.output.answer(report, lambda: _print_garbage(session.output, report))


@click.command(cls=BifrostCommand, examples=["bifrost doctor"])
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Check settings, database, store and disk.

    Says what to do about each thing it finds; the exit code is 13 when something is a problem.
    """
    from bifrost_core.models.upkeep import HealthLevel

    session = ctx.ensure_object(Session)
    report = _examine(session)
    session.output.answer(report, lambda: _print_health(session.output, report))
    if report.worst is HealthLevel.PROBLEM:
        ctx.exit(exits.DAMAGE)


def _examine(session: Session) -> HealthReport:
    """Return all findings; settings that cannot be read are one too."""
    from bifrost_core.models.upkeep import HealthFinding, HealthLevel, HealthReport

    try:
        address, settings = session.address, session.settings
    except BifrostError as exc:
        finding = HealthFinding(check="settings", level=HealthLevel.PROBLEM, message=exc.message, hint=exc.hint)
        return HealthReport(findings=(finding,))
    from bifrost_core.bootstrap import diagnose

    return diagnose(address, settings)


def _print_verified(output: Output, report: VerifyReport) -> None:
    checked = f"{count(report.blobs, 'file')} ({size_text(report.size)})"
    if not (report.damaged or report.missing_manifests):
        output.done(f"Verified {checked}: all as they were published")
        return
    columns = [Column("DAMAGE", status=True), Column("FILE"), Column("VERSIONS", wraps=True)]
    rows = [
        [item.damage.value, words(item.files) or item.sha256[:12], words(label.reference for label in item.versions)]
        for item in report.damaged
    ]
    rows += [["no manifest", "", label.reference] for label in report.missing_manifests]
    output.table(columns, rows)
    output.line()
    found = [
        (len(report.damaged), "damaged or missing", "damaged or missing"),
        (len(report.missing_manifests), "manifest lost", "manifests lost"),
    ]
    said = words(count(number, one, several) for number, one, several in found if number)
    output.line(f"Verified {checked}: {said}")
    for item in report.damaged:
        if item.set_aside:
            output.line(f"Moved {words(item.files)} to {item.set_aside}")
    in_views = [view for item in report.damaged if not item.set_aside for view in item.views]
    if in_views:
        output.line("Files that show the damage until it is repaired; do not work with them:")
    for view in in_views:
        output.line(f"  {view}")
    _print_advice(output, _repairs(report))


def _repairs(report: VerifyReport) -> Iterator[tuple[str, str]]:
    """Yield each kind of damage that was found, and what to do about it."""
    from bifrost_core.models.upkeep import Damage

    again = "publish the same file again (from a work folder or a backup), as any product: each version that"
    repaired = f"{again} uses it is whole again."
    if any(item.damage is Damage.CORRUPT and not item.set_aside for item in report.damaged):
        yield "corrupt", f"run `bifrost verify --set-aside`, then {repaired}"
    if any(item.set_aside for item in report.damaged):
        yield "set aside", f"{repaired} `bifrost verify` then finds nothing; the moved file can be deleted."
    if any(item.damage is Damage.MISSING for item in report.damaged):
        yield "missing", repaired
    if any(item.damage is Damage.UNREADABLE for item in report.damaged):
        yield "unreadable", "check the disk and the rights to read it, then verify again: the file may be whole."
    if report.missing_manifests:
        yield "no manifest", "`bifrost gc --apply` writes it again; until then `bifrost recover` lacks the version."


def _print_garbage(output: Output, report: GarbageReport) -> None:
    columns = [Column("UNUSED FILE"), Column("SIZE", right=True), Column("STORED")]
    output.table(columns, [[blob.sha256, size_text(blob.size), time_text(blob.stored)] for blob in report.blobs])
    remove, write = ("Removed", "Wrote") if report.applied else ("Would remove", "Would write")
    removed = [
        (len(report.blobs), "unused file", "unused files", f": {size_text(report.size)}"),
        (report.temporary, "temporary file", "temporary files", ""),
        (report.publishes, "abandoned publish", "abandoned publishes", ""),
        (report.views, "folder of the view", "folders of the view", " that no version has any more"),
        (report.documents, "manifest", "manifests", " of purged versions"),
    ]
    changes = [f"{remove} {count(number, one, more)}{rest}" for number, one, more, rest in removed if number]
    if report.manifests:
        changes.append(f"{write} {count(report.manifests, 'manifest')} that the store lacked")
    for line in changes:
        output.line(line)
    if not changes:
        output.done("Nothing to remove")
    _print_kept(output, report)
    if changes and not report.applied:
        output.note("Nothing was changed yet: `bifrost gc --apply` does it.")


def _print_kept(output: Output, report: GarbageReport) -> None:
    if report.kept_views:
        folders = count(len(report.kept_views), "folder")
        output.line(f"Kept {folders} of the view that no version has, since somebody changed files in there:")
    for folder in report.kept_views:
        output.line(f"  {folder}")
    if report.unknown:
        manifests = count(report.unknown, "manifest")
        output.line(f"Kept {manifests} of versions that the database does not know, with the files that they name")
        output.note("If the database was restored from an older backup, `bifrost recover --force` brings them back.")


def _print_health(output: Output, report: HealthReport) -> None:
    columns = [Column("CHECK"), Column("", status=True), Column("FINDING", wraps=True)]
    rows = [[item.check, item.level.value, item.message] for item in report.findings]
    output.table(columns, rows)
    _print_advice(output, [(item.check, item.hint) for item in report.findings if item.hint])


def _print_advice(output: Output, advice: Iterable[tuple[str, str]]) -> None:
    lines = [f"- {about}: {text}" for about, text in advice]
    if lines:
        output.line()
        output.line("What to do:")
    for line in lines:
        output.line(line)
