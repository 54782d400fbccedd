"""Collecting: from what a user names to the representations of a version, before anything is stored.

* A plain file is a representation named by its extension, with its companions. Several of one kind are one
  representation: with a pattern if they form one sequence, else under their places below their common folder.
* A file that another named file needs anyway is published with that one only.
* A folder and a pattern are one representation each (see :mod:`bifrost_core.workflows.bundles`).
* ``name=file`` gives the name; the same name again adds files.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional, Union

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from bifrost_core.errors import InvalidRequest
from bifrost_core.formats.companions import CompanionFinder
from bifrost_core.formats.kinds import representation_name
from bifrost_core.formats.sequences import FileSequence
from bifrost_core.models.files import THUMBNAIL
from bifrost_core.models.names import RepresentationName, check_file_path, file_key, name_key
from bifrost_core.workflows.bundles import (
    Bundle,
    absolute,
    bundle_files,
    bundle_folder,
    bundle_pattern,
    common_folder,
    file_size,
    is_file,
    speakers,
)

__all__ = ["Collection", "LocalRepresentation", "PathLike", "collect"]

PathLike = Union[str, "os.PathLike[str]"]
_IMAGES = ("png", "jpg")
_SHOWN_RANGES = 120


@dataclass(frozen=True)
class LocalRepresentation:
    """A representation whose files are still where the user has them.

    Attributes:
        name: of the representation.
        files: the name of each file within it, and where it is; the main file first.
        pattern: of a sequence or UDIM set.
        frames: those that are there.
        missing: those that lack.
    """

    name: str
    files: tuple[tuple[str, Path], ...]
    pattern: Optional[str] = None
    frames: Optional[str] = None
    missing: Optional[str] = None


@dataclass(frozen=True)
class Collection:
    """What will be published.

    Attributes:
        representations: in the order in which they were named.
        warnings: what the artist should know: gaps, empty files, files that cannot come along.
        references: versions of a library that the files name themselves (``bifrost://...``).
    """

    representations: tuple[LocalRepresentation, ...]
    warnings: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


def collect(
    files: Sequence[PathLike],
    representations: Union[Mapping[str, PathLike], Sequence[tuple[str, PathLike]]] = (),
    thumbnail: Optional[PathLike] = None,
) -> Collection:
    """Return what the named files, folders and patterns are to become.

    Args:
        files: files, folders and patterns; their representations are named by their kinds.
        representations: names, each with a file, folder or pattern.
        thumbnail: a PNG or JPEG image.

    Raises:
        InvalidRequest: a file is not there or named twice, a pattern fits nothing, a name is not usable, or there is
            nothing to publish.
    """
    finder = CompanionFinder()
    pairs = representations.items() if isinstance(representations, Mapping) else representations
    groups: dict[str, _Group] = {}
    for name, path in pairs:
        _group(groups, _checked_name(name)).add(absolute(path), finder)
    _add_unnamed(groups, [absolute(path) for path in files], finder)
    if not groups:
        raise InvalidRequest("There is nothing to publish.", hint="Name at least one file, folder or pattern.")
    if thumbnail is not None:
        if THUMBNAIL in groups:
            raise InvalidRequest("The thumbnail is given twice.", hint="Give it once.")
        _group(groups, THUMBNAIL).plain.append(absolute(thumbnail))
    for path in groups[THUMBNAIL].plain if THUMBNAIL in groups else ():
        _check_thumbnail(path)
    bundles = {key: group.all_bundles(finder) for key, group in groups.items()}
    found = tuple(_merge(groups[key].name, parts) for key, parts in bundles.items())
    flat = [bundle for parts in bundles.values() for bundle in parts]
    warnings = [text for key, parts in bundles.items() for text in _warnings(groups[key].name, parts)]
    return Collection(
        representations=found,
        warnings=(*dict.fromkeys(warnings), *_empty_files(found)),
        references=tuple(dict.fromkeys(text for bundle in flat for text in bundle.references)),
    )


@dataclass
class _Group:
    """What goes into one representation."""

    name: str
    plain: list[Path] = field(default_factory=list)
    bundles: list[Bundle] = field(default_factory=list)

    def add(self, path: Path, finder: CompanionFinder) -> None:
        if is_file(path):
            self.plain.append(path)
        else:
            self.bundles.append(_bundle(path, finder))

    def all_bundles(self, finder: CompanionFinder) -> list[Bundle]:
        plain = bundle_files(self.name, self.plain, finder) if self.plain else ()
        return [*plain, *self.bundles]


def _group(groups: dict[str, _Group], name: str) -> _Group:
    return groups.setdefault(name_key(name), _Group(name))


def _bundle(path: Path, finder: CompanionFinder) -> Bundle:
    return bundle_folder(path, finder) if path.is_dir() else bundle_pattern(path, finder)


def _add_unnamed(groups: dict[str, _Group], paths: Sequence[Path], finder: CompanionFinder) -> None:
    """Add the files that no representation was named for, without those that come along with another one."""
    plain = [path for path in paths if is_file(path)]
    bundles = [_bundle(path, finder) for path in paths if not is_file(path)]
    named = [file for group in groups.values() for file in group.plain]
    needed_by_bundles = {file for bundle in bundles for file in (*bundle.files, *bundle.companions)}
    needed_by_bundles.update(file for group in groups.values() for item in group.bundles for file in item.companions)
    kept, needed = _without_needed(plain, named, finder)
    for path in kept:
        if path not in needed_by_bundles:
            _group(groups, representation_name(path.name)).plain.append(path)
    for bundle in bundles:
        if not needed.issuperset(bundle.files):
            _group(groups, bundle.kind).bundles.append(bundle)


def _without_needed(
    plain: Sequence[Path], named: Sequence[Path], finder: CompanionFinder
) -> tuple[list[Path], set[Path]]:
    """Return the plain files that no other file needs, and all files that are needed; of a circle the first stays."""
    needs = {path: set(finder.find(path).files) for path in speakers([*plain, *named])}
    needed_by: dict[Path, set[Path]] = defaultdict(set)
    for path, files in needs.items():
        for file in files:
            needed_by[file].add(path)
    dropped: set[Path] = set()
    for path in reversed(plain):
        if path in needed_by and needed_by[path] - dropped - {path}:
            dropped.add(path)
    kept = [path for path in plain if path not in dropped]
    return kept, {file for path, files in needs.items() if path not in dropped for file in files}


def _merge(name: str, bundles: Sequence[Bundle]) -> LocalRepresentation:
    """Return one representation of all that goes into it; only alone does a sequence keep its pattern."""
    _refuse_doubles(name, (file for bundle in bundles for file in bundle.files))
    root = common_folder([bundle.root for bundle in bundles])
    named: dict[Path, str] = {}
    for bundle in bundles:
        for file in bundle.files:
            named[file] = _relative(file, root or bundle.root)
    for bundle in bundles:
        for file in bundle.companions:
            named.setdefault(file, _relative(file, root or bundle.root))
    files = tuple((relative, file) for file, relative in named.items())
    _refuse_same_names(name, files)
    sequence = bundles[0].sequence if len(bundles) == 1 else None
    if sequence is None:
        return LocalRepresentation(name, files)
    pattern = _pattern(sequence, bundles[0].root)
    return LocalRepresentation(name, files, pattern, sequence.frames, sequence.missing)


def _relative(file: Path, root: Path) -> str:
    try:
        return check_file_path(file.relative_to(root).as_posix())
    except PydanticCustomError as exc:
        raise InvalidRequest(f"A file cannot be published: {exc.message()}.", hint="Rename the file.") from exc


def _pattern(sequence: FileSequence, root: Path) -> str:
    folder = sequence.folder.relative_to(root).as_posix()
    return sequence.pattern if folder == "." else f"{folder.replace('%', '%%')}/{sequence.pattern}"


def _refuse_doubles(name: str, files: Iterable[Path]) -> None:
    seen: set[Path] = set()
    for file in files:
        if file in seen:
            raise InvalidRequest(f"“{file}” is named twice for the representation “{name}”.", hint="Name it once.")
        seen.add(file)


def _refuse_same_names(name: str, files: Iterable[tuple[str, Path]]) -> None:
    seen: dict[str, Path] = {}
    for relative, file in files:
        other = seen.setdefault(file_key(relative), file)
        if other is not file:
            raise InvalidRequest(
                f"“{other}” and “{file}” would have one name in the representation “{name}”.",
                hint="Rename one of them, or publish it as a representation of its own: --representation NAME=FILE.",
            )


def _checked_name(name: str) -> str:
    try:
        return TypeAdapter(RepresentationName).validate_python(name)
    except ValidationError as exc:
        raise InvalidRequest(
            f"A representation cannot be called that: {exc.errors()[0]['msg']}.", hint="Write it like usd=FILE."
        ) from exc


def _check_thumbnail(path: Path) -> None:
    if not is_file(path):
        raise InvalidRequest(f"There is no thumbnail “{path}”.", hint="Check the path.")
    if representation_name(path.name) not in _IMAGES:
        raise InvalidRequest(f"“{path.name}” cannot be the thumbnail.", hint="Take a PNG or JPEG image.")


def _warnings(name: str, bundles: Iterable[Bundle]) -> Iterator[str]:
    sequences = 0
    for bundle in bundles:
        yield from bundle.warnings
        sequences += len(bundle.sequences)
        for sequence in bundle.sequences:
            if sequence.missing:
                missing, frames = _short(sequence.missing), _short(sequence.frames)
                yield f"{sequence.pattern} has gaps: {missing} missing, {frames} there."
    if sequences > 1:
        yield (
            f"{name} holds {sequences} sequences, so it has no pattern of its own; "
            "--representation NAME=PATTERN keeps each apart."
        )


def _short(ranges: str) -> str:
    if len(ranges) <= _SHOWN_RANGES:
        return ranges
    return ranges[: ranges.rindex(",", 0, _SHOWN_RANGES) + 1] + "…"


def _empty_files(representations: Iterable[LocalRepresentation]) -> Iterator[str]:
    for representation in representations:
        empty = [name for name, path in representation.files if file_size(path) == 0]
        if empty:
            what = f"{len(empty)} files of {representation.name} are" if len(empty) > 1 else f"{empty[0]} is"
            yield f"{what} empty (0 bytes)."
