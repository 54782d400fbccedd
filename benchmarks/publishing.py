"""What a publish costs beside its bytes: begin and commit of one small version, by one process and by several at once.

::

    python benchmarks/publishing.py                         # 1 and 8 processes, 100 publishes each
    python benchmarks/publishing.py --library LIBRARY       # in a library that is full already

All processes publish to one product, the worst case. Each publish is durable: when it returns, the version with its
event is on the disk, and its manifest lies in the store.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any, Optional

from measuring import Row, milliseconds, percentile, print_rows, statements_of, tell_machine

from bifrost_core.bootstrap import Library, connect, create_library
from bifrost_core.errors import AlreadyExists
from bifrost_core.models.asset import AssetCreate
from bifrost_core.models.files import File, Representation
from bifrost_core.models.project import ProjectCreate
from bifrost_core.models.publish import PublishBegin, PublishCommit
from bifrost_core.settings import Settings

PROJECT, ASSET = "BENCH", "hero"
ENTITY = f"{PROJECT}/assets/{ASSET}"


def open_library(path: Path) -> Library:
    """Open a library for writing as the command line does: patient with other writers."""
    return connect(str(path), Settings())


def prepare(path: Path) -> Representation:
    """Make the library if need be, the asset, and the one file that all versions have."""
    with create_library(str(path), Settings()) as library:
        for make in (
            lambda: library.projects.create(ProjectCreate(code=PROJECT)),
            lambda: library.assets.create(AssetCreate(project=PROJECT, name=ASSET)),
        ):
            try:
                make()
            except AlreadyExists:
                continue
        stored = library.store.put(io.BytesIO(b"a small model\n" * 1000))
    return Representation(name="usd", files=(File(name="hero.usd", size=stored.size, sha256=stored.sha256),))


def publish_once(library: Library, representation: Representation) -> None:
    """Begin and commit one version."""
    token = uuid.uuid4().hex
    library.publishes.begin(PublishBegin(token=token, entity=ENTITY, product="model"))
    library.publishes.commit(PublishCommit(token=token, representations=(representation,)))


def work(path: Path, representation: Representation, count: int) -> dict[str, Any]:
    """Publish some versions; tell how many milliseconds each took, and from when to when it all was."""
    with open_library(path) as library:
        publish_once(library, representation)
        begin = time.time()
        spent = [milliseconds(publish_once, library, representation) for _ in range(count)]
        return {"spent": spent, "begin": begin, "end": time.time()}


def at_once(path: Path, representation: Representation, processes: int, count: int) -> tuple[list[float], float]:
    """Publish from several processes at the same time; return the milliseconds of each, and the versions a second."""
    command = [sys.executable, __file__, "--child", str(path), representation.model_dump_json(), "--count", str(count)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    answers = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise SystemExit("A publishing process failed; its error stands above.")
    found = [json.loads(answer) for answer in answers]
    spent = [value for answer in found for value in answer["spent"]]
    seconds = max(answer["end"] for answer in found) - min(answer["begin"] for answer in found)
    return spent, len(spent) / seconds


def fsync_ms(folder: Path, rounds: int = 30) -> float:
    """Return the median cost of making a small file durable here: a publish has to pay several of those."""
    path = folder / f"fsync-{uuid.uuid4().hex}"

    def write() -> None:
        with path.open("ab") as stream:
            stream.write(b"x" * 4096)
            stream.flush()
            os.fsync(stream.fileno())

    try:
        return percentile((milliseconds(write) for _ in range(rounds)), 0.5)
    finally:
        path.unlink(missing_ok=True)


def rows(path: Path, processes: tuple[int, ...], count: int) -> list[Row]:
    """Measure in a library and return the table."""
    representation = prepare(path)
    found = [Row("write and fsync of 4 KB, median", fsync_ms(path), "ms")]
    with open_library(path) as library:
        publish_once(library, representation)
        with statements_of(library.database.engine) as statements:
            publish_once(library, representation)
    for number in processes:
        spent, rate = at_once(path, representation, number, max(count // number, 10))
        who = "1 process" if number == 1 else f"{number} processes to one product"
        note = f"{rate:.0f} versions a second" + (f", {statements.count} statements each" if number == 1 else "")
        found.append(Row(f"begin and commit by {who}, p50", percentile(spent, 0.5), "ms", note=note))
        found.append(Row(f"begin and commit by {who}, p99", percentile(spent, 0.99), "ms"))
    return found


def measure(library: Optional[Path], count: int) -> list[Row]:
    """Measure in that library, or in a new one."""
    if library is not None:
        return rows(library, (1, 8), count)
    with tempfile.TemporaryDirectory() as folder:
        return rows(Path(folder), (1, 8), count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, help="where to publish (default: a new library, removed)")
    parser.add_argument("--count", type=int, default=100, help="how many publishes, over all processes")
    parser.add_argument("--child", nargs=2, metavar=("LIBRARY", "FILES"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        path, text = given.child
        print(json.dumps(work(Path(path), Representation.model_validate_json(text), given.count)))
        return
    print_rows(f"Publishing, without the bytes ({tell_machine()})", measure(given.library, given.count))


if __name__ == "__main__":
    main()
