"""Wavefront OBJ and MTL: material libraries and the textures that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bifrost_core.formats.blocks import read_blocks, text

__all__ = ["material_libraries", "textures"]

_LIBRARY = re.compile(rb"^[ \t]*mtllib[ \t]+([^\r\n]+)", re.MULTILINE)
_TEXTURE = re.compile(rb"^[ \t]*(?:map_\w+|bump|disp|decal|norm|refl)[ \t]+([^\r\n]+)", re.MULTILINE | re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?", re.IGNORECASE)
# Each option and the most arguments that it takes; numbers may be left out, words may not.
_OPTIONS = {
    "-blendu": 1, "-blendv": 1, "-bm": 1, "-boost": 1, "-cc": 1, "-clamp": 1, "-imfchan": 1, "-mm": 2,
    "-o": 3, "-s": 3, "-t": 3, "-texres": 1, "-type": 1, "-colorspace": 1,
}  # fmt: skip
_WITH_NUMBERS = {"-bm", "-boost", "-mm", "-o", "-s", "-t", "-texres"}


def material_libraries(path: Path) -> Iterator[str]:
    """Yield the material libraries that an OBJ file names.

    Raises:
        OSError: the file cannot be read.
    """
    for block in read_blocks(path):
        for match in _LIBRARY.finditer(block):
            named = text(match.group(1)).strip()
            # One name with spaces, or several names: exporters write both.
            several = named.split()
            is_list = len(several) > 1 and all(name.lower().endswith(".mtl") for name in several)
            yield from several if is_list else [named]


def textures(path: Path) -> Iterator[str]:
    """Yield the textures that an MTL file names.

    Raises:
        OSError: the file cannot be read.
    """
    for block in read_blocks(path):
        for match in _TEXTURE.finditer(block):
            name = _without_options(text(match.group(1)).strip())
            if name:
                yield name


def _without_options(arguments: str) -> str:
    """Return the file name behind the options: ``-s 1 1 1 wood grain.png`` -> ``wood grain.png``."""
    while True:
        option, _, rest = arguments.partition(" ")
        most = _OPTIONS.get(option.lower())
        if most is None:
            return arguments
        arguments = rest.lstrip()
        for _ in range(most):
            word, _, rest = arguments.partition(" ")
            if option.lower() in _WITH_NUMBERS and not _NUMBER.fullmatch(word):
                break
            arguments = rest.lstrip()
