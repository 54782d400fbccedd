"""File sequences and UDIM sets: many files that are one thing.

Which of a file's numbers is its frame: the one that varies within the folder; where several do, the one with the most
values, and of those the last. The number of a version (``v002``) never is, and a minus counts as a sign only at the
beginning or after a dot, an underscore, a space or another minus: ``shot-0005.exr`` is frame 5, ``shot.-0005.exr`` is
frame -5. Numbered plain files are frames, never UDIM tiles, since ``skin.1001.png`` could be either: the token
``<UDIM>`` says that tiles are meant.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Optional

from bifrost_core.errors import InvalidRequest
from bifrost_core.formats.kinds import Role, extension, representation_name, role
from bifrost_core.formats.patterns import NamePattern, frame_ranges, printf_pattern, read_pattern

__all__ = ["FileSequence", "expand_pattern", "find_sequences"]

# A letter right behind it makes it no frame: `hero_2k.png`.
_NUMBER = re.compile(r"(?:(?<![^._\s-])-)?[0-9]+(?![^\W_])")
_VERSION_BEFORE = re.compile(r"(?:^|[^a-z])(?:v|ver|version|rev)$", re.IGNORECASE)
# Longer ones are times of day or serial numbers.
_LONGEST_NUMBER = 10
_LONGEST_RANGES = 100_000


@dataclass(frozen=True)
class FileSequence:
    """Files that differ in one number.

    Attributes:
        folder: where they stand.
        pattern: their common name: ``shot.%04d.exr`` or ``skin.<UDIM>.png``.
        files: in the order of their numbers.
        numbers: frames or tiles, ascending.
        missing: frames that lack between the first and the last, or of those that the pattern names: ``1003,1007``.
    """

    folder: Path
    pattern: str
    files: tuple[Path, ...]
    numbers: tuple[int, ...]
    missing: Optional[str] = None

    @property
    def frames(self) -> str:
        """The frames that are there: ``1001-1010,1012``."""
        return _bounded(frame_ranges(self.numbers))


def expand_pattern(path: Path) -> Optional[FileSequence]:
    """Return the files that fit a pattern, or None when ``path`` is no pattern.

    Raises:
        InvalidRequest: no file fits, or files of several paddings fit and the pattern does not say which.
    """
    pattern = read_pattern(path.name)
    if pattern is None:
        return None
    found, others = _fitting(path.parent, pattern)
    if not found:
        raise _nothing_fits(path, pattern, others)
    width = _padding([number for number, _ in found])
    if pattern.width is None and not pattern.tiles and width is None:
        raise InvalidRequest(
            f"The files that fit “{path.name}” have different padding.",
            hint="Write one # for each digit, as in shot.####.exr.",
        )
    found = _one_per_frame(found)
    numbers = tuple(int(number) for number, _ in found)
    return FileSequence(
        folder=path.parent,
        pattern=pattern.text(width or 1),
        files=tuple(file for _, file in found),
        numbers=numbers,
        missing=_missing(pattern, numbers),
    )


def find_sequences(paths: Iterable[Path]) -> tuple[tuple[FileSequence, ...], tuple[Path, ...]]:
    """Return the sequences among plain files, and the files that belong to none; each in the order of ``paths``.

    Files of one sequence stand in one folder. Scenes and movies form none: ``sh010_01.ma`` is not a frame.
    """
    alike: dict[tuple[Path, str], list[_Name]] = defaultdict(list)
    paths = list(paths)
    for path in paths:
        name = _Name(path)
        if name.numbers:
            alike[path.parent, name.template].append(name)
    sequences: list[FileSequence] = []
    for names in alike.values():
        if len(names) > 1:
            sequences += _split_by_number(names)
    order = {path: index for index, path in enumerate(paths)}
    sequences.sort(key=lambda sequence: min(order[file] for file in sequence.files))
    taken = {file for sequence in sequences for file in sequence.files}
    return tuple(sequences), tuple(path for path in paths if path not in taken)


class _Name:
    """A file name, taken apart at its numbers."""

    __slots__ = ("numbers", "path", "spans", "template", "text")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = unicodedata.normalize("NFC", path.name)
        suffix = extension(self.text)
        stem = self.text[: len(self.text) - len(suffix)]
        self.spans = [] if _never_in_sequence(suffix) else _number_spans(stem)
        self.numbers = tuple(stem[start:end] for start, end in self.spans)
        self.template = "\0".join(self._between())

    def _between(self) -> list[str]:
        edges = [0, *(edge for span in self.spans for edge in span), len(self.text)]
        return [self.text[start:end] for start, end in zip(edges[::2], edges[1::2])]

    def around(self, index: int) -> tuple[str, str]:
        """Return the name before and after one of its numbers."""
        start, end = self.spans[index]
        return self.text[:start], self.text[end:]


@lru_cache(maxsize=256)
def _never_in_sequence(suffix: str) -> bool:
    return role(representation_name(f"x{suffix}")) in (Role.SCENE, Role.MOVIE)


def _number_spans(stem: str) -> list[tuple[int, int]]:
    return [
        match.span()
        for match in _NUMBER.finditer(stem)
        if len(match.group()) <= _LONGEST_NUMBER and not _VERSION_BEFORE.search(stem[: match.start()])
    ]


def _split_by_number(names: Sequence[_Name]) -> list[FileSequence]:
    """Return the sequences among names that are alike but for their numbers."""
    columns = list(zip(*(name.numbers for name in names)))
    column = max(range(len(columns)), key=lambda index: (len(set(columns[index])), index))
    groups: dict[tuple[str, str], dict[str, Path]] = defaultdict(dict)
    for name in names:
        groups[name.around(column)][name.numbers[column]] = name.path
    sequences = []
    for (prefix, suffix), files in groups.items():
        for width, numbers in _split_by_padding(list(files)).items():
            by_frame = {int(number): files[number] for number in sorted(numbers, key=len, reverse=True)}
            if len(by_frame) > 1:
                sequences.append(_sequence(printf_pattern(prefix, width, suffix), by_frame))
    return sequences


def _sequence(pattern: str, by_frame: dict[int, Path]) -> FileSequence:
    frames = tuple(sorted(by_frame))
    files = tuple(by_frame[frame] for frame in frames)
    return FileSequence(files[0].parent, pattern, files, frames, _gaps(frames))


def _split_by_padding(numbers: Sequence[str]) -> dict[int, list[str]]:
    """Return the numbers by their padding."""
    width = _padding(numbers)
    if width is not None:
        return {width: list(numbers)}
    lengths = _lengths(numbers)
    padded = sorted({_padded_width(number, lengths) for number in numbers if _is_padded(number)})
    groups: dict[int, list[str]] = defaultdict(list)
    for number in numbers:
        if _is_padded(number):
            groups[_padded_width(number, lengths)].append(number)
        else:
            groups[max((width for width in padded if width <= len(number)), default=1)].append(number)
    return groups


def _padding(numbers: Sequence[str]) -> Optional[int]:
    """Return the one padding that all the numbers can have, 1 for none; None if there is no such."""
    if len({int(number) for number in numbers}) < len(numbers):
        return None
    lengths = _lengths(numbers)
    padded = {_padded_width(number, lengths) for number in numbers if _is_padded(number)}
    if not padded:
        same_length = len({len(number) for number in numbers}) == 1
        return len(numbers[0]) if same_length and lengths else 1
    width = padded.pop()
    fitting = NamePattern("", "", width)
    return width if not padded and all(fitting.fits(number) for number in numbers) else None


def _lengths(numbers: Iterable[str]) -> set[int]:
    """Return the lengths of the numbers that are not negative."""
    return {len(number) for number in numbers if not number.startswith("-")}


def _is_padded(number: str) -> bool:
    digits = number.lstrip("-")
    return len(digits) > 1 and digits.startswith("0")


def _padded_width(number: str, lengths: set[int]) -> int:
    """Return the padding of a padded number: printf counts the minus; Houdini and Maya do not."""
    length = len(number)
    if number.startswith("-") and length - 1 in lengths and length not in lengths:
        return length - 1
    return length


def _fitting(folder: Path, pattern: NamePattern) -> tuple[list[tuple[str, Path]], int]:
    """Return the numbers and files that fit, and how many would with another padding."""
    wanted = None if pattern.frames is None else set(pattern.frames)
    expression = pattern.numbers
    found: list[tuple[str, Path]] = []
    others = 0
    for name in _names_in(folder):
        match = expression.fullmatch(unicodedata.normalize("NFC", name))
        if match is None or (wanted is not None and int(match.group(1)) not in wanted):
            continue
        if pattern.fits(match.group(1)):
            found.append((match.group(1), folder / name))
        else:
            others += 1
    return found, others


def _names_in(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if _may_be_frame(entry)]
    except OSError as exc:
        raise InvalidRequest(
            f"The folder “{folder}” cannot be read: {exc.strerror or exc}.", hint="Check the path and its permissions."
        ) from exc


def _may_be_frame(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, or a link that leads nowhere: a frame like that must be missed, not passed over."""
    try:
        return entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists())
    except OSError:
        # A link in a circle or into a closed folder: whoever reads it says so, and the files beside it are well.
        return True


def _one_per_frame(found: Sequence[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """Return the files in the order of their frames, for each frame the one that printf would write."""
    frames: dict[int, tuple[str, Path]] = {}
    for number, file in sorted(found, key=lambda item: len(item[0]), reverse=True):
        frames[int(number)] = (number, file)
    return [frames[frame] for frame in sorted(frames)]


def _nothing_fits(path: Path, pattern: NamePattern, others: int) -> InvalidRequest:
    hint = f"Check the name and the folder “{path.parent}”."
    if others and pattern.tiles:
        hint = f"{others} files there have numbers that are no tiles (1001 and up): for frames write #, as in x.#.exr."
    elif others:
        hint = f"{others} files there have another padding: one # stands for each digit, a single # for any padding."
    return InvalidRequest(f"No file fits the pattern “{path.name}”.", hint=hint, details={"pattern": str(path)})


def _missing(pattern: NamePattern, numbers: tuple[int, ...]) -> Optional[str]:
    if pattern.tiles:
        # A UDIM set has holes by its nature.
        return None
    if pattern.frames is None:
        return _gaps(numbers)
    lacking = sorted(set(pattern.frames) - set(numbers))
    return _bounded(frame_ranges(lacking)) if lacking else None


def _gaps(frames: tuple[int, ...]) -> Optional[str]:
    """Return what lacks between the first and the last frame; never one by one, since a gap may be billions long."""
    gaps = [(before + 1, after - 1) for before, after in zip(frames, frames[1:]) if after - before > 1]
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in gaps]
    return _bounded(",".join(texts)) if texts else None


def _bounded(ranges: str) -> str:
    """Return the text, cut between two ranges and with … behind it when it is too long to be stored."""
    if len(ranges) <= _LONGEST_RANGES:
        return ranges
    return ranges[: ranges.rindex(",", 0, _LONGEST_RANGES - 1) + 1] + "…"
