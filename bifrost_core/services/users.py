"""Users."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import UserRow
from bifrost_core.errors import AlreadyExists, NotFound
from bifrost_core.models.base import new_id
from bifrost_core.models.names import name_key
from bifrost_core.models.user import User, UserCreate, UserUpdate
from bifrost_core.operations.users import Users
from bifrost_core.services.context import Context
from bifrost_core.services.reading import as_user
from bifrost_core.services.revisions import apply_changes

__all__ = ["LocalUsers"]


class LocalUsers(Users):
    """Users in the database."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(self, request: UserCreate) -> User:
        with self._context.changing() as change:
            key = name_key(request.login)
            if change.session.scalar(select(UserRow.id).where(UserRow.login_key == key)):
                raise AlreadyExists(f"There is a user “{request.login}” already.", details={"login": request.login})
            row = UserRow(
                id=new_id(), login_key=key, active=True, revision=1, created=change.time, **request.model_dump()
            )
            change.session.add(row)
            change.document(row)
            change.record("user.created", project_id=None, subject=row.id, reference=row.login)
            return as_user(row)

    def list(self) -> tuple[User, ...]:
        with self._context.reading() as session:
            return tuple(as_user(row) for row in session.scalars(select(UserRow).order_by(UserRow.login_key)))

    def get(self, login: str) -> User:
        with self._context.reading() as session:
            return as_user(_find(session, login))

    def update(self, login: str, changes: UserUpdate) -> User:
        with self._context.changing() as change:
            row = _find(change.session, login)
            changed = apply_changes(row, changes, f"The user “{row.login}”")
            if changed:
                change.document(row)
                change.record("user.updated", project_id=None, subject=row.id, reference=row.login, **changed)
            return as_user(row)


def _find(session: Session, login: str) -> UserRow:
    row = session.scalar(select(UserRow).where(UserRow.login_key == name_key(login)))
    if row is None:
        raise NotFound(f"There is no user “{login}”.", details={"login": login})
    return row
