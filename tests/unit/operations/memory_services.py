"""A small working library in memory: projects, assets and users are real, nothing else is there."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from bifrost_core.errors import AlreadyExists, NotFound, StaleWrite, StorageUnavailable, from_wire
from bifrost_core.models.asset import Asset, AssetCreate, AssetQuery, AssetUpdate
from bifrost_core.models.base import new_id, utc_now
from bifrost_core.models.names import name_key
from bifrost_core.models.project import Project, ProjectCreate, ProjectUpdate
from bifrost_core.models.query import Page
from bifrost_core.models.reference import parse_entity
from bifrost_core.models.user import User, UserCreate, UserUpdate
from bifrost_core.operations.assets import Assets
from bifrost_core.operations.catalogue import Services
from bifrost_core.operations.client import client_services
from bifrost_core.operations.declaration import Operation
from bifrost_core.operations.dispatcher import Dispatcher
from bifrost_core.operations.projects import Projects
from bifrost_core.operations.users import Users


class MemoryProjects(Projects):
    def __init__(self) -> None:
        self.by_key: dict[str, Project] = {}

    def create(self, request: ProjectCreate) -> Project:
        if name_key(request.code) in self.by_key:
            raise AlreadyExists(f"There is a project “{request.code}” already.", details={"code": request.code})
        project = Project(
            id=new_id(), archived=False, revision=1, created=utc_now(), created_by="anna", **request.model_dump()
        )
        self.by_key[name_key(project.code)] = project
        return project

    def list(self) -> tuple[Project, ...]:
        return tuple(self.by_key[key] for key in sorted(self.by_key))

    def get(self, project: str) -> Project:
        try:
            return self.by_key[name_key(project)]
        except KeyError:
            raise NotFound(f"There is no project “{project}”.", hint="See `bifrost project list`.") from None

    def update(self, project: str, changes: ProjectUpdate) -> Project:
        old = self.get(project)
        if changes.revision not in (None, old.revision):
            raise StaleWrite("It was changed.", details={"revision": old.revision})
        given = {field: getattr(changes, field) for field in changes.model_fields_set if field != "revision"}
        self.by_key[name_key(project)] = old.model_copy(update={**given, "revision": old.revision + 1})
        return self.get(project)


class MemoryAssets(Assets):
    def __init__(self, projects: MemoryProjects) -> None:
        self.projects = projects
        self.by_path: dict[str, Asset] = {}

    def create(self, request: AssetCreate) -> Asset:
        self.projects.get(request.project)
        asset = Asset(
            id=new_id(),
            path=f"{request.project}/assets/{request.name}",
            archived=False,
            revision=1,
            created=utc_now(),
            created_by="anna",
            **request.model_dump(),
        )
        self.by_path[name_key(asset.path)] = asset
        return asset

    def list(self, query: AssetQuery) -> Page[Asset]:
        start = int(query.cursor or 0)
        wanted = [
            asset
            for asset in self.by_path.values()
            if name_key(asset.project) == name_key(query.project) and query.archived in (None, asset.archived)
        ]
        rest = len(wanted) > start + query.limit
        return Page[Asset](
            items=tuple(wanted[start : start + query.limit]), next_cursor=str(start + query.limit) if rest else None
        )

    def get(self, asset: str) -> Asset:
        found = self.by_path.get(name_key(str(parse_entity(asset))))
        if found is None:
            raise NotFound(f"There is no asset “{asset}”.")
        return found

    def update(self, asset: str, changes: AssetUpdate) -> Asset:
        old = self.get(asset)
        given = {field: getattr(changes, field) for field in changes.model_fields_set}
        self.by_path[name_key(old.path)] = old.model_copy(update=given)
        return self.get(asset)


class FaultyUsers(Users):
    """Each of its operations goes wrong in a way of its own."""

    def create(self, request: UserCreate) -> User:
        raise StorageUnavailable("The store is gone.", details={"login": request.login})

    def list(self) -> tuple[User, ...]:
        raise ZeroDivisionError("secret of the server: hunter2")

    def get(self, login: str) -> User:
        return "no user"  # type: ignore[return-value]

    def update(self, login: str, changes: UserUpdate) -> User:
        raise RuntimeError(login)


def memory_services() -> Services:
    """Return the library; what it lacks raises LookupError."""

    def lacking(item: Operation, arguments: dict[str, Any]) -> Any:
        raise LookupError(item.name)

    projects = MemoryProjects()
    return dataclasses.replace(
        client_services(lacking), projects=projects, assets=MemoryAssets(projects), users=FaultyUsers()
    )


def loopback(services: Services) -> Services:
    """Return a client of ``services`` that speaks to them through a dispatcher and JSON text, both ways."""
    dispatcher = Dispatcher(services)

    def call(item: Operation, arguments: dict[str, Any]) -> Any:
        request = json.dumps({"operation": item.name, "arguments": arguments}, allow_nan=False)
        answer = json.loads(json.dumps(dispatcher.handle(json.loads(request)), allow_nan=False))
        if "error" in answer:
            raise from_wire(answer["error"])
        return answer["result"]

    return client_services(call)
