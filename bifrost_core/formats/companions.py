"""Companions: the files that a main file needs by relative path, so that they are published with it.

Read are the text forms of USD (``.usda``, and ``.usd`` that is text), Wavefront OBJ and MTL, glTF in JSON form and
Maya ASCII, each through the files that it names in turn. Binary forms (``.usdc``, ``.mb``, ``.blend``, ``.hip``,
``.abc``, ``.fbx``) are not read: what they need is given by the program that wrote them, or as further files.

The root is the common folder of the main file and its companions; names are relative to it, so that every link
between them holds wherever the folder is put.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from bifrost_core.errors import InvalidRequest
from bifrost_core.formats import gltf, maya, usd, wavefront
from bifrost_core.formats.sequences import expand_pattern

__all__ = ["CompanionFinder", "Companions", "may_have_companions"]

_MOST = 20_000
_SHOWN = 4
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_DRIVE = re.compile(r"[a-z]:", re.IGNORECASE)
_IN_PACKAGE = re.compile(r"\[[^\[\]]*\]$")
_UVTILE = re.compile(r"<UVTILE>", re.IGNORECASE)
_UDIM = re.compile(r"<UDIM>|%\(UDIM\)d", re.IGNORECASE)
_USD_LAYERS = (".usd", ".usda", ".usdc")
_READERS: dict[str, Callable[[Path], Iterable[str]]] = {
    ".usda": usd.asset_paths,
    ".usd": usd.asset_paths,
    ".obj": wavefront.material_libraries,
    ".mtl": wavefront.textures,
    ".gltf": gltf.uris,
    ".ma": maya.named_files,
}


@dataclass(frozen=True)
class Companions:
    """What a main file needs.

    Attributes:
        root: the common folder of the main file and its companions.
        files: the companions, without the main file, in the order in which they are named.
        references: versions of a library that the files name themselves (``bifrost://...``).
        warnings: files that are named but cannot be published with it, and why.
    """

    root: Path
    files: tuple[Path, ...] = ()
    references: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def may_have_companions(file: Path) -> bool:
    """Return whether a file is of a kind that is read for companions."""
    return file.suffix.lower() in _READERS or file.suffix.lower() in _USD_LAYERS


class CompanionFinder:
    """Finds the companions of many files; each file is read once."""

    def __init__(self) -> None:
        self._read: dict[Path, _Links] = {}

    def find(self, *mains: Path) -> Companions:
        """Return the files that ``mains`` need by relative path, through all text files that those name in turn.

        Raises:
            InvalidRequest: a file cannot be read.
        """
        return _Walk([Path(os.path.normpath(main.absolute())) for main in mains]).run(self._links)

    def _links(self, file: Path) -> _Links:
        if file not in self._read:
            self._read[file] = _read_links(file)
        return self._read[file]


@dataclass(frozen=True)
class _Links:
    """What one file names: paths as written with the files that they stand for, references, and what is wrong."""

    files: tuple[tuple[str, tuple[Path, ...]], ...] = ()
    references: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


class _Walk:
    """One walk from main files through the files that they name."""

    def __init__(self, mains: Sequence[Path]) -> None:
        self._mains = dict.fromkeys(mains)
        self._main_root = Path(os.path.commonpath([main.parent for main in mains]))
        self._root = self._main_root
        self._found = dict(self._mains)
        self._references: dict[str, None] = {}
        self._problems: dict[str, dict[str, None]] = {}

    def run(self, links_of: Callable[[Path], _Links]) -> Companions:
        """Walk, nearest files first."""
        queue = deque(self._mains)
        while queue:
            links = links_of(queue.popleft())
            self._references.update(dict.fromkeys(links.references))
            for problem, named in links.problems:
                self._warn(problem, named)
            for named, files in links.files:
                for file in files:
                    if file not in self._found and self._may_come_along(file, named):
                        self._found[file] = None
                        queue.append(file)
        files = tuple(file for file in self._found if file not in self._mains)
        return Companions(self._root, files, tuple(self._references), tuple(self._warnings()))

    def _may_come_along(self, file: Path, named: str) -> bool:
        if len(self._found) >= _MOST:
            self._warn("surplus", named)
            return False
        root = Path(os.path.commonpath([self._root, file.parent]))
        hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
        if hidden or (root != self._main_root and _is_too_wide(root)):
            self._warn("outside", named)
            return False
        self._root = root
        return True

    def _warn(self, problem: str, named: str) -> None:
        self._problems.setdefault(problem, {})[named] = None

    def _warnings(self) -> Iterator[str]:
        main = next(iter(self._mains)).name
        for problem, names in self._problems.items():
            shown = ", ".join(f"“{name}”" for name in list(names)[:_SHOWN])
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            yield _SENTENCES[problem].format(main=main, names=shown + more)


_SENTENCES = {
    "absolute": "{main} needs files by absolute path, which are not published with it: {names}.",
    "missing": "{main} needs files that are not there: {names}.",
    "outside": "{main} needs hidden files or files far outside its own folder, which are not published: {names}.",
    "binary": "{main} needs binary USD, which is not read; what that names is not published with it: {names}.",
    "surplus": f"{{main}} needs more than {_MOST} files; these are not published with it: {{names}}.",
    "unreadable": "{main} needs files that make no sense; what those name is not published with it: {names}.",
}


def _is_too_wide(root: Path) -> bool:
    """Return whether a root would publish the layout of a whole disk or of a user's folder."""
    try:
        home = Path.home()
    except RuntimeError:
        return root == Path(root.anchor)
    return root == Path(root.anchor) or root == home or root in home.parents


def _read_links(file: Path) -> _Links:
    try:
        if file.suffix.lower() in _USD_LAYERS and not usd.is_text_layer(file):
            return _Links(problems=(("binary", file.name),))
        read = _READERS.get(file.suffix.lower())
        return _resolved(file, read(file)) if read else _Links()
    except OSError as exc:
        raise InvalidRequest(
            f"“{file}” cannot be read: {exc.strerror or exc}.", hint="Check the file and its permissions."
        ) from exc
    except ValueError:
        # Only glTF can be wrong as a whole; it is published as it is, and the artist is told.
        return _Links(problems=(("unreadable", file.name),))


def _resolved(file: Path, named: Iterable[str]) -> _Links:
    """Return what the paths that a file names stand for; each path once."""
    files: list[tuple[str, tuple[Path, ...]]] = []
    references: list[str] = []
    problems: list[tuple[str, str]] = []
    for written in dict.fromkeys(named):
        path = written.strip().replace("\\", "/")
        if path.lower().startswith("bifrost://"):
            references.append(path)
        elif _is_absolute(path):
            problems.append(("absolute", path))
        elif path and not _REMOTE.match(path):
            found = _first_existing(file, path)
            if found:
                files.append((path, found))
            else:
                problems.append(("missing", path))
    return _Links(tuple(files), tuple(references), tuple(problems))


def _first_existing(file: Path, path: str) -> tuple[Path, ...]:
    for folder in _folders(file):
        found = _existing(Path(os.path.normpath(folder / path)))
        if found:
            return tuple(found)
    return ()


def _folders(file: Path) -> Iterator[Path]:
    """Yield the folders that relative paths in a file are read from."""
    yield file.parent
    if file.suffix.lower() == ".ma":
        yield maya.project_folder(file)


def _is_absolute(named: str) -> bool:
    return named.startswith(("/", "~", "$", "%")) or _DRIVE.match(named) is not None


def _existing(path: Path) -> list[Path]:
    """Return the file, or those of a UDIM set."""
    try:
        for plain in (path, path.with_name(_IN_PACKAGE.sub("", path.name) or path.name)):
            if plain.is_file():
                return [plain]
        return _tiles(path) if path.parent.is_dir() else []
    except (OSError, ValueError):
        # No system can have a file of that name, so there is none.
        return []


def _tiles(path: Path) -> list[Path]:
    if _UVTILE.search(path.name):
        tile = re.compile("u[0-9]+_v[0-9]+".join(map(re.escape, _UVTILE.split(path.name))))
        return sorted(file for file in path.parent.iterdir() if tile.fullmatch(file.name))
    if _UDIM.search(path.name):
        try:
            sequence = expand_pattern(path)
        except InvalidRequest:
            return []
        return list(sequence.files) if sequence else []
    return []
