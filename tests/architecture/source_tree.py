"""The project's own files, for the tests that read them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bifrost_core", "cli/bifrost_cli")
_LEFT_OUT = {"build", "dist", "__pycache__"}


def project_files() -> list[Path]:
    """Return every file that belongs to the project: what git tracks or would add; without git, what lies there."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        return sorted(_lying_files(ROOT))
    return sorted(path for name in listed if name and (path := ROOT / name).is_file())


def _lying_files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_file():
            yield path
        elif path.name not in _LEFT_OUT and (not path.name.startswith(".") or path.name == ".ci"):
            yield from _lying_files(path)


def python_files(*folders: str) -> list[Path]:
    """Return the project's Python files below these folders; all of them when none is named."""
    below = [ROOT / folder for folder in folders] or [ROOT]
    return [path for path in project_files() if path.suffix == ".py" and any(top in path.parents for top in below)]


def shown(path: Path) -> str:
    """Return a path as messages and lists of exceptions write it."""
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    """Return the syntax of a file, as the oldest supported Python reads it."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=shown(path), feature_version=(3, 9))


def module_name(path: Path) -> str:
    """Return the name that a file of a package is imported by."""
    for package in PACKAGES:
        top = ROOT / package
        if top in path.parents:
            parts = path.relative_to(top.parent).with_suffix("").parts
            return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    raise LookupError(shown(path))


def pyproject() -> dict[str, Any]:
    """Return the content of pyproject.toml."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
