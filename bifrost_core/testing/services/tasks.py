"""The contract of tasks."""

from __future__ import annotations

import pytest

from bifrost_core.errors import AlreadyExists, NotFound, StaleWrite
from bifrost_core.models.task import TaskCreate, TaskQuery, TaskUpdate
from bifrost_core.operations.catalogue import Services
from bifrost_core.storage.port import BlobStore
from bifrost_core.testing.services.making import make_asset, make_project, make_shot, publish

__all__ = ["TasksContract"]


class TasksContract:
    """What tasks promise."""

    def test_a_created_task_is_found(self, services: Services) -> None:
        make_project(services)
        make_asset(services)
        made = services.tasks.create(TaskCreate(entity="DEMO/assets/hero", type="rigging", assignees=("anna",)))
        assert services.tasks.get(made.id) == made
        assert (made.entity, made.status, made.assignees) == ("DEMO/assets/hero", "todo", ("anna",))
        with pytest.raises(NotFound):
            services.tasks.get("nowhere")

    def test_an_entity_has_one_task_of_a_type(self, services: Services) -> None:
        make_project(services)
        make_asset(services)
        services.tasks.create(TaskCreate(entity="DEMO/assets/hero", type="rigging"))
        with pytest.raises(AlreadyExists):
            services.tasks.create(TaskCreate(entity="DEMO/assets/hero", type="Rigging"))

    def test_tasks_are_filtered_and_paged(self, services: Services) -> None:
        make_project(services)
        make_asset(services)
        make_shot(services)
        for entity, kind, who in (
            ("DEMO/assets/hero", "modeling", ("anna",)),
            ("DEMO/assets/hero", "rigging", ("ben", "anna")),
            ("DEMO/shots/sq010/sh010", "animation", ()),
        ):
            services.tasks.create(TaskCreate(entity=entity, type=kind, assignees=who))

        def types(**query: object) -> list[str]:
            return [task.type for task in services.tasks.list(TaskQuery(**query)).items]

        assert types() == ["modeling", "rigging", "animation"]
        assert types(assignee="ANNA") == ["modeling", "rigging"]
        assert types(entity="DEMO/shots/sq010/sh010") == ["animation"]
        assert types(type="rigging", project="demo") == ["rigging"]
        first = services.tasks.list(TaskQuery(limit=2))
        rest = services.tasks.list(TaskQuery(limit=2, cursor=first.next_cursor))
        assert [task.type for task in first.items + rest.items] == types()
        assert rest.next_cursor is None

    def test_a_task_changes_its_status(self, services: Services) -> None:
        make_project(services)
        make_asset(services)
        made = services.tasks.create(TaskCreate(entity="DEMO/assets/hero", type="rigging"))
        changed = services.tasks.update(made.id, TaskUpdate(status="wip", revision=made.revision))
        assert services.tasks.list(TaskQuery(status="wip")).items == (changed,)
        with pytest.raises(StaleWrite):
            services.tasks.update(made.id, TaskUpdate(status="done", revision=made.revision))

    def test_a_publish_names_a_task_that_exists(self, services: Services, store: BlobStore) -> None:
        make_project(services)
        make_asset(services)
        services.tasks.create(TaskCreate(entity="DEMO/assets/hero", type="rigging"))
        assert publish(services, store, task="rigging").task == "rigging"
        with pytest.raises(NotFound, match="lighting"):
            publish(services, store, task="lighting")
