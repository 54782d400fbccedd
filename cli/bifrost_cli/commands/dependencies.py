"""Dependencies on the command line: `deps` and `outdated`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Optional

import click

from bifrost_cli.command import BifrostCommand
from bifrost_cli.completing import ReferenceText
from bifrost_cli.output import Column, Output
from bifrost_cli.session import Session, request
from bifrost_cli.tree import Branch, draw

if TYPE_CHECKING:
    from bifrost_core.models.dependency import DependencyLink, Outdated, VersionLabel
    from bifrost_core.models.product import VersionSummary

__all__ = ["deps", "outdated"]


@click.command(
    cls=BifrostCommand,
    examples=["bifrost deps DEMO/shots/sq010/sh020/comp --tree", "bifrost deps DEMO/assets/chair/model@v002 --used-by"],
)
@click.argument("reference", type=ReferenceText(with_product=True), metavar="REF")
@click.option("--upstream", "direction", flag_value="upstream", default=True, help="What it uses (the default).")
@click.option("--used-by", "direction", flag_value="used_by", help="What uses it.")
@click.option("--all", "everything", is_flag=True, help="All levels, not only the direct ones.")
@click.option("--tree", is_flag=True, help="All levels, drawn as a tree.")
@click.pass_obj
def deps(session: Session, reference: str, direction: str, everything: bool, tree: bool) -> None:
    """Show what a version uses, or what uses it."""
    from bifrost_core.models.dependency import DependencyQuery

    query = request(DependencyQuery, version=reference, direction=direction, recursive=everything or tree)
    output = session.output
    links = session.library.dependencies.list(query)
    used_by = direction == "used_by"
    if tree and not output.json:
        _print_tree(session, reference, links, used_by)
        return
    output.answer({"items": links, "next_cursor": None}, lambda: _print_links(output, links, used_by))
    if not links:
        output.note("Nothing uses it." if used_by else "It uses nothing.")


@click.command(
    cls=BifrostCommand,
    examples=["bifrost outdated DEMO", "bifrost outdated DEMO/shots/sq010/sh020/comp"],
)
@click.argument("where", type=ReferenceText(with_product=True), required=False, metavar="[PROJECT|REF]")
@click.pass_obj
def outdated(session: Session, where: Optional[str]) -> None:
    """List the versions in use that have a newer one.

    Of a project, the newest version of each product counts as in use; of a REF, that version. Without either, all
    projects are looked through.
    """
    from bifrost_core.models.dependency import OutdatedQuery

    dependencies, output = session.library.dependencies, session.output
    if where is None:
        codes = [item.code for item in session.library.projects.list() if not item.archived]
        queries = [request(OutdatedQuery, project=code) for code in codes]
    else:
        queries = [request(OutdatedQuery, **{"version" if "/" in where else "project": where})]
    found = tuple(item for query in queries for item in dependencies.outdated(query))
    output.answer({"items": found, "next_cursor": None}, lambda: _print_outdated(output, found))
    if not found:
        output.note("Everything in use is the newest.")


def _print_links(output: Output, links: Sequence[DependencyLink], used_by: bool) -> None:
    columns = [
        Column("USED BY" if used_by else "USES"),
        Column("STATUS", status=True),
        Column("KIND"),
        Column("LEVEL", right=True),
    ]
    rows = []
    for link in links:
        other = link.user if used_by else link.used
        rows.append([other.reference, other.status, link.kind, str(link.depth)])
    output.table(columns, rows)


def _print_tree(session: Session, reference: str, links: Sequence[DependencyLink], used_by: bool) -> None:
    children: dict[str, list[Branch]] = {}
    for link in links:
        parent, child = (link.used, link.user) if used_by else (link.user, link.used)
        children.setdefault(parent.id, []).append(_branch(child, link.kind))
    if links:
        first = links[0]
        root = first.used if used_by else first.user
        top = _branch(root, "")
    else:
        version = session.library.versions.get(reference)
        top = Branch(version.id, f"{version.reference} ({version.status})")
    output = session.output
    for line in draw(top, children, plain=not output.can_print("└─│├")):
        output.line(line)


def _branch(label: VersionLabel, kind: str) -> Branch:
    said = f"{kind}, {label.status}" if kind else label.status
    return Branch(label.id, f"{label.reference} ({said})")


def _print_outdated(output: Output, found: Sequence[Outdated]) -> None:
    columns = [Column("IN USE"), Column("LATEST"), Column("APPROVED"), Column("USED BY")]
    rows = [
        [item.used.reference, _label(item.latest), _label(item.approved), item.user.reference if item.user else ""]
        for item in found
    ]
    output.table(columns, rows)


def _label(version: Optional[VersionSummary]) -> str:
    return version.version if version else ""
