"""The contract of users."""

from __future__ import annotations

import pytest

from bifrost_core.errors import AlreadyExists, NotFound, StaleWrite
from bifrost_core.models.user import UserCreate, UserUpdate
from bifrost_core.operations.catalogue import Services
from bifrost_core.testing.services.making import make_project

__all__ = ["UsersContract"]


class UsersContract:
    """What users promise."""

    def test_a_created_user_is_found_in_any_letter_case(self, services: Services) -> None:
        made = services.users.create(UserCreate(login="Anna@studio.example", name="Anna"))
        assert services.users.get("anna@STUDIO.example") == made
        assert made in services.users.list()
        with pytest.raises(AlreadyExists):
            services.users.create(UserCreate(login="anna@studio.example"))

    def test_who_changes_something_is_a_user(self, services: Services) -> None:
        project = make_project(services)
        assert services.users.get(project.created_by).active

    def test_a_user_is_changed(self, services: Services) -> None:
        made = services.users.create(UserCreate(login="anna"))
        changed = services.users.update("anna", UserUpdate(name="Anna", active=False, revision=made.revision))
        assert (changed.name, changed.active) == ("Anna", False)
        with pytest.raises(StaleWrite):
            services.users.update("anna", UserUpdate(name="x", revision=made.revision))
        with pytest.raises(NotFound):
            services.users.update("nobody", UserUpdate(name="x"))
