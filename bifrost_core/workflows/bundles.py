"""Bundles: the files that one argument of a publish stands for.

An argument is a file, a folder, or a pattern such as ``shot.%04d.exr``. A file that is there is meant literally, even
if its name looks like a pattern.

A folder is one representation: all files below it, at their places in it. It is named by the kind that tells most
about it: scenes before geometry, movies, images and the rest, and then the kind with the most files. If the files of
that kind are one sequence, the representation has its pattern. Hidden files are left out.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional, Union

from bifrost_core.errors import InvalidRequest
from bifrost_core.formats.companions import CompanionFinder, may_have_companions
from bifrost_core.formats.kinds import representation_name, role
from bifrost_core.formats.sequences import FileSequence, expand_pattern, find_sequences

__all__ = [
    "Bundle",
    "absolute",
    "bundle_files",
    "bundle_folder",
    "bundle_pattern",
    "common_folder",
    "file_size",
    "is_file",
    "speakers",
]

_SHOWN = 4
_SYSTEM_FILES = {"thumbs.db", "desktop.ini", "ehthumbs.db"}


@dataclass(frozen=True)
class Bundle:
    """Files that belong together.

    Attributes:
        kind: the name of their representation, if nobody names it otherwise.
        root: the folder that their names are relative to.
        files: what was named, the main file first.
        companions: what those need besides.
        sequences: among the files of their main kind.
        is_sequence: whether those files are one sequence.
        references: versions of a library that the files name themselves.
        warnings: what the artist should know.
    """

    kind: str
    root: Path
    files: tuple[Path, ...]
    companions: tuple[Path, ...] = ()
    sequences: tuple[FileSequence, ...] = ()
    is_sequence: bool = False
    references: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def sequence(self) -> Optional[FileSequence]:
        """The one sequence that gives the representation its pattern."""
        return self.sequences[0] if self.is_sequence else None


def absolute(path: Union[str, os.PathLike[str]]) -> Path:
    """Return the path from the root on, without ``..``; links are not followed.

    Raises:
        InvalidRequest: it is empty, which elsewhere stands for the present folder.
    """
    if not os.fspath(path):
        raise InvalidRequest(
            "The name of a file is empty.",
            hint="Perhaps a variable of a script has no value; the present folder is “.”.",
        )
    return Path(os.path.normpath(Path(path).absolute()))


def is_file(path: Path) -> bool:
    """Return whether a regular file is there.

    Raises:
        InvalidRequest: it cannot be told.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as exc:
        raise _unreadable(path, exc) from exc


def file_size(path: Path) -> int:
    """Return the bytes of a file.

    Raises:
        InvalidRequest: it is no longer there.
    """
    try:
        return path.stat().st_size
    except OSError as exc:
        raise _unreadable(path, exc) from exc


def bundle_files(kind: str, files: Sequence[Path], finder: CompanionFinder) -> tuple[Bundle, ...]:
    """Return plain files of one kind with their companions: as a sequence if all of them are one.

    They are one bundle, unless nothing but the disk is common to them: then each is one.
    """
    sequences, rest = find_sequences(files)
    if len(sequences) == 1 and not rest:
        whole = sequences[0]
        return (_with_companions(Bundle(kind, whole.folder, whole.files, (), sequences, is_sequence=True), finder),)
    root = common_folder([file.parent for file in files])
    if root is not None:
        return (_with_companions(Bundle(kind, root, tuple(files), (), sequences), finder),)
    return tuple(_with_companions(Bundle(kind, file.parent, (file,)), finder) for file in files)


def bundle_pattern(path: Path, finder: CompanionFinder) -> Bundle:
    """Return the files that fit a pattern.

    Raises:
        InvalidRequest: ``path`` is no pattern either, so it is a file that is not there; or no file fits.
    """
    sequence = expand_pattern(path) if path.parent.is_dir() and not path.exists() else None
    if sequence is None:
        raise _not_there(path)
    kind = representation_name(path.name)
    return _with_companions(Bundle(kind, sequence.folder, sequence.files, (), (sequence,), is_sequence=True), finder)


def bundle_folder(folder: Path, finder: CompanionFinder) -> Bundle:
    """Return all files below a folder.

    Raises:
        InvalidRequest: there are none, or the folder cannot be read.
    """
    files, left_out = _files_below(folder)
    warnings = []
    if left_out:
        more = f" and {len(left_out) - _SHOWN} more" if len(left_out) > _SHOWN else ""
        warnings.append(f"Left out of “{folder.name}”: {', '.join(left_out[:_SHOWN])}{more}.")
    if not files:
        raise InvalidRequest(
            f"The folder “{folder}” has no files to publish.", hint=warnings[0] if warnings else "Check the path."
        )
    kind, main, others = _main_kind(files)
    sequences, rest = find_sequences(main)
    is_sequence = len(sequences) == 1 and not rest
    ordered = (*(sequences[0].files if is_sequence else main), *others)
    bundle = Bundle(kind, folder, ordered, (), sequences, is_sequence, warnings=tuple(warnings))
    return _with_companions(bundle, finder)


def common_folder(folders: Sequence[Path]) -> Optional[Path]:
    """Return the folder that all stand below, or None if they have nothing but the disk in common, or not even that."""
    try:
        root = Path(os.path.commonpath(folders))
    except ValueError:
        return None
    return None if root == Path(root.anchor) and root not in folders else root


def speakers(files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files whose companions are looked for: of a sequence the first, since its frames name the same."""
    sequences, rest = find_sequences(file for file in files if may_have_companions(file))
    return (*(sequence.files[0] for sequence in sequences), *rest)


def _with_companions(bundle: Bundle, finder: CompanionFinder) -> Bundle:
    readers = speakers(bundle.files)
    if not readers:
        return bundle
    found = finder.find(*readers)
    named = set(bundle.files)
    return replace(
        bundle,
        root=Path(os.path.commonpath([bundle.root, found.root])),
        companions=tuple(file for file in found.files if file not in named),
        references=found.references,
        warnings=(*bundle.warnings, *found.warnings),
    )


def _files_below(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the files, shallow ones first, and the names of what is left out."""
    files: list[Path] = []
    left_out: list[str] = []

    def refuse(exc: OSError) -> None:
        raise InvalidRequest(
            f"The folder “{exc.filename}” cannot be read: {exc.strerror or exc}.", hint="Check its permissions."
        ) from exc

    for place, folders, names in os.walk(folder, onerror=refuse):
        here = Path(place)
        skipped = [name for name in folders if _is_hidden(name) or (here / name).is_symlink()]
        folders[:] = sorted(set(folders) - set(skipped))
        for name in sorted(names):
            # Not Path.is_file: of a link into a closed folder it raises.
            if not _is_hidden(name) and os.path.isfile(here / name):  # noqa: PTH113
                files.append(here / name)
            else:
                skipped.append(name)
        left_out += sorted(skipped)
    return sorted(files, key=lambda file: (len(file.parts), str(file))), left_out


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _SYSTEM_FILES


def _main_kind(files: Sequence[Path]) -> tuple[str, list[Path], list[Path]]:
    """Return the kind that names a folder, its files, and the other files."""
    kinds: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        kinds[representation_name(file.name)].append(file)
    kind = min(kinds, key=lambda name: (role(name), -len(kinds[name]), name))
    main = kinds.pop(kind)
    return kind, main, [file for others in kinds.values() for file in others]


def _not_there(path: Path) -> InvalidRequest:
    if path.exists():
        return InvalidRequest(f"“{path}” is neither a file nor a folder.", hint="Name a file that can be copied.")
    if path.is_symlink():
        target = os.readlink(path)  # noqa: PTH115 - Windows: as it was written
        return InvalidRequest(
            f"“{path}” is a link to “{target}”, which is not there.",
            hint="Name the file itself, or correct the link.",
            details={"path": str(path)},
        )
    hint = "Check the path."
    if path.parent.is_dir():
        close = difflib.get_close_matches(path.name, _names_beside(path), n=1)
        if close:
            hint = f"Did you mean “{close[0]}”?"
    else:
        hint = f"There is no folder “{path.parent}” either; check the path."
    return InvalidRequest(f"There is no file “{path}”.", hint=hint, details={"path": str(path)})


def _names_beside(path: Path) -> list[str]:
    try:
        return [file.name for file in path.parent.iterdir()]
    except OSError:
        # It may be passed through but not read: then there is no better hint.
        return []


def _unreadable(path: Path, exc: Exception) -> InvalidRequest:
    why = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
    return InvalidRequest(f"“{path}” cannot be read: {why}.", hint="Check the path and its permissions.")
