"""Patterns of file names: ``shot.%04d.exr``, ``shot.####.exr``, ``shot.1001-1024#.exr``, ``skin.<UDIM>.png``.

Each program writes its own; all of them are read into one form, and answered in printf form or with ``<UDIM>``:

=====================  =============================================================
``%04d`` ``%d``        printf: so many digits at least
``####`` ``@@@``       one character a digit (Maya, Blender, Nuke, fileseq's ``@``)
``#`` ``@``            a single ``#``: whatever padding is there; a single ``@``: none
``$F4`` ``$F``         Houdini
``1001-1024#``         fileseq: exactly these frames; steps and lists too
``<UDIM>``             tiles 1001 to 1999; also ``%(UDIM)d``
=====================  =============================================================
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from bifrost_core.errors import InvalidRequest

__all__ = ["UDIM", "NamePattern", "frame_ranges", "printf_pattern", "read_pattern"]

UDIM = "<UDIM>"
_UDIM_TILE = re.compile(r"1(?!000)[0-9]{3}")
_TOKENS = (
    re.compile(r"<UDIM>|%\(UDIM\)d", re.IGNORECASE),
    re.compile(r"(?<!%)(?:%%)*(%0?(?P<printf>[0-9]{0,2})d)"),
    re.compile(r"\$F(?P<houdini>[0-9]?)"),
    re.compile(r"#+"),
    re.compile(r"@+"),
)
_RANGE = r"-?[0-9]+(?:--?[0-9]+)?(?:[xy:][0-9]+)?"
_RANGES_AT_END = re.compile(rf"(?:^|(?<=[._\s])){_RANGE}(?:,{_RANGE})*$")


@dataclass(frozen=True)
class NamePattern:
    """A file name with a number in it.

    Attributes:
        prefix: the name before the number, as files have it.
        suffix: the name after it.
        width: digits that the number has at least; None: whatever padding is there.
        tiles: whether the numbers are UDIM tiles.
        frames: the frames that the pattern itself names; None: all that are there.
    """

    prefix: str
    suffix: str
    width: Optional[int]
    tiles: bool = False
    frames: Optional[tuple[int, ...]] = None

    @property
    def numbers(self) -> re.Pattern[str]:
        """A regular expression whose first group is the number of a name that fits."""
        return re.compile(f"{re.escape(self.prefix)}(-?[0-9]+){re.escape(self.suffix)}", re.DOTALL)

    def fits(self, number: str) -> bool:
        """Return whether a number, as a file's name has it, is padded as the pattern says."""
        if self.tiles:
            return _UDIM_TILE.fullmatch(number) is not None
        if self.width is None:
            return True
        digits = number.lstrip("-")
        if not digits.startswith("0") or digits == "0":
            return len(digits) >= self.width or len(number) == self.width
        # printf counts the sign, Houdini and Maya do not.
        return self.width in (len(digits), len(number)) and self.width > 1

    def text(self, width: int) -> str:
        """Return the pattern as it is stored, with that padding if the pattern itself gives none."""
        if self.tiles:
            return f"{self.prefix}{UDIM}{self.suffix}"
        return printf_pattern(self.prefix, width if self.width is None else self.width, self.suffix)


def printf_pattern(prefix: str, width: int, suffix: str) -> str:
    """Return the printf form; a percent sign of the name itself is doubled, so that ``pattern % frame`` works."""
    token = f"%0{width}d" if width > 1 else "%d"
    return f"{prefix.replace('%', '%%')}{token}{suffix.replace('%', '%%')}"


def read_pattern(name: str) -> Optional[NamePattern]:
    """Return the pattern that a file name is, or None when there is no token in it.

    Where tokens of two kinds could be meant, the more explicit one counts; of one kind, the last.

    Raises:
        InvalidRequest: its range of frames is too large or makes no sense.
    """
    name = unicodedata.normalize("NFC", name)
    for kind, expression in enumerate(_TOKENS):
        matches = list(expression.finditer(name))
        if matches:
            return _pattern(name, matches[-1], kind)
    return None


def _pattern(name: str, match: re.Match[str], kind: int) -> NamePattern:
    group = 1 if kind == 1 else 0
    prefix, written, suffix = name[: match.start(group)], match.group(group), name[match.end(group) :]
    if kind == 0:
        return NamePattern(prefix, suffix, None, tiles=True)
    width: Optional[int]
    if kind == 1:
        prefix, suffix = prefix.replace("%%", "%"), suffix.replace("%%", "%")
        width = int(match.group("printf") or 1)
    elif kind == 2:
        width = int(match.group("houdini") or 1)
    else:
        width = None if written == "#" else len(written)
    ranges = _RANGES_AT_END.search(prefix)
    # A lone number before the token is part of the name: `sh_010####.exr`.
    if ranges and re.search(r"[0-9][-,]", ranges.group()):
        return NamePattern(prefix[: ranges.start()], suffix, width, frames=_frames(ranges.group(), name))
    return NamePattern(prefix, suffix, width)


def _frames(ranges: str, name: str) -> tuple[int, ...]:
    from fileseq.exceptions import FileSeqException, MaxSizeException
    from fileseq.frameset import FrameSet

    try:
        return tuple(sorted({int(frame) for frame in FrameSet(ranges)}))
    except (FileSeqException, MaxSizeException) as exc:
        raise InvalidRequest(
            f"The frames “{ranges}” of “{Path(name).name}” cannot be read: {exc}.",
            hint="Write them like 1001-1024, 1001-1024x2 or 1001-1010,1020.",
        ) from exc


def frame_ranges(frames: Iterable[int]) -> str:
    """Return frames as text in fileseq's way: ``1001-1010,1012``, ``1-9x2``; they must be sorted and distinct."""
    from fileseq import framesToFrameRange

    return str(framesToFrameRange(list(frames), sort=False))
