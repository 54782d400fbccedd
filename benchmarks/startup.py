"""How long commands take from Enter to the prompt, beside other programs in the same run.

    python benchmarks/startup.py [--rounds 15]

The commands take turns, so that a busy moment of the machine hits all of them; each figure is a median. Python compiles
its files at the first run, which is not counted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from measuring import Row, milliseconds, print_rows, tell_machine

__all__ = ["measure"]

ENTITY = "DEMO/assets/chair"


@dataclass(frozen=True)
class Started:
    """A command line to time, and the milliseconds that it should stay under."""

    what: str
    command: tuple[str, ...]
    limit: Optional[float] = None


def bifrost(*arguments: str) -> tuple[str, ...]:
    """Return the command line as installed, or through the module where no script lies beside Python."""
    script = shutil.which("bifrost", path=str(Path(sys.executable).parent))
    return (script, *arguments) if script else (sys.executable, "-m", "bifrost_cli", *arguments)


def commands() -> list[Started]:
    """Return what is timed."""
    found = [
        Started("python -c pass", (sys.executable, "-c", "pass")),
        Started("python -m pip --version", (sys.executable, "-m", "pip", "--version")),
        Started(
            "python -c 'import sqlalchemy.orm, pydantic'", (sys.executable, "-c", "import sqlalchemy.orm, pydantic")
        ),
        Started("bifrost --help", bifrost("--help"), 250),
        Started("bifrost publish --help", bifrost("publish", "--help"), 250),
        Started(f"bifrost versions {ENTITY}", bifrost("versions", ENTITY), 500),
        Started(f"bifrost load {ENTITY}/model", bifrost("load", f"{ENTITY}/model")),
    ]
    git = shutil.which("git")
    return [Started("git --version", (git, "--version")), *found] if git else found


def environment(library: Path) -> dict[str, str]:
    """Return this environment with the library, and with compiled files kept as in any installation."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "BIFROST_AMS_LIBRARY": str(library), "PYTHONPYCACHEPREFIX": str(library / "compiled")}


def fill(library: Path, chosen: Mapping[str, str]) -> None:
    """Make a library with three versions of one asset."""
    model = library / "chair.obj"
    steps = [("init",), ("project", "create", "DEMO"), ("asset", "create", "DEMO", "chair")]
    steps += [("publish", ENTITY, "model", str(model))] * 3
    library.mkdir(exist_ok=True)
    for number, step in enumerate(steps):
        model.write_text(f"v {number} 0 0\n" * 1000, encoding="utf-8")
        run(bifrost(*step), chosen)


def run(command: Sequence[str], chosen: Mapping[str, str]) -> None:
    """Run a command to its end, or stop all with what it says."""
    subprocess.run(command, env=dict(chosen), check=True, stdout=subprocess.DEVNULL)


def measure(rounds: int) -> list[Row]:
    """Time all commands in turns and return the table."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "library"
        chosen = environment(library)
        fill(library, chosen)
        started = commands()
        spent: dict[str, list[float]] = {item.what: [] for item in started}
        for item in started:
            run(item.command, chosen)
        for _ in range(rounds):
            for item in started:
                spent[item.what].append(milliseconds(run, item.command, chosen))
        return [
            Row(item.what, statistics.median(spent[item.what]), "ms", item.limit, f"best {min(spent[item.what]):.0f}")
            for item in started
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    print_rows(f"From Enter to the prompt ({tell_machine()})", measure(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
