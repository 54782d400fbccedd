"""Tasks on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

import click

from bifrost_cli.command import BifrostGroup
from bifrost_cli.completing import ReferenceText
from bifrost_cli.entities import all_pages, archived_filter
from bifrost_cli.output import Column
from bifrost_cli.session import Session, request
from bifrost_cli.wording import words
from bifrost_core.errors import NotFound

if TYPE_CHECKING:
    from bifrost_core.models.task import Task

__all__ = ["task"]

_ENTITY = click.argument("entity", type=ReferenceText(with_product=False), metavar="ENTITY")
_TYPE = click.argument("type", metavar="TYPE")


@click.group(cls=BifrostGroup, subcommand_metavar="COMMAND ...")
def task() -> None:
    """Create, list and change tasks.

    A task is a piece of work on an asset or a shot; there is one of each type: modeling, rigging, animation, ...
    """


@task.command("create", examples=["bifrost task create DEMO/assets/hero modeling --assign mia"])
@_ENTITY
@_TYPE
@click.option("--assign", "assignees", multiple=True, metavar="LOGIN", help="Who works on it; may be repeated.")
@click.option("--status", metavar="STATUS", help="todo, wip, review, done or your own word (default: todo).")
@click.pass_obj
def create(session: Session, entity: str, type: str, assignees: tuple[str, ...], status: Optional[str]) -> None:
    """Create a task on an asset or a shot."""
    from bifrost_core.models.task import TaskCreate

    order = request(TaskCreate, entity=entity, type=type, status=status, assignees=assignees or None)
    made = session.library.tasks.create(order)
    session.output.answer(made, lambda: session.output.done(f"Created task {made.type} on {made.entity}"))


@task.command("list", examples=["bifrost task list DEMO --mine", "bifrost task list DEMO/assets/hero"])
@click.argument("where", type=ReferenceText(with_product=False), required=False, metavar="[PROJECT|ENTITY]")
@click.option("--mine", is_flag=True, help="Only those that are assigned to you.")
@click.option("--assignee", metavar="LOGIN", help="Only those that are assigned to this login.")
@click.option("--type", metavar="TYPE", help="Only those of this type.")
@click.option("--status", metavar="STATUS", help="Only those with this status.")
@click.option("--archived", is_flag=True, help="Those that are archived.")
@click.option("--all", "everything", is_flag=True, help="The archived ones too.")
@click.pass_obj
def list_tasks(
    session: Session,
    where: Optional[str],
    mine: bool,
    assignee: Optional[str],
    type: Optional[str],
    status: Optional[str],
    archived: bool,
    everything: bool,
) -> None:
    """List tasks of the library, of a project, or of an asset or shot."""
    from bifrost_core.models.query import MAXIMUM_PAGE
    from bifrost_core.models.task import TaskQuery

    query = request(
        TaskQuery,
        null={"archived"},
        **{"entity" if where and "/" in where else "project": where},
        type=type,
        status=status,
        assignee=session.settings.user_login() if mine else assignee,
        archived=archived_filter(archived, everything),
        limit=MAXIMUM_PAGE,
    )
    tasks, output = session.library.tasks, session.output
    found = all_pages(lambda cursor: tasks.list(query.model_copy(update={"cursor": cursor})))
    columns = [Column("ENTITY"), Column("TASK"), Column("STATUS", status=True), Column("ASSIGNED", flexible=True)]
    rows = [[item.entity, item.type, item.status, words(item.assignees)] for item in found]
    output.answer({"items": found, "next_cursor": None}, lambda: output.table(columns, rows))
    if not found:
        output.note("No task to show.")


@task.command("update", examples=["bifrost task update DEMO/assets/hero modeling --status done"])
@_ENTITY
@_TYPE
@click.option("--status", metavar="STATUS", help="todo, wip, review, done or your own word.")
@click.option(
    "--assign", "assignees", multiple=True, metavar="LOGIN", help="Who works on it from now; may be repeated."
)
@click.option("--unassign", is_flag=True, help="Nobody works on it.")
@click.option("--archive/--restore", "archived", default=None, help="Put it away, or bring it back.")
@click.pass_obj
def update(
    session: Session,
    entity: str,
    type: str,
    status: Optional[str],
    assignees: tuple[str, ...],
    unassign: bool,
    archived: Optional[bool],
) -> None:
    """Change a task; what is not given stays as it is."""
    if unassign and assignees:
        raise click.UsageError("--assign and --unassign exclude each other.")
    from bifrost_core.models.task import TaskUpdate

    given = () if unassign else assignees or None
    changes = request(TaskUpdate, status=status, assignees=given, archived=archived)
    changed = session.library.tasks.update(_find(session, entity, type).id, changes)
    verb = {None: "Updated", True: "Archived", False: "Restored"}[archived]
    said = f"{verb} task {changed.type} on {changed.entity}: {changed.status}"
    session.output.answer(changed, lambda: session.output.done(said))


def _find(session: Session, entity: str, type: str) -> Task:
    from bifrost_core.models.task import TaskQuery

    query = request(TaskQuery, null={"archived"}, entity=entity, type=type, archived=None)
    found = session.library.tasks.list(query).items
    if not found:
        raise NotFound(
            f"There is no task “{type}” on {entity}.", hint=f"Create it: bifrost task create {entity} {type}"
        )
    return found[0]
