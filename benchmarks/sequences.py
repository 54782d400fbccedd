"""A sequence published end to end, as `bifrost publish` does it, beside `cp -r` followed by `sync` on the same files.

::

    python benchmarks/sequences.py                          # 5,000 frames of 200 KB
    python benchmarks/sequences.py --count 500 --repeats 3

End to end is: look at the folder, store and hash every frame durably, commit the version with its files, its search
entry and its manifest, and link all frames into the readable view. "Again" publishes the same frames as a new version.
Both sides run in turn, the first one alternating; each publish in a process of its own.
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
from pathlib import Path
from typing import Any, Optional

from measuring import Row, print_rows, tell_machine

__all__ = ["measure"]

MIB = 1 << 20
RATIO_LIMIT, MEMORY_LIMIT = 1.5, 150.0


def publish_folder(library: Path, frames: Path) -> dict[str, Any]:
    """Publish the frames once; told are the seconds of each phase and the most memory that the process had."""
    from bifrost_core.bootstrap import connect
    from bifrost_core.settings import Settings
    from bifrost_core.workflows.publishing import PublishOrder, publish

    times: dict[str, float] = {}

    def note(_done: int, _total: int, phase: str) -> None:
        times.setdefault(phase, time.perf_counter())

    with connect(str(library), Settings()) as opened:
        order = PublishOrder("DEMO/shots/sq010/sh010", "render", files=(frames,))
        begin = time.perf_counter()
        publish(opened, opened.store, order, view=opened.view, progress=note)
        end = time.perf_counter()
    starts = [*times.items(), ("", end)]
    phases = {name: following - start for (name, start), (_, following) in zip(starts, starts[1:])}
    return {"seconds": end - begin, "phases": phases, "peak_mib": _peak_mib()}


def _peak_mib() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage, which on Linux counts what the parent had when it made this process.
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    try:
        import resource
    except ImportError:
        return 0.0  # Windows does not tell in this way
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (MIB if sys.platform == "darwin" else 1024)


def publish_in_child(library: Path, frames: Path) -> dict[str, Any]:
    """Publish in a process of its own."""
    command = [sys.executable, __file__, "--child", str(library), str(frames)]
    answer: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return answer


def new_library(library: Path) -> None:
    """Make a library with a shot."""
    from bifrost_core.bootstrap import create_library
    from bifrost_core.models.project import ProjectCreate
    from bifrost_core.models.shot import ShotCreate
    from bifrost_core.settings import Settings

    with create_library(str(library), Settings()) as made:
        made.projects.create(ProjectCreate(code="DEMO"))
        made.shots.create(ShotCreate(project="DEMO", sequence="sq010", name="sh010"))
    os.sync()


def copy(frames: Path, target: Path) -> float:
    """Copy as by hand, and wait for the disk."""
    begin = time.perf_counter()
    subprocess.run(["cp", "-r", frames, target], check=True)
    subprocess.run(["sync"], check=True)
    return time.perf_counter() - begin


def remove(folder: Path) -> None:
    """Remove a folder, read-only views too, and let the disk come to rest."""
    for base, folders, _ in os.walk(folder):
        for name in folders:
            Path(base, name).chmod(0o700)
    shutil.rmtree(folder)
    os.sync()


def make_frames(folder: Path, count: int, size: int) -> None:
    """Make frames of random bytes, which no disk can shrink."""
    folder.mkdir()
    for number in range(count):
        (folder / f"sh010.{number + 1001:05d}.exr").write_bytes(os.urandom(size))
    os.sync()


def measure(count: int, size: int, repeats: int, folder: Optional[Path] = None) -> list[Row]:
    """Run both sides in turn and return the table."""
    with tempfile.TemporaryDirectory(dir=folder) as text:
        work = Path(text)
        frames, copied, library = work / "frames", work / "copied", work / "library"
        make_frames(frames, count, size)
        copies: list[float] = []
        news: list[dict[str, Any]] = []
        agains: list[dict[str, Any]] = []

        def copy_once() -> None:
            copies.append(copy(frames, copied))
            remove(copied)

        def publish_once() -> None:
            new_library(library)
            news.append(publish_in_child(library, frames))
            agains.append(publish_in_child(library, frames))
            remove(library)

        copy_once()  # not counted: it brings the frames into memory for both
        copies.clear()
        for repeat in range(repeats):
            for step in (copy_once, publish_once) if repeat % 2 == 0 else (publish_once, copy_once):
                step()
    return _rows(copies, news, agains)


def _rows(copies: list[float], news: list[dict[str, Any]], agains: list[dict[str, Any]]) -> list[Row]:
    copied = statistics.median(copies)
    new = statistics.median(run["seconds"] for run in news)
    again = statistics.median(run["seconds"] for run in agains)
    return [
        Row("cp -r, sync", copied, "s"),
        Row("publish, view included", new, "s", note=_phases(news)),
        Row("publish / cp and sync", new / copied, "x", RATIO_LIMIT),
        Row("publish again, unchanged", again, "s", note=_phases(agains)),
        Row("peak memory", max(run["peak_mib"] for run in [*news, *agains]), "MiB", MEMORY_LIMIT),
    ]


def _phases(runs: list[dict[str, Any]]) -> str:
    names = runs[0]["phases"]
    return ", ".join(f"{name} {statistics.median(run['phases'].get(name, 0) for run in runs):.2f}" for name in names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--size", type=int, default=200_000, help="bytes of a frame")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to work: the disk to measure (default: temporary files)")
    parser.add_argument("--child", nargs=2, type=Path, metavar=("LIBRARY", "FRAMES"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(publish_folder(*given.child)))
        return
    title = f"{given.count:,} frames of {given.size:,} bytes ({tell_machine()})"
    print_rows(title, measure(given.count, given.size, given.repeats, given.folder))


if __name__ == "__main__":
    main()
