"""Users on the command line."""

from __future__ import annotations

from typing import Optional

import click

from bifrost_cli.command import BifrostGroup
from bifrost_cli.output import Column
from bifrost_cli.session import Session, request

__all__ = ["user"]

_LOGIN = click.argument("login", metavar="LOGIN")
_NAME = click.option("--name", metavar="TEXT", help="The full name.")
_EMAIL = click.option("--email", metavar="ADDRESS", help="The mail address.")


@click.group(cls=BifrostGroup, subcommand_metavar="COMMAND ...")
def user() -> None:
    """List and change users.

    Whoever publishes becomes a user by that; nobody has to be created first.
    """


@user.command("list", examples=["bifrost user list"])
@click.pass_obj
def list_users(session: Session) -> None:
    """List the users of the library."""
    output = session.output
    found = session.library.users.list()
    columns = [Column("LOGIN"), Column("NAME"), Column("EMAIL", flexible=True)]
    rows = [[item.login, item.name + ("" if item.active else " (inactive)"), item.email] for item in found]
    output.answer({"items": found, "next_cursor": None}, lambda: output.table(columns, rows))


@user.command("create", examples=["bifrost user create mia --name 'Mia Berg'"])
@_LOGIN
@_NAME
@_EMAIL
@click.pass_obj
def create(session: Session, login: str, name: Optional[str], email: Optional[str]) -> None:
    """Create a user."""
    from bifrost_core.models.user import UserCreate

    made = session.library.users.create(request(UserCreate, login=login, name=name, email=email))
    session.output.answer(made, lambda: session.output.done(f"Created user {made.login}"))


@user.command("update", examples=["bifrost user update mia --name 'Mia Berg'"])
@_LOGIN
@_NAME
@_EMAIL
@click.option("--active/--inactive", default=None, help="Whether they still work here.")
@click.pass_obj
def update(session: Session, login: str, name: Optional[str], email: Optional[str], active: Optional[bool]) -> None:
    """Change a user; what is not given stays as it is."""
    from bifrost_core.models.user import UserUpdate

    changed = session.library.users.update(login, request(UserUpdate, name=name, email=email, active=active))
    session.output.answer(changed, lambda: session.output.done(f"Updated user {changed.login}"))
