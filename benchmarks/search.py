"""How fast the search answers, in a library of 10,000 assets and shots with 100,000 versions, and in larger ones.

    python benchmarks/search.py [--times 1 --times 10]

Each row is one question: the first page of 50 hits, in milliseconds; ``first`` is the first call in the process with
nothing in SQLite's cache, ``median`` the middle one of those that follow.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from library_of import RARE_AUTHOR, RARE_WORD, fill
from sqlalchemy import select

from bifrost_core.database.engine import Database
from bifrost_core.database.schema import upgrade
from bifrost_core.database.tables import EntityRow, ProductRow
from bifrost_core.models.base import utc_now
from bifrost_core.models.search import SearchQuery, SearchSort
from bifrost_core.services.context import Context
from bifrost_core.services.search import LocalSearch
from bifrost_core.services.searching.indexing import index_product
from bifrost_core.storage.memory import MemoryBlobStore

ASSETS, PRODUCTS, VERSIONS = 10_000, 3, 100_000
LIMIT = 50.0
QUESTIONS = (
    ("common word", "character"),
    ("common word", "model"),
    ("rare word", RARE_WORD),
    ("two letters", "he"),
    ("one letter", "h"),
    ("two words", "hero eyes"),
    ("phrase", '"fixed the eyes"'),
    ("status only", "status:approved"),
    ("rare author", f"author:{RARE_AUTHOR}"),
    ("author and status", "author:artist03 status:approved"),
    ("kind, status, word", "kind:character status:approved hero"),
    ("tag", "tag:main"),
    ("sequence", "sequence:sq00042"),
    ("without", "old -tag:main -status:pending"),
    ("six letters apart", "a b c d e f"),
    ("everything", ""),
)


def measure(times: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "library.db"
        database = Database.on_file(file, busy_timeout=5)
        upgrade(database)
        started = time.perf_counter()
        fill(database, ASSETS * times, PRODUCTS, VERSIONS * times)
        filled = time.perf_counter() - started
        size = file.stat().st_size / 1e6
        print(
            f"\n{ASSETS * times:,} entities, {VERSIONS * times:,} versions ({size:,.0f} MB, filled in {filled:.0f} s)"
        )
        database.close()
        _ask(Database.on_file(file, busy_timeout=5), rounds)


def _ask(database: Database, rounds: int) -> None:
    search = LocalSearch(Context(database, MemoryBlobStore(), "benchmark"))
    print(f"{'':20} {'question':38} {'sort':10} {'hits':>5} {'first':>8} {'median':>8}")
    for sort in SearchSort:
        for name, question in QUESTIONS:
            query = SearchQuery(text=question, sort=sort)
            spent = []
            for _ in range(rounds):
                started = time.perf_counter()
                hits = len(search.find(query).items)
                spent.append((time.perf_counter() - started) * 1000)
            median = statistics.median(spent[1:])
            mark = "  !" if median > LIMIT else ""
            print(f"{name:20} {question:38} {sort.value:10} {hits:5} {spent[0]:8.1f} {median:8.1f}{mark}")
    print(f"{'indexing a publish':70} {'':5} {'':8} {_index(database, rounds):8.1f}")
    database.close()


def _index(database: Database, rounds: int) -> float:
    """Return the milliseconds that a publish spends on the entry of a product with many versions."""
    spent = []
    with database.writing() as session:
        product = session.scalars(select(ProductRow).order_by(ProductRow.last_number.desc()).limit(1)).one()
        entity = session.get_one(EntityRow, product.entity_id)
        for _ in range(rounds):
            started = time.perf_counter()
            index_product(session, entity, product, utc_now())
            spent.append((time.perf_counter() - started) * 1000)
        print(f"(its product has {product.last_number:,} versions)")
    return statistics.median(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, action="append", help="how many times the size; may be given twice")
    parser.add_argument("--rounds", type=int, default=7, help="how often each question is asked")
    arguments = parser.parse_args()
    for times in arguments.times or [1]:
        measure(times, arguments.rounds)


if __name__ == "__main__":
    main()
