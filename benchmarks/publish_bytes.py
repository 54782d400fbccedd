"""How fast bytes are stored, beside `cp` followed by `sync` on the same files in the same run.

::

    python benchmarks/publish_bytes.py                      # 2 GiB, and 5,000 files of 200 KB
    python benchmarks/publish_bytes.py --big 256 --count 500 --repeats 3 --json

Both sides run in turn, the first one alternating; each number is the median of its repeats. What is stored is hashed
and durable when the time is taken. "Again" stores the same files once more: they are read, and nothing is written.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MIB = 1 << 20
GOALS = {"one big file": 1.25, "many small files": 1.5}
MEMORY_GOAL = 150


def put(store: Path, folder: Path, known: bool) -> dict[str, Any]:
    """Store all files of a folder; runs in a process of its own, so that its memory can be measured."""
    import resource

    from bifrost_core.storage.local import LocalBlobStore
    from bifrost_core.storage.port import Source

    opened = LocalBlobStore(store)
    sources = [Source(path, probably_stored=known) for path in sorted(folder.iterdir())]
    begin, written = time.perf_counter(), _bytes_written()
    stored = opened.put_files(sources)
    seconds = time.perf_counter() - begin
    assert known == all(item.was_known for item in stored)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (MIB if sys.platform == "darwin" else 1024)
    return {"seconds": seconds, "peak_mib": peak, "written": _bytes_written() - written}


def _bytes_written() -> int:
    """Bytes that this process gave to write(), where the system tells."""
    counters = Path("/proc/self/io")
    if not counters.exists():
        return 0
    return int(dict(line.split(": ") for line in counters.read_text().splitlines())["wchar"])


def put_in_child(store: Path, folder: Path, known: bool) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", str(store), str(folder), *(["--known"] if known else [])]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def copy(folder: Path, target: Path) -> float:
    """What an artist does by hand, and waits for the disk."""
    files = list(folder.iterdir())
    begin = time.perf_counter()
    subprocess.run(["cp", "-r", folder, target] if len(files) > 1 else ["cp", files[0], target], check=True)
    subprocess.run(["sync"], check=True)
    return time.perf_counter() - begin


def clean(*paths: Path) -> None:
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True)
    os.sync()


def measure(work: Path, folder: Path, repeats: int) -> dict[str, Any]:
    from bifrost_core.storage.local import LocalBlobStore

    copies: list[float] = []
    puts: list[dict[str, Any]] = []
    agains: list[dict[str, Any]] = []
    copied, store = work / "copied", work / "store"

    def copy_once() -> None:
        copies.append(copy(folder, copied))
        clean(copied)

    def put_once() -> None:
        LocalBlobStore.create(store)
        os.sync()
        puts.append(put_in_child(store, folder, known=False))
        agains.append(put_in_child(store, folder, known=True))
        clean(store)

    copy(folder, copied)  # not counted: it brings the sources into memory for both
    clean(copied)
    for repeat in range(repeats):
        for step in (copy_once, put_once) if repeat % 2 == 0 else (put_once, copy_once):
            step()
    return summary(copies, puts, agains)


def summary(
    copies: Sequence[float], puts: Sequence[dict[str, Any]], agains: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    copied = statistics.median(copies)
    stored = statistics.median(put["seconds"] for put in puts)
    return {
        "cp_sync": copied,
        "put": stored,
        "ratio": stored / copied,
        "ratios": sorted(round(put["seconds"] / copy, 2) for put, copy in zip(puts, copies)),
        "again": statistics.median(again["seconds"] for again in agains),
        "again_written": max(again["written"] for again in agains),
        "peak_mib": max(put["peak_mib"] for put in [*puts, *agains]),
    }


def make_files(folder: Path, count: int, size: int) -> None:
    folder.mkdir()
    for number in range(count):
        with (folder / f"shot.{number + 1001:05d}.exr").open("wb") as stream:
            left = size
            while left:
                block = os.urandom(min(left, MIB))
                stream.write(block)
                left -= len(block)
    os.sync()


def show(results: dict[str, dict[str, Any]]) -> None:
    print(f"{'':18} {'cp+sync':>8} {'put':>8} {'ratio':>6} {'goal':>6} {'again':>8} {'written':>8} {'peak':>8}")
    for name, found in results.items():
        print(
            f"{name:18} {found['cp_sync']:7.2f}s {found['put']:7.2f}s {found['ratio']:6.2f} {GOALS[name]:6.2f} "
            f"{found['again']:7.2f}s {found['again_written']:7d}B {found['peak_mib']:5.0f}MiB"
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to work (default: a new folder in the current one)")
    parser.add_argument("--big", type=int, default=2048, help="MiB of the one big file; 0: leave it out")
    parser.add_argument("--count", type=int, default=5000, help="how many small files; 0: leave them out")
    parser.add_argument("--size", type=int, default=200_000, help="bytes of a small file")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--known", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.child:
        print(json.dumps(put(*options.child, known=options.known)))
        return
    if shutil.which("cp") is None or shutil.which("sync") is None:
        sys.exit("This compares with cp and sync, which this system lacks.")
    results = {}
    with tempfile.TemporaryDirectory(dir=options.folder or Path.cwd(), prefix="publish-bytes-") as name:
        work = Path(name)
        if options.big:
            make_files(work / "big", 1, options.big * MIB)
            results["one big file"] = measure(work, work / "big", options.repeats)
            clean(work / "big")
        if options.count:
            make_files(work / "small", options.count, options.size)
            results["many small files"] = measure(work, work / "small", options.repeats)
    if options.json:
        print(json.dumps(results, indent=2))
    else:
        show(results)


if __name__ == "__main__":
    main()
