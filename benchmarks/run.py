"""All measurements, one after the other, in one table.

::

    python benchmarks/run.py                                # about five minutes
    python benchmarks/run.py --quick                        # smaller files, one minute; the ratios are rougher
    python benchmarks/run.py --times 1 --times 10 --folder LIBRARIES
    python benchmarks/run.py --only queries --only startup

Nothing here is a test: figures depend on the machine and on what else it does. The limits are those of the project.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import loading
import publishing
import queries
import sequences
import startup
from measuring import Row, print_rows, tell_machine


def _bytes(given: argparse.Namespace) -> list[Row]:
    """Run the benchmark of the blob store and return its figures as rows."""
    script = Path(__file__).with_name("publish_bytes.py")
    sizes = ["--big", "256", "--count", "1000", "--repeats", "3"] if given.quick else []
    answer = subprocess.run([sys.executable, script, *sizes, "--json"], check=True, capture_output=True, text=True)
    found: dict[str, dict[str, Any]] = json.loads(answer.stdout)
    limits = {"one big file": 1.25, "many small files": 1.5}
    rows = []
    for name, figures in found.items():
        rows += [
            Row(f"{name}: cp and sync", figures["cp_sync"], "s"),
            Row(f"{name}: store", figures["put"], "s"),
            Row(f"{name}: store / cp and sync", figures["ratio"], "x", limits.get(name)),
            Row(f"{name}: store again, unchanged", figures["again"], "s", note=f"{figures['again_written']} B written"),
            Row(f"{name}: peak memory", figures["peak_mib"], "MiB", 150),
        ]
    return rows


_SECTIONS: dict[str, tuple[str, Callable[[argparse.Namespace], list[Row]]]] = {
    "startup": ("From Enter to the prompt", lambda given: startup.measure(7 if given.quick else 15)),
    "loading": ("Loading by link", lambda given: loading.measure(200 if given.quick else 1000)),
    "queries": (
        f"A library of {queries.ASSETS:,} assets and shots with {queries.VERSIONS:,} versions",
        lambda given: queries.measure(given.times or [1], 15, given.folder),
    ),
    "publishing": (
        "Publishing, without the bytes",
        lambda given: publishing.measure(None, 50 if given.quick else 200),
    ),
    "bytes": ("Storing bytes", _bytes),
    "sequences": (
        "A sequence, from the folder to the view",
        lambda given: sequences.measure(500 if given.quick else 5000, 200_000, 3),
    ),
}

_BESIDE_COPYING = ("bytes", "sequences")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller files, fewer rounds")
    parser.add_argument("--only", action="append", choices=sorted(_SECTIONS), help="may be given more than once")
    parser.add_argument("--times", type=int, action="append", help="sizes of the library; 10: ten times as large")
    parser.add_argument("--folder", type=Path, help="where the large libraries are kept for the next run")
    given = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {tell_machine()}")
    for name, (title, measure) in _SECTIONS.items():
        if given.only is not None and name not in given.only:
            continue
        if name in _BESIDE_COPYING and shutil.which("cp") is None:
            print(f"\n{title}: not measured; there is no cp to compare with on this system.")
            continue
        print_rows(title, measure(given))


if __name__ == "__main__":
    main()
