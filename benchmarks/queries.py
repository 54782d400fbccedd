"""How fast a library answers: lists, look-ups, the outdated check, events; and what one more asset costs.

::

    python benchmarks/queries.py                           # 10,000 assets and shots with 100,000 versions
    python benchmarks/queries.py --times 1 --times 10 --folder LIBRARIES

Each figure is a median of rounds; every round asks about other assets. With two sizes, the notes tell how much more
the larger library costs. A folder keeps the libraries, which take minutes to fill, for the next run.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Callable, Optional

from library_of import PROJECTS, fill
from measuring import Row, median_ms, print_rows, statements_of, tell_machine
from sqlalchemy import func, select

from bifrost_core.bootstrap import DATABASE_NAME, Library, connect, create_library
from bifrost_core.database.tables import EntityRow, EventRow, ProductRow, ProjectRow, VersionRow
from bifrost_core.models.asset import AssetCreate, AssetQuery
from bifrost_core.models.dependency import DependencyQuery, Direction, OutdatedQuery
from bifrost_core.models.event import EventQuery
from bifrost_core.models.search import SearchQuery
from bifrost_core.models.shot import ShotQuery
from bifrost_core.models.version import ResolveRequest, VersionQuery
from bifrost_core.services.lookup import entity_path
from bifrost_core.services.paging import encode_cursor
from bifrost_core.settings import Settings

ASSETS, PRODUCTS, VERSIONS = 10_000, 3, 100_000
BATCH = 500


@dataclass(frozen=True)
class Question:
    """One thing to ask; ``ask`` is told the number of the round."""

    what: str
    ask: Callable[[int], object]
    limit: Optional[float] = None


@dataclass(frozen=True)
class Answer:
    """What it cost: milliseconds and statements."""

    milliseconds: float
    statements: int


class Sample:
    """Assets, shots, products and versions of a library, picked by chance but the same ones each time."""

    def __init__(self, library: Library, count: int) -> None:
        chance = random.Random(7)
        with library.database.reading() as session:
            size = session.scalar(select(func.count()).select_from(ProductRow)) or 0
            numbers = sorted(chance.sample(range(1, size + 1), min(count, size)))
            ids = [f"{4:02x}{number:030x}" for number in numbers]
            rows: list[Any] = []
            for start in range(0, len(ids), BATCH):
                rows += session.execute(
                    select(ProjectRow, EntityRow, ProductRow)
                    .join(EntityRow, EntityRow.project_id == ProjectRow.id)
                    .join(ProductRow, ProductRow.entity_id == EntityRow.id)
                    .where(ProductRow.id.in_(ids[start : start + BATCH]), ProductRow.latest_id.is_not(None))
                ).all()
            products = [product.id for _, _, product in rows]
            firsts: dict[str, str] = {}
            for start in range(0, len(products), BATCH):
                query = select(VersionRow.product_id, VersionRow.id).where(
                    VersionRow.product_id.in_(products[start : start + BATCH]), VersionRow.number == 1
                )
                firsts.update((product, version) for product, version in session.execute(query))
            self.last_event = session.scalar(select(func.max(EventRow.id))) or 0
        chance.shuffle(rows)
        self.entities = [entity_path(project, entity) for project, entity, _ in rows]
        self.assets = [path for path in self.entities if "/assets/" in path]
        self.cursors = [encode_cursor(entity.path_key) for _, entity, _ in rows if entity.type == "asset"]
        self.projects = [project.code for project, entity, _ in rows if entity.type == "asset"]
        self.products = [f"{entity_path(project, entity)}/{product.name}" for project, entity, product in rows]
        self.versions = [firsts[product.id] for _, _, product in rows]

    def batch(self, values: list[str], number: int) -> tuple[str, ...]:
        """Return 500 of the values, others in each round."""
        start = number * 97 % max(len(values) - BATCH, 1)
        return tuple(values[start : start + BATCH])


def questions(library: Library, sample: Sample) -> tuple[Question, ...]:
    """Return what is asked."""
    return (*_lists(library, sample), *_look_ups(library, sample), *_links(library, sample), *_changes(library))


def _lists(library: Library, sample: Sample) -> Iterator[Question]:
    assets, shots, versions = library.assets, library.shots, library.versions

    def page(number: int, kind: Optional[str] = None, tag: Optional[str] = None) -> object:
        cursor = None if tag else sample.cursors[number]
        project = sample.projects[number]
        return assets.list(AssetQuery(project=project, kind=kind, tag=tag, with_products=True, cursor=cursor))

    yield Question("50 assets with their latest versions", page, 30)
    yield Question("50 characters with their latest versions", lambda number: page(number, kind="character"), 30)
    yield Question("50 assets of a tag", lambda number: page(number, tag="stunt"))
    yield Question(
        "50 shots with their latest versions",
        lambda number: shots.list(ShotQuery(project=PROJECTS[number % len(PROJECTS)], with_products=True)),
        30,
    )
    yield Question(
        "the shots of one sequence",
        lambda number: shots.list(ShotQuery(project=PROJECTS[0], sequence=f"sq{number % 25:05d}")),
    )
    yield Question("the versions on an asset", lambda number: versions.list(VersionQuery(entity=sample.assets[number])))
    for what, text in (
        ("a common word", "model"),
        ("two words", "hero eyes"),
        ("kind, status and a word", "kind:character status:approved hero"),
        ("a tag", "tag:main"),
    ):
        yield Question(f"search: {what}", partial(_found, library, SearchQuery(text=text)), 50)


def _found(library: Library, query: SearchQuery, _number: int) -> object:
    return library.search.find(query)


def _look_ups(library: Library, sample: Sample) -> Iterator[Question]:
    versions = library.versions
    latest = [f"{path}@latest" for path in sample.products]
    mixed = [f"{path}@{('latest', 'v001')[index % 2]}" for index, path in enumerate(sample.products)]
    yield Question("an asset with its products", lambda number: library.assets.get(sample.assets[number]))
    yield Question("a version by reference", lambda number: versions.get(latest[number]))
    yield Question("a version by id", lambda number: versions.get(sample.versions[number]))
    yield Question(
        "500 references resolved, with their files",
        lambda number: versions.resolve(ResolveRequest(references=sample.batch(mixed, number))),
    )


def _links(library: Library, sample: Sample) -> Iterator[Question]:
    links = library.dependencies
    references = [f"{path}@v001" for path in sample.products]
    yield Question(
        "500 loaded versions, which are outdated (by id)",
        lambda number: links.outdated(OutdatedQuery(versions=sample.batch(sample.versions, number))),
        50,
    )
    yield Question(
        "outdated uses in the newest versions of a project",
        lambda number: links.outdated(OutdatedQuery(project=PROJECTS[number % len(PROJECTS)])),
    )
    yield Question(
        "500 loaded versions, which are outdated (by reference)",
        lambda number: links.outdated(OutdatedQuery(versions=sample.batch(references, number))),
    )

    def follow(direction: Direction) -> Callable[[int], object]:
        return lambda number: links.list(
            DependencyQuery(version=sample.versions[number], direction=direction, recursive=True)
        )

    yield Question("all that a version uses, over any steps", follow(Direction.UPSTREAM))
    yield Question("all that use a version, over any steps", follow(Direction.USED_BY))
    yield Question(
        "100 events after a cursor",
        lambda number: library.events.list(EventQuery(after=max(sample.last_event - 1000 + number, 0))),
    )
    yield Question(
        "100 events of a project after a cursor",
        lambda number: library.events.list(
            EventQuery(after=max(sample.last_event // 2 + number, 0), project=PROJECTS[1])
        ),
    )


def _changes(library: Library) -> Iterator[Question]:
    run = uuid.uuid4().hex[:10]
    yield Question(
        "one more asset, durable, with its manifest",
        lambda number: library.assets.create(AssetCreate(project=PROJECTS[0], name=f"new_{run}_{number}")),
    )


def open_library(folder: Path, times: int) -> Library:
    """Return the library of that size in a folder; fill it if it is not there."""
    root = folder / f"times{times}"
    settings = Settings()
    if (root / DATABASE_NAME).is_file():
        return connect(str(root), settings)
    started = time.perf_counter()
    with create_library(str(root), settings) as library:
        fill(library.database, ASSETS * times, PRODUCTS, VERSIONS * times)
    size = (root / DATABASE_NAME).stat().st_size / 1e6
    print(
        f"filled {ASSETS * times:,} assets and shots with {VERSIONS * times:,} versions: {size:,.0f} MB "
        f"in {time.perf_counter() - started:.0f} s",
        flush=True,
    )
    return connect(str(root), settings)


def ask(library: Library, rounds: int) -> dict[str, Answer]:
    """Ask everything, and return what it cost by its name."""
    sample = Sample(library, 3000)
    answers: dict[str, Answer] = {}
    for question in questions(library, sample):
        spent = median_ms(question.ask, rounds)
        with statements_of(library.database.engine) as statements:
            question.ask(rounds + 1)
        answers[question.what] = Answer(spent, statements.count)
    return answers


def limits(library: Library) -> dict[str, Optional[float]]:
    """Return what was promised for each question, in milliseconds."""
    return {question.what: question.limit for question in questions(library, Sample(library, 3000))}


def rows(found: list[dict[str, Answer]], promised: dict[str, Optional[float]]) -> list[Row]:
    """Return a row for each question: its cost in the first library, and the ratio of the last one to it."""
    answers = []
    for what, limit in promised.items():
        first, last = found[0][what], found[-1][what]
        queries = f"{first.statements} {'query' if first.statements == 1 else 'queries'}"
        larger = f", {last.milliseconds:.1f} ms in the largest: {last.milliseconds / first.milliseconds:.1f}x"
        answers.append(Row(what, first.milliseconds, "ms", limit, queries + (larger if len(found) > 1 else "")))
    return answers


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, action="append", help="how many times the size; may be given twice")
    parser.add_argument("--rounds", type=int, default=25, help="how often each question is asked")
    parser.add_argument("--folder", type=Path, help="where the libraries are kept (default: a new folder, removed)")
    return parser.parse_args()


def measure(times: list[int], rounds: int, folder: Optional[Path] = None) -> list[Row]:
    """Ask libraries of several sizes and return the table."""
    with ExitStack() as stack:
        here = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = []
        promised: dict[str, Optional[float]] = {}
        for factor in times:
            with open_library(here, factor) as library:
                found.append(ask(library, rounds))
                promised = limits(library)
    return rows(found, promised)


def main() -> None:
    given = arguments()
    times = given.times or [1]
    sizes = " and ".join(
        f"{ASSETS * factor:,} assets and shots with {VERSIONS * factor:,} versions" for factor in times
    )
    print_rows(f"{sizes} ({tell_machine()})", measure(times, given.rounds, given.folder))


if __name__ == "__main__":
    main()
