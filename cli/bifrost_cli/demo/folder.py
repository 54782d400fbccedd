"""The folder of a demo: what is put there, and how it is taken away again without touching anything else.

::

    bifrost-demo/bifrost-demo.json   what the demo made: the only things that a fresh start removes
    bifrost-demo/work/...            the artist's own files
    bifrost-demo/library/...         the library
    bifrost-demo/loaded/...          what `bifrost load --to` placed
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bifrost_core.errors import AlreadyExists, Conflict, InvalidRequest

__all__ = ["DemoFolder"]

_MARKER = "bifrost-demo.json"
# The files ship inside this package, beside this module: it is never run from a zip.
_SHIPPED = Path(__file__).with_name("files")

_FIRST = MappingProxyType(
    {
        "robot/robot.usda": "v1/robot.usda",
        "robot/thumbnail.png": "v1/thumbnail.png",
        "robot/textures/robot_color.png": "textures/robot_color.png",
        "robot/textures/robot_roughness.png": "textures/robot_roughness.png",
        "sh010/thumbnail.png": "sh010/thumbnail.png",
        **{f"sh010/sh010.{frame}.exr": f"sh010/sh010.{frame}.exr" for frame in range(1001, 1013)},
    }
)
"""The artist's files at the start, and which shipped file each one is."""

_CHANGED = MappingProxyType({"robot/robot.usda": "v2/robot.usda", "robot/thumbnail.png": "v2/thumbnail.png"})
"""What the artist changes before the second version."""

_LIBRARY_PARTS = ("library.db", "library.db-shm", "library.db-wal", "store", "view")
"""What a library consists of at least: noted before it is made, for a demo that is interrupted."""


class DemoFolder:
    """The folder that one demo lives in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.work = path / "work"
        self.library = path / "library"
        self.loaded = path / "loaded"
        self._marker = path / _MARKER
        self._files: dict[str, str] = {}
        self._library_parts = set(_LIBRARY_PARTS)

    @property
    def is_there(self) -> bool:
        """Whether a demo was made here before."""
        return self._marker.is_file()

    def begin(self) -> None:
        """Put the artist's files there.

        Raises:
            AlreadyExists: a demo, or something else, is there already.
            InvalidRequest: the folder cannot be written.
        """
        if self.is_there:
            raise AlreadyExists(f"The demo is already in {self.path}.")
        for place in (self.library, self.work, self.loaded):
            if os.path.lexists(place) and not (place.is_dir() and place != self.library):
                raise AlreadyExists(f"There is a “{place.name}” in {self.path} that no demo made.")
        with _understandable(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            self._place(_FIRST, new=True)

    def change_model(self) -> None:
        """Do the artist's work between the two versions."""
        with _understandable(self.path):
            self._place(_CHANGED, new=False)

    def remember(self) -> None:
        """Note down what the library and the loaded files consist of by now."""
        with _understandable(self.path):
            if self.library.is_dir():
                self._library_parts.update(entry.name for entry in self.library.iterdir())
            for path in sorted(self.loaded.rglob("*")):
                if path.is_file():
                    self._files[path.relative_to(self.path).as_posix()] = _digest(path)
            self._write_marker()

    def remove(self) -> None:
        """Remove what an earlier demo made here, and nothing else; no demo at all is no error.

        Raises:
            Conflict: files of the demo were changed since; nothing was removed then.
        """
        if not self.is_there:
            return
        with _understandable(self.path):
            made = _read_marker(self._marker)
            files = [self.path / name for name in made["files"]]
            changed = [path for path in files if path.is_file() and _digest(path) != made["files"][_name(self, path)]]
            if changed:
                raise Conflict(
                    f"{changed[0]} was changed after the demo had put it there; nothing was removed.",
                    hint="Move it elsewhere, or start another demo with `bifrost demo FOLDER`.",
                    details={"changed": [str(path) for path in changed]},
                )
            for path in (*files, *self._copies(set(made["files"].values()))):
                _remove(path)
            for part in made["library"]:
                _remove(self.library / part)
            self._marker.unlink()
            for place in (self.work, self.library, self.loaded, self.path):
                _remove_empty_folders(place)

    def _copies(self, digests: set[str]) -> list[Path]:
        """Return loaded files that were not noted yet when the demo was interrupted."""
        return [path for path in self.loaded.rglob("*") if path.is_file() and _digest(path) in digests]

    def _place(self, files: Mapping[str, str], *, new: bool) -> None:
        contents = {name: (_SHIPPED / shipped).read_bytes() for name, shipped in files.items()}
        if new:
            for name in contents:
                if os.path.lexists(self.work / name):
                    raise AlreadyExists(f"{self.work / name} is there already, and no demo made it.")
        # Noted before they are written: a demo that is interrupted can be removed too.
        for name, data in contents.items():
            self._files[f"work/{name}"] = hashlib.sha256(data).hexdigest()
        self._write_marker()
        for name, data in contents.items():
            (self.work / name).parent.mkdir(parents=True, exist_ok=True)
            (self.work / name).write_bytes(data)

    def _write_marker(self) -> None:
        made = {"made by": "bifrost demo", "files": self._files, "library": sorted(self._library_parts)}
        self._marker.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


def _name(folder: DemoFolder, path: Path) -> str:
    return path.relative_to(folder.path).as_posix()


def _read_marker(marker: Path) -> dict[str, Any]:
    """Return what a demo noted down; names that lead out of its folder are refused."""
    try:
        made = json.loads(marker.read_text(encoding="utf-8"))
        names = [*made["files"], *made["library"]]
    except (ValueError, KeyError, TypeError) as exc:
        raise Conflict(f"{marker} is damaged: it does not say what the demo made.", hint=_ANOTHER) from exc
    if any(part in ("", "..") or ":" in part or "\\" in part for name in names for part in str(name).split("/")):
        raise Conflict(f"{marker} was changed: it names files outside of the demo.", hint=_ANOTHER)
    return dict(made)


_ANOTHER = "Start another demo with `bifrost demo FOLDER`."


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _remove(path: Path) -> None:
    """Remove a file or a tree, read-only ones too: a library's files and folders are."""
    if path.is_symlink() or not path.is_dir():
        if os.path.lexists(path):
            _make_removable(path)
            path.unlink()
        return
    path.chmod(path.stat().st_mode | stat.S_IRWXU)
    for entry in list(path.iterdir()):
        _remove(entry)
    path.rmdir()


def _make_removable(path: Path) -> None:
    # Windows removes no read-only file; elsewhere the folder decides, and the file may be shared by hard links.
    if os.name == "nt" and not path.is_symlink():
        path.chmod(stat.S_IREAD | stat.S_IWRITE)


def _remove_empty_folders(top: Path) -> None:
    if not top.is_dir() or top.is_symlink():
        return
    for entry in list(top.iterdir()):
        _remove_empty_folders(entry)
    if not any(top.iterdir()):
        top.rmdir()


@contextmanager
def _understandable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise InvalidRequest(
            f"The demo cannot use the folder {path}: {exc.strerror or exc}.",
            hint="Check its permissions and close programs that use it, or choose another: `bifrost demo FOLDER`.",
        ) from exc
