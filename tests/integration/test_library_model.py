"""A library against a simple model of one: whatever is done in whatever order, both answer the same."""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Optional

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from library_model import Model, ModelEntity, ModelProduct, ModelProject, ModelVersion

from bifrost_core.bootstrap import Library, connect, create_library, recover_library
from bifrost_core.errors import AlreadyExists, Conflict, InUse, NotFound, PublishRejected
from bifrost_core.models.asset import AssetCreate, AssetQuery, AssetUpdate
from bifrost_core.models.dependency import DependencyQuery, Direction, OutdatedQuery
from bifrost_core.models.event import EventQuery
from bifrost_core.models.names import name_key
from bifrost_core.models.project import ProjectCreate, ProjectUpdate
from bifrost_core.models.publish import PublishBegin, PublishState
from bifrost_core.models.search import SearchQuery
from bifrost_core.models.shot import ShotCreate, ShotQuery, ShotUpdate
from bifrost_core.models.task import TaskCreate, TaskQuery, TaskUpdate
from bifrost_core.models.version import StatusChange, VersionQuery
from bifrost_core.settings import Settings
from bifrost_core.storage.local import LocalBlobStore
from bifrost_core.storage.registry import file_store_url
from bifrost_core.testing.services.making import publish
from bifrost_core.workflows.loading import load

SETTINGS = Settings(login="tester")
EVERYTHING = os.environ.get("BIFROST_AMS_TEST_EVERYTHING", "") not in ("", "0")

CODES = st.sampled_from(["DEMO", "demo", "NORTH", "Été"])
NAMES = st.sampled_from(["hero", "Hero", "villain", "lamp", "crate"])
PRODUCTS = st.sampled_from(["model", "Model", "rig", "lookdev"])
STATUSES = st.sampled_from(["pending", "approved", "rejected", "archived"])
TASKS = st.sampled_from(["modeling", "Modeling", "rigging"])
CONTENTS = st.integers(0, 5).map(lambda number: b"" if number == 0 else bytes([number]) * (number * 1000))
NUMBERS = st.integers(0, 1000)
ARCHIVED = st.sampled_from([False, False, False, True])
FILES = st.dictionaries(st.sampled_from(["a.bin", "b.bin", "c/d.bin"]), CONTENTS, min_size=1)
USES = st.lists(NUMBERS, max_size=2)


class LibraryMachine(RuleBasedStateMachine):
    """Does the same to a library and to the model."""

    def __init__(self, template: Path, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        shutil.copytree(template, folder / "library0")
        self.library = connect(str(folder / "library0"), SETTINGS)
        self.model = Model()
        self.counter = itertools.count(1)
        self.open_tokens: list[tuple[str, ModelEntity]] = []
        self.last_event = 0
        self.expected_topics: list[str] = []
        self.all_events: list[dict[str, Any]] = []

    def teardown(self) -> None:
        self.library.close()
        shutil.rmtree(self.folder)

    def _pick(self, items: list[Any], number: int) -> Any:
        return items[number % len(items)]

    def _changed(self, topic: str) -> None:
        self.expected_topics.append(topic)

    @initialize()
    def begin_with_something(self) -> None:
        self.create_project("DEMO")
        for type_, name in (("asset", "hero"), ("shot", "villain"), ("asset", "lamp")):
            self.create_entity(0, type_, name)
        self.publish_version(0, "model", {"a.bin": b"hero"}, [])
        self.publish_version(1, "rig", {"a.bin": b"villain"}, [0])

    # --- projects ----------------------------------------------------------------------------------------------------

    @rule(code=CODES)
    def create_project(self, code: str) -> None:
        if any(name_key(item.code) == name_key(code) for item in self.model.projects):
            with pytest.raises(AlreadyExists):
                self.library.projects.create(ProjectCreate(code=code))
            return
        project = self.library.projects.create(ProjectCreate(code=code))
        self.model.projects.append(ModelProject(project.id, project.code))
        self._changed("project.created")

    @precondition(lambda self: self.model.projects)
    @rule(number=NUMBERS, code=CODES)
    def rename_project(self, number: int, code: str) -> None:
        project = self._pick(self.model.projects, number)
        others = [item for item in self.model.projects if item is not project]
        if any(name_key(item.code) == name_key(code) for item in others):
            with pytest.raises(AlreadyExists):
                self.library.projects.update(project.code, ProjectUpdate(code=code))
            return
        changed = self.library.projects.update(project.code, ProjectUpdate(code=code))
        assert changed.id == project.id
        if changed.code != project.code:
            self._changed("project.updated")
        project.code = changed.code

    @precondition(lambda self: self.model.projects)
    @rule(number=NUMBERS, archived=ARCHIVED)
    def archive_project(self, number: int, archived: bool) -> None:
        project = self._pick(self.model.projects, number)
        assert self.library.projects.update(project.id, ProjectUpdate(archived=archived)).archived == archived
        if project.archived != archived:
            self._changed("project.updated")
        project.archived = archived

    # --- assets and shots --------------------------------------------------------------------------------------------

    def _is_taken(self, project: ModelProject, type_: str, name: str, but: Optional[ModelEntity] = None) -> bool:
        return any(
            item.project is project and item.type == type_ and name_key(item.name) == name_key(name)
            for item in self.model.entities
            if item is not but
        )

    @precondition(lambda self: self.model.projects)
    @rule(number=NUMBERS, type_=st.sampled_from(["asset", "shot"]), name=NAMES)
    def create_entity(self, number: int, type_: str, name: str) -> None:
        project = self._pick(self.model.projects, number)

        def create() -> Any:
            if type_ == "asset":
                return self.library.assets.create(AssetCreate(project=project.code, name=name))
            return self.library.shots.create(ShotCreate(project=project.code, sequence="sq010", name=name))

        if project.archived or self._is_taken(project, type_, name):
            with pytest.raises(Conflict if project.archived else AlreadyExists):
                create()
            return
        entity = create()
        self.model.entities.append(ModelEntity(entity.id, project, type_, entity.name))
        assert entity.path == self.model.entities[-1].path
        self._changed(f"{type_}.created")

    def _update(self, entity: ModelEntity, **changes: Any) -> Any:
        if entity.type == "asset":
            return self.library.assets.update(entity.path, AssetUpdate(**changes))
        return self.library.shots.update(entity.path, ShotUpdate(**changes))

    @precondition(lambda self: self.model.entities)
    @rule(number=NUMBERS, name=NAMES)
    def rename_entity(self, number: int, name: str) -> None:
        entity = self._pick(self.model.entities, number)
        if self._is_taken(entity.project, entity.type, name, but=entity):
            with pytest.raises(AlreadyExists):
                self._update(entity, name=name)
            return
        changed = self._update(entity, name=name)
        assert changed.id == entity.id
        if entity.name != name:
            self._changed(f"{entity.type}.updated")
        entity.name = name
        assert changed.path == entity.path

    @precondition(lambda self: self.model.entities)
    @rule(number=NUMBERS, archived=ARCHIVED)
    def archive_entity(self, number: int, archived: bool) -> None:
        entity = self._pick(self.model.entities, number)
        assert self._update(entity, archived=archived).archived == archived
        if entity.archived != archived:
            self._changed(f"{entity.type}.updated")
        entity.archived = archived

    # --- tasks -------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.model.entities)
    @rule(number=NUMBERS, type_=TASKS, status=st.sampled_from(["todo", "wip", "done"]))
    def create_and_change_task(self, number: int, type_: str, status: str) -> None:
        entity = self._pick(self.model.entities, number)
        known = {name_key(known): known for known in entity.tasks}
        if name_key(type_) in known:
            with pytest.raises(AlreadyExists):
                self.library.tasks.create(TaskCreate(entity=entity.path, type=type_))
        else:
            task = self.library.tasks.create(TaskCreate(entity=entity.path, type=type_))
            entity.tasks[type_] = (task.id, task.status)
            self._changed("task.created")
        self._change_task(entity, known.get(name_key(type_), type_), status)

    def _change_task(self, entity: ModelEntity, type_: str, status: str) -> None:
        task_id, before = entity.tasks[type_]
        assert self.library.tasks.update(task_id, TaskUpdate(status=status)).status == status
        if before != status:
            self._changed("task.updated")
        entity.tasks[type_] = (task_id, status)

    # --- versions ----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.model.entities)
    @rule(number=NUMBERS, product=PRODUCTS, contents=FILES, depends=USES)
    def publish_version(self, number: int, product: str, contents: dict[str, bytes], depends: list[int]) -> None:
        entity = self._pick(self.model.entities, number)
        known = self.model.product(entity, product)
        named = {self._pick(self.model.order, item)[1].id for item in depends} if self.model.order else set()
        token = f"token-{next(self.counter):06d}"

        def act() -> Any:
            return publish(
                self.library, self.library.store, entity.path, product, {"cache": contents},
                depends=sorted(named), token=token, comment=token,
            )  # fmt: skip

        if entity.archived or entity.project.archived:
            with pytest.raises(Conflict):
                act()
            return
        if any(self.model.leads_to(key, known) for key in named):
            with pytest.raises(PublishRejected):
                act()
            self.library.publishes.abort(token)
            return
        made = act()
        if known is None:
            known = ModelProduct(entity, product)
            self.model.products.append(known)
        version = ModelVersion(made.id, known.last + 1, token, contents, {(key, "reference") for key in named})
        sized = {hashlib.sha256(content).hexdigest() for content in contents.values() if content}
        version.uses |= {(key, "content") for key in self.model.recognised(known, sized, named)}
        assert (made.number, made.status, made.product) == (version.number, "pending", known.name)
        known.last = version.number
        known.versions[version.number] = version
        self.model.order.append((known, version))
        self._changed("version.published")

    @precondition(lambda self: self.model.products)
    @rule(number=NUMBERS, contents=FILES, depends=USES)
    def publish_next_version(self, number: int, contents: dict[str, bytes], depends: list[int]) -> None:
        product = self._pick(self.model.products, number)
        self.publish_version(self.model.entities.index(product.entity), product.name, contents, depends)

    @precondition(lambda self: self.model.order)
    @rule(number=NUMBERS, depends=USES)
    def publish_the_same_content(self, number: int, depends: list[int]) -> None:
        product, version = self._pick(self.model.order, number)
        self.publish_version(self.model.entities.index(product.entity), product.name, version.contents, depends)

    @precondition(lambda self: self.model.order)
    @rule(number=NUMBERS)
    def publish_again_with_the_same_token(self, number: int) -> None:
        product, version = self._pick(self.model.order, number)
        if not version.token or product.entity.archived or product.entity.project.archived:
            return
        again = publish(
            self.library, self.library.store, product.entity.path, product.name, {"cache": version.contents},
            token=version.token,
        )  # fmt: skip
        assert (again.id, again.number) == (version.id, version.number)

    @precondition(lambda self: self.model.order)
    @rule(number=NUMBERS, status=STATUSES)
    def change_status(self, number: int, status: str) -> None:
        product, version = self._pick(self.model.order, number)
        reference = f"{product.reference}@v{version.number:03d}"
        assert self.library.versions.set_status(StatusChange(version=reference, status=status)).status == status
        if version.status != status:
            self._changed("version.status_changed")
        version.status = status

    @precondition(lambda self: self.model.order)
    @rule(number=NUMBERS)
    def purge(self, number: int) -> None:
        archived = [item for item in self.model.order if item[1].status == "archived"]
        product, version = self._pick(archived if archived and number % 4 else self.model.order, number)
        is_used = any(version.id in {used for used, _ in item.uses} for _, item in self.model.order)
        if version.status != "archived" or is_used:
            with pytest.raises(Conflict if version.status != "archived" else InUse):
                self.library.versions.purge(version.id)
            return
        self.library.versions.purge(version.id)
        del product.versions[version.number]
        self.model.order.remove((product, version))
        with pytest.raises(NotFound):
            self.library.versions.get(f"{product.reference}@v{version.number:03d}")
        self._changed("version.purged")

    # --- publishes that do not end -----------------------------------------------------------------------------------

    @rule(number=NUMBERS)
    def begin_or_abort(self, number: int) -> None:
        entities = [item for item in self.model.entities if not (item.archived or item.project.archived)]
        if self.open_tokens and number % 2:
            self._abort(*self.open_tokens.pop(number % len(self.open_tokens)))
        elif entities:
            self._begin(self._pick(entities, number))

    def _begin(self, entity: ModelEntity) -> None:
        token = f"token-{next(self.counter):06d}"
        self.library.publishes.begin(PublishBegin(token=token, entity=entity.path, product="model"))
        self.library.store.put(io.BytesIO(token.encode()))
        self.open_tokens.append((token, entity))

    def _abort(self, token: str, entity: ModelEntity) -> None:
        publish_ = self.library.publishes.get(token)
        assert (publish_.state, publish_.entity, publish_.version) == (PublishState.OPEN, entity.path, None)
        self.library.publishes.abort(token)

    # --- questions ---------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.model.order)
    @rule(number=NUMBERS, name=NAMES)
    def ask(self, number: int, name: str) -> None:
        product, version = self._pick(self.model.order, number)
        for selector in ("latest", "approved"):
            self._resolve(product, selector)
        for direction in Direction:
            self._follow_dependencies(version, direction)
        self._ask_for_outdated(version)
        self._search_by_name(name)

    def _resolve(self, product: ModelProduct, selector: str) -> None:
        expected = product.selected(selector)
        if expected is None:
            with pytest.raises(NotFound):
                self.library.versions.get(f"{product.reference}@{selector}")
        else:
            assert self.library.versions.get(f"{product.reference}@{selector}").id == expected.id

    @precondition(lambda self: self.model.order)
    @rule(number=NUMBERS)
    def load_version(self, number: int) -> None:
        product, version = self._pick(self.model.order, number)
        reference = f"{product.reference}@v{version.number:03d}"
        result = load(self.library, self.library.store, self.library.view, reference)
        names = [file.name for item in result.representations for file in item.files]
        assert {name: path.read_bytes() for name, path in zip(names, result.paths)} == version.contents

    def _follow_dependencies(self, version: ModelVersion, direction: Direction) -> None:
        upstream = direction is Direction.UPSTREAM

        def ends(recursive: bool) -> set[str]:
            query = DependencyQuery(version=version.id, direction=direction, recursive=recursive)
            return {(link.used if upstream else link.user).id for link in self.library.dependencies.list(query)}

        users = {item.id for _, item in self.model.order if version.id in {used for used, _ in item.uses}}
        assert ends(recursive=False) == ({used for used, _ in version.uses} if upstream else users)
        assert ends(recursive=True) == self.model.reach({version.id}, direction)

    def _ask_for_outdated(self, version: ModelVersion) -> None:
        expected = {}
        for used, _ in version.uses:
            product, old = self.model.home(used)
            newer = [product.selected("latest"), product.selected("approved")]
            ids = [item.id if item is not None and item.number > old.number else None for item in newer]
            if any(ids):
                expected[used] = ids
        answers = self.library.dependencies.outdated(OutdatedQuery(version=version.id))
        found = {
            item.used.id: [item.latest.id if item.latest else None, item.approved.id if item.approved else None]
            for item in answers
        }
        assert found == expected

    def _search_by_name(self, name: str) -> None:
        hits = self.library.search.find(SearchQuery(text=f"type:asset {name}", limit=500)).items
        assert {hit.id for hit in hits} == {
            item.id
            for item in self.model.entities
            if item.type == "asset"
            and name_key(item.name) == name_key(name)
            and not (item.archived or item.project.archived)
        }

    # --- upkeep ------------------------------------------------------------------------------------------------------

    @rule()
    def verify(self) -> None:
        report = self.library.upkeep.verify()
        assert report.damaged == ()
        assert report.blobs == len(self._used_digests())

    @rule()
    def clean_up(self) -> None:
        self.library.upkeep.collect_garbage(apply=True, grace_hours=0)
        stored = {blob.sha256 for blob in self.library.store.list()}
        if self.open_tokens:
            uploaded = {hashlib.sha256(token.encode()).hexdigest() for token, _ in self.open_tokens}
            assert stored >= self._used_digests() | uploaded
        else:
            assert stored == self._used_digests()

    def _used_digests(self) -> set[str]:
        return {digest for _, version in self.model.order for digest in version.digests}

    @rule(move_there=st.booleans())
    def recover(self, move_there: bool) -> None:
        assert isinstance(self.library.store, LocalBlobStore)
        target = self.folder / f"library{next(self.counter)}"
        report = recover_library(str(target), SETTINGS, store=file_store_url(self.library.store.root))
        assert (report.skipped, report.missing_blobs) == ((), ())
        assert report.versions == len(self.model.order)
        with connect(str(target), SETTINGS) as recovered:
            assert _snapshot(recovered) == _snapshot(self.library)
        if move_there:
            self.library.close()
            self.library = connect(str(target), SETTINGS)
            # Publishes and events are no part of what the store remembers.
            self.open_tokens.clear()
            for _, version in self.model.order:
                version.token = ""
            self.all_events = []
            self.last_event = 0
            self.expected_topics = ["library.recovered"]
        else:
            shutil.rmtree(target)

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def events_are_those_of_the_changes(self) -> None:
        new = self.library.events.list(EventQuery(after=self.last_event, limit=500))
        assert [event.topic for event in new] == self.expected_topics
        self.expected_topics = []
        # Of what was written only the project's code follows a rename.
        self.all_events += [event.model_dump(exclude={"project"}) for event in new]
        self.last_event = new[-1].id if new else self.last_event
        again = self.library.events.list(EventQuery(limit=500))
        assert [event.model_dump(exclude={"project"}) for event in again] == self.all_events[:500]

    @invariant()
    def versions_are_those_of_the_model(self) -> None:
        for entity in self.model.entities:
            own = [item for item in self.model.products if item.entity is entity]
            expected = [
                (product.name, version.number, version.id, version.status)
                for product in sorted(own, key=lambda item: name_key(item.name))
                for version in sorted(product.versions.values(), key=lambda item: -item.number)
            ]
            page = self.library.versions.list(VersionQuery(entity=entity.id, limit=500))
            assert [(item.product, item.number, item.id, item.status) for item in page.items] == expected


def _snapshot(library: Library) -> dict[str, Any]:
    """Return all that people see of a library, but for its events."""
    projects = library.projects.list()
    found: dict[str, Any] = {"projects": projects, "users": library.users.list()}
    for project in projects:
        assets = library.assets.list(AssetQuery(project=project.code, archived=None, with_products=True, limit=500))
        shots = library.shots.list(ShotQuery(project=project.code, archived=None, with_products=True, limit=500))
        tasks = library.tasks.list(TaskQuery(project=project.code, archived=None, limit=500))
        found[project.id] = (assets.items, shots.items, tasks.items)
        for entity in (*assets.items, *shots.items):
            for item in library.versions.list(VersionQuery(entity=entity.id, limit=500)).items:
                links = library.dependencies.list(DependencyQuery(version=item.id))
                uses = sorted((link.used.id, link.kind) for link in links)
                found[item.id] = (library.versions.get(item.id), uses)
    hits = library.search.find(SearchQuery(text="", limit=500)).items
    found["search"] = sorted((hit.type, hit.id, hit.reference) for hit in hits)
    return found


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """An empty library, to be copied: migrations take longer than everything else."""
    with create_library(str(tmp_path / "template"), SETTINGS):
        pass
    return tmp_path / "template"


def _machines(template: Path, folder: Path) -> Callable[[], LibraryMachine]:
    numbers: Iterator[int] = itertools.count()

    def make() -> LibraryMachine:
        own = folder / f"machine{next(numbers)}"
        own.mkdir()
        return LibraryMachine(template, own)

    return make


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_library_answers_as_the_model_does_whatever_is_done(template: Path, tmp_path: Path) -> None:
    examples, steps = (80, 60) if EVERYTHING else (10, 60)
    run_state_machine_as_test(
        _machines(template, tmp_path), settings=settings(max_examples=examples, stateful_step_count=steps)
    )
