"""What `load` costs beyond Python's start: the first in a process and later ones, of one file and of a sequence.

    python benchmarks/loading.py [--count 1000]

Loads are by link, on the file system of the library. "New" asks for a version that is not in the view yet.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import Row, milliseconds, percentile, print_rows, tell_machine

from bifrost_core.bootstrap import Library, connect, create_library
from bifrost_core.models.asset import AssetCreate
from bifrost_core.models.project import ProjectCreate
from bifrost_core.settings import Settings
from bifrost_core.workflows.loading import load
from bifrost_core.workflows.publishing import PublishOrder, publish

__all__ = ["measure"]

ENTITY = "DEMO/assets/chair"
MODEL = f"{ENTITY}/model"
FIRSTS = 9


def prepare(folder: Path, count: int) -> None:
    """Make a library with versions of one file, none of them in the view, and a sequence."""
    with create_library(str(folder), Settings()) as library:
        library.projects.create(ProjectCreate(code="DEMO"))
        library.assets.create(AssetCreate(project="DEMO", name="chair"))
        model = folder / "chair.obj"
        for number in range(40):
            model.write_bytes(f"v {number} 0 0\n".encode() * 20_000)
            publish(library, library.store, PublishOrder(ENTITY, "model", files=(model,)))
        frames = folder / "frames"
        frames.mkdir()
        for number in range(count):
            (frames / f"turn.{1001 + number}.exr").write_bytes(f"frame {number}\n".encode() * 1000)
        publish(library, library.store, PublishOrder(ENTITY, "turntable", files=(frames,)))


def load_files(library: Library, reference: str) -> None:
    """Load as the command does."""
    load(library, library.store, library.view, reference)


def first_load(folder: str, reference: str) -> None:
    """Open the library and load; printed in milliseconds, the imports left out."""

    def whole() -> None:
        with connect(folder, Settings()) as library:
            load_files(library, reference)

    print(json.dumps(milliseconds(whole)))


def firsts(folder: Path) -> list[float]:
    """Load another version from a new process each time."""
    found = []
    for number in range(FIRSTS + 1):
        command = [sys.executable, __file__, "--child", str(folder), f"{MODEL}@v{number + 1:03d}"]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        found.append(float(json.loads(answer.stdout)))
    return found[1:]


def measure(count: int) -> list[Row]:
    """Measure in a new library and return the table."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        prepare(folder, count)
        first = firsts(folder)
        with connect(text, Settings()) as library:
            new = [milliseconds(load_files, library, f"{MODEL}@v{number:03d}") for number in range(20, 40)]
            again = [milliseconds(load_files, library, f"{MODEL}@v{number:03d}") for number in range(20, 40)]
            sequence = milliseconds(load_files, library, f"{ENTITY}/turntable")
            sequence_again = percentile(
                (milliseconds(load_files, library, f"{ENTITY}/turntable") for _ in range(5)), 0.5
            )
        return [
            Row("connect and load one file, first in a process, new", percentile(first, 0.5), "ms", 50),
            Row("load one file, new", percentile(new, 0.5), "ms", 50),
            Row("load one file, in the view already", percentile(again, 0.5), "ms", 50),
            Row(f"load a sequence of {count:,} frames, new", sequence, "ms"),
            Row(f"load a sequence of {count:,} frames, in the view already", sequence_again, "ms"),
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="frames of the sequence")
    parser.add_argument("--child", nargs=2, metavar=("LIBRARY", "REFERENCE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        first_load(*given.child)
        return
    print_rows(f"Loading by link ({tell_machine()})", measure(given.count))


if __name__ == "__main__":
    main()
