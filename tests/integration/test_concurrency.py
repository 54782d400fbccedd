"""Many processes on one library: publishers, clean-up, verification and readers at the same time."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Union

import pytest

from bifrost_core.bootstrap import Library, connect, create_library
from bifrost_core.errors import AlreadyExists, BifrostError
from bifrost_core.models.asset import AssetCreate, AssetQuery
from bifrost_core.models.event import EventQuery
from bifrost_core.models.layout import view_paths
from bifrost_core.models.project import ProjectCreate
from bifrost_core.models.reference import parse_entity
from bifrost_core.models.version import StatusChange, VersionListing, VersionQuery
from bifrost_core.settings import Settings
from bifrost_core.workflows.loading import load
from bifrost_core.workflows.orders import PublishOrder
from bifrost_core.workflows.publishing import publish

SETTINGS = Settings(login="tester", busy_timeout=120)
ENTITY = "DEMO/assets/hero"
FILES = 4
SECONDS = 10.0

Work = Callable[..., Any]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a library with one asset."""
    with create_library(str(tmp_path / "library"), SETTINGS) as library:
        library.projects.create(ProjectCreate(code="DEMO"))
        library.assets.create(AssetCreate(project="DEMO", name="hero"))
    return tmp_path / "library"


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    # Fresh processes, as on every system: a fork would share what the tests have open.
    with ProcessPoolExecutor(8, mp_context=multiprocessing.get_context("spawn")) as made:
        for future in [made.submit(_ready) for _ in range(8)]:
            future.result()
        yield made


def _ready() -> bool:
    import bifrost_core.workflows.collecting

    return bool(bifrost_core.workflows.collecting.THUMBNAIL)


def _at_once(pool: ProcessPoolExecutor, work: Sequence[tuple[Union[Work, Any], ...]]) -> list[Any]:
    """Run functions with their arguments side by side; each also gets the time to begin at."""
    begin = time.time() + 0.3
    return [future.result() for future in [pool.submit(act, begin, *args) for act, *args in work]]


def _wait(begin: float) -> None:
    time.sleep(max(0.0, begin - time.time()))


def _order(folder: Path, token: str, product: str = "model") -> PublishOrder:
    """Return an order for a folder of files whose content tells the token."""
    files = folder / token
    files.mkdir(parents=True)
    for number in range(FILES):
        (files / f"part{number}.bin").write_bytes(f"{token} {number} ".encode() * (1000 * number + 1))
    return PublishOrder(ENTITY, product, representations={"cache": files}, comment=token, token=token)


def _publish_many(begin: float, root: Path, folder: Path, name: str, count: int) -> list[tuple[str, int]]:
    made = []
    with connect(str(root), SETTINGS) as library:
        _wait(begin)
        for number in range(count):
            token = f"{name}-{number:06d}"
            result = publish(library, library.store, _order(folder, token), view=library.view)
            assert result.warnings == (), result.warnings
            made.append((token, result.version.number))
    return made


def _publish_for(begin: float, root: Path, folder: Path, name: str, seconds: float) -> list[tuple[str, int]]:
    made: list[tuple[str, int]] = []
    with connect(str(root), SETTINGS) as library:
        _wait(begin)
        while time.time() < begin + seconds:
            token = f"{name}-{len(made):06d}"
            result = publish(library, library.store, _order(folder, token), view=library.view)
            assert result.warnings == (), result.warnings
            made.append((token, result.version.number))
    return made


def _publish_token(begin: float, root: Path, folder: Path, name: str, token: str) -> int:
    with connect(str(root), SETTINGS) as library:
        order = _order(folder / name, token)
        _wait(begin)
        return publish(library, library.store, order, view=library.view).version.number


def _create_asset(begin: float, root: Path, name: str) -> str:
    with connect(str(root), SETTINGS) as library:
        _wait(begin)
        try:
            return library.assets.create(AssetCreate(project="DEMO", name=name)).id
        except AlreadyExists as exc:
            return exc.code


def _clean_for(begin: float, root: Path, seconds: float) -> int:
    rounds = 0
    with connect(str(root), SETTINGS) as library:
        _wait(begin)
        while time.time() < begin + seconds:
            assert library.upkeep.collect_garbage(apply=True, grace_hours=0).applied
            rounds += 1
    return rounds


def _verify_for(begin: float, root: Path, seconds: float) -> int:
    rounds = 0
    with connect(str(root), SETTINGS) as library:
        _wait(begin)
        while time.time() < begin + seconds:
            assert library.upkeep.verify().damaged == ()
            rounds += 1
    return rounds


def _review_for(begin: float, root: Path, seconds: float) -> int:
    """Give versions statuses in turn: approved, rejected, archived and back."""
    changes = 0
    with connect(str(root), SETTINGS) as library:
        _wait(begin)
        while time.time() < begin + seconds:
            for item in _listed(library)[:5]:
                status = ("approved", "rejected", "archived", "pending")[changes % 4]
                assert library.versions.set_status(StatusChange(version=item.id, status=status)).status == status
                changes += 1
    return changes


def _litter_for(begin: float, root: Path, seconds: float) -> int:
    """Store what nobody will use, for the clean-up."""
    import io

    count = 0
    with connect(str(root), SETTINGS) as library:
        _wait(begin)
        while time.time() < begin + seconds:
            library.store.put(io.BytesIO(os.urandom(3000)))
            count += 1
            time.sleep(0.02)
    return count


def _read_for(begin: float, root: Path, out: Path, seconds: float) -> int:
    """List and load again and again; every version that is seen must be whole, and none that was seen may go."""
    seen: dict[int, str] = {}
    last_event = 0
    with connect(str(root), SETTINGS) as library:
        _wait(begin)
        while time.time() < begin + seconds:
            listed = {item.number: item.id for item in _listed(library)}
            assert sorted(listed) == list(range(1, len(listed) + 1))
            assert seen.items() <= listed.items()
            for number in sorted(listed.keys() - seen.keys()) or sorted(listed)[-1:]:
                _check_loaded(library, number)
            seen = listed
            events = library.events.list(EventQuery(after=last_event, limit=500))
            ids = [event.id for event in events]
            assert ids == sorted(set(ids))
            last_event = ids[-1] if ids else last_event
    return len(seen)


def _check_loaded(library: Library, number: int) -> None:
    result = load(library, library.store, library.view, f"{ENTITY}/model@v{number:03d}")
    contents = [path.read_bytes() for path in result.paths]
    files = [file for item in result.representations for file in item.files]
    assert len(contents) == FILES
    assert [hashlib.sha256(content).hexdigest() for content in contents] == [file.sha256 for file in files]
    assert all(content.startswith(result.version.comment.encode()) for content in contents)


def _listed(library: Library, product: str = "model") -> list[VersionListing]:
    found: list[VersionListing] = []
    cursor = None
    while True:
        query = VersionQuery(entity=ENTITY, cursor=cursor, limit=100)
        page = library.versions.list(query)
        found += [item for item in page.items if item.product == product]
        cursor = page.next_cursor
        if cursor is None:
            return found


def _check_all(root: Path, made: Sequence[tuple[str, int]]) -> None:
    """Check that the versions are exactly those that were made, and whole."""
    with connect(str(root), SETTINGS) as library:
        assert sorted(number for _, number in made) == list(range(1, len(made) + 1))
        comments = {item.number: item.comment for item in _listed(library)}
        assert comments == {number: token for token, number in made}
        entity = parse_entity(ENTITY)
        for token, number in made:
            version = library.versions.get(f"{ENTITY}/model@v{number:03d}")
            for item in version.representations:
                for path, file in zip(view_paths(entity, "model", number, item), item.files):
                    shown = library.view.root.joinpath(*path.parts)
                    assert hashlib.sha256(shown.read_bytes()).hexdigest() == file.sha256, token
        assert library.upkeep.verify().damaged == ()
        published = [event.subject for event in _events(library) if event.topic == "version.published"]
        assert len(published) == len(set(published)) == len(made)


def _events(library: Library) -> Iterator[Any]:
    after = 0
    while True:
        events = library.events.list(EventQuery(after=after, limit=500))
        if not events:
            return
        yield from events
        after = events[-1].id


@pytest.mark.slow
def test_numbers_are_1_to_200_when_8_processes_publish_25_versions_each(
    pool: ProcessPoolExecutor, root: Path, tmp_path: Path
) -> None:
    work = [(_publish_many, root, tmp_path / f"p{process}", f"process{process}", 25) for process in range(8)]
    made = [item for part in _at_once(pool, work) for item in part]
    assert len(made) == 200
    _check_all(root, made)


def test_one_version_is_made_when_processes_publish_with_one_token(
    pool: ProcessPoolExecutor, root: Path, tmp_path: Path
) -> None:
    made = []
    for number in range(1, 6):
        token = f"shared-{number:04d}"
        work = [(_publish_token, root, tmp_path, f"p{process}", token) for process in range(4)]
        assert set(_at_once(pool, work)) == {number}
        made.append((token, number))
    _check_all(root, made)


def test_one_wins_and_the_others_hear_so_when_processes_create_one_name(pool: ProcessPoolExecutor, root: Path) -> None:
    for number in range(5):
        names = [f"Lamp{number}", f"lamp{number}", f"LAMP{number}", f"lAMP{number}"]
        answers = Counter(_at_once(pool, [(_create_asset, root, name) for name in names]))
        assert answers.pop("already_exists") == 3
        assert list(answers.values()) == [1]
    with connect(str(root), SETTINGS) as library:
        assert len(library.assets.list(AssetQuery(project="DEMO")).items) == 6


@pytest.mark.slow
def test_nothing_is_lost_or_half_when_all_work_at_once(pool: ProcessPoolExecutor, root: Path, tmp_path: Path) -> None:
    _publish_many(0, root, tmp_path / "first", "first", 1)
    work: list[tuple[Any, ...]] = [
        (_publish_for, root, tmp_path / "p1", "publisher1", SECONDS),
        (_publish_for, root, tmp_path / "p2", "publisher2", SECONDS),
        (_publish_for, root, tmp_path / "p3", "publisher3", SECONDS),
        (_litter_for, root, SECONDS),
        (_clean_for, root, SECONDS),
        (_verify_for, root, SECONDS),
        (_review_for, root, SECONDS),
        (_read_for, root, tmp_path / "out", SECONDS),
    ]
    first, second, third, litter, rounds, verified, changes, seen = _at_once(pool, work)
    assert min(len(first), len(second), len(third), litter, rounds, verified, changes, seen) > 0
    made = [("first-000000", 1), *first, *second, *third]
    _check_all(root, made)
    with connect(str(root), SETTINGS) as library:
        library.upkeep.collect_garbage(apply=True, grace_hours=0)
        used = {
            file.sha256
            for item in _listed(library)
            for representation in library.versions.get(item.id).representations
            for file in representation.files
        }
        assert {blob.sha256 for blob in library.store.list()} == used


def test_waiting_ends_with_an_error_that_may_be_retried_when_the_database_stays_locked(root: Path) -> None:
    import sqlite3

    blocker = sqlite3.connect(root / "library.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        with connect(str(root), Settings(login="tester", busy_timeout=0.2)) as library:
            with pytest.raises(BifrostError) as caught:
                library.assets.create(AssetCreate(project="DEMO", name="lamp"))
            assert (caught.value.code, caught.value.retryable) == ("database_unavailable", True)
            assert len(library.assets.list(AssetQuery(project="DEMO")).items) == 1
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()


def test_clean_up_spares_what_a_publish_is_writing_when_it_has_no_grace(root: Path, tmp_path: Path) -> None:
    source = tmp_path / "cache.bin"
    source.write_bytes(os.urandom(6 << 20))
    cleaned: list[bool] = []
    with connect(str(root), SETTINGS) as library, connect(str(root), SETTINGS) as other:

        def clean(done: int, total: int, phase: str) -> None:
            if phase == "storing" and 0 < done < total and not cleaned:
                cleaned.append(True)
                time.sleep(0.05)
                other.upkeep.collect_garbage(apply=True, grace_hours=0)

        order = PublishOrder(ENTITY, "model", representations={"cache": source}, token="clean-up-0001")
        result = publish(library, library.store, order, view=library.view, progress=clean)
        assert cleaned == [True]
        assert result.warnings == ()
        assert library.upkeep.verify().damaged == ()
