"""Looking after a library: `verify`, `gc` and `doctor`."""

from __future__ import annotations

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


@click.command(cls=BifrostCommand, examples=["bifrost verify", "bifrost verify DEMO --sample 10%"])
@click.argument("project", required=False, metavar="[PROJECT]")
@click.option(
    "--sample", type=Percentage(), metavar="PERCENT", help="Only so many of the files, chosen by chance: 10%."
)
@click.pass_context
def verify(ctx: click.Context, project: Optional[str], sample: Optional[float]) -> None:
    """Read stored files again and name what is damaged.

    Every missing or changed file is named with the versions that it hits; the exit code is then 13.
    """
    session = ctx.ensure_object(Session)
    output = session.output
    with output.progress("Verifying") as shown:
        report = session.library.upkeep.verify(project, sample=sample, progress=shown.advance)
    output.answer(report, lambda: _print_verified(output, report))
    if report.damaged:
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
    """Return all findings; a library that cannot even be opened is one too."""
    from bifrost_core.models.upkeep import HealthFinding, HealthLevel, HealthReport

    try:
        library = session.library
    except BifrostError as exc:
        finding = HealthFinding(check="library", level=HealthLevel.PROBLEM, message=exc.message, hint=exc.hint)
        return HealthReport(findings=(finding,))
    return library.upkeep.health()


def _print_verified(output: Output, report: VerifyReport) -> None:
    checked = f"{count(report.blobs, 'file')} ({size_text(report.size)})"
    if not report.damaged:
        output.done(f"Verified {checked}: all as they were published")
        return
    columns = [Column("DAMAGE", status=True), Column("FILE"), Column("VERSIONS", wraps=True)]
    rows = [
        [item.damage.value, words(item.files) or item.sha256[:12], words(label.reference for label in item.versions)]
        for item in report.damaged
    ]
    output.table(columns, rows)
    output.line()
    output.line(f"Verified {checked}: {len(report.damaged):,} damaged")


def _print_garbage(output: Output, report: GarbageReport) -> None:
    columns = [Column("UNUSED FILE"), Column("SIZE", right=True), Column("STORED")]
    output.table(columns, [[blob.sha256, size_text(blob.size), time_text(blob.stored)] for blob in report.blobs])
    found = [
        (len(report.blobs), "unused file"),
        (report.temporary, "temporary file"),
        (report.publishes, "abandoned publish"),
        (report.views, "outdated view folder"),
    ]
    listed = words(
        count(number, noun, f"{noun}es" if noun.endswith("sh") else None) for number, noun in found if number
    )
    if not listed:
        output.done("Nothing to remove")
        return
    verb = "Removed" if report.applied else "Would remove"
    output.line(f"{verb} {listed}: {size_text(report.size)}")
    if not report.applied:
        output.note("Nothing was removed yet: add --apply.")


def _print_health(output: Output, report: HealthReport) -> None:
    columns = [Column("CHECK"), Column("", status=True), Column("FINDING", wraps=True)]
    rows = [[item.check, item.level.value, item.message] for item in report.findings]
    output.table(columns, rows)
    advice = [item for item in report.findings if item.hint]
    if advice:
        output.line()
        output.line("What to do:")
    for item in advice:
        output.line(f"- {item.check}: {item.hint}")
