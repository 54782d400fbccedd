"""USD layers in text form: the asset paths that they name.

Binary layers (``.usdc``, and ``.usd`` that is binary) are not read: their paths stay unknown. A ``.usdz`` holds all
that it needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bifrost_core.formats.blocks import read_blocks, text

__all__ = ["asset_paths", "is_text_layer"]

_SIGNATURE = b"#usda"
# What may hold an @ without being an asset path comes first: long strings, strings, comments.
_TOKEN = re.compile(
    rb'"""(?:[^"\\]|\\.|"(?!""))*"""'
    rb"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    rb'|"(?:[^"\\\n]|\\.)*"'
    rb"|'(?:[^'\\\n]|\\.)*'"
    rb"|#[^\n]*"
    rb"|@@@(?P<long>(?:[^@\n]|\\@@@|@(?!@@))*)@@@"
    rb"|@(?P<short>[^@\n]*)@",
    re.DOTALL,
)


def is_text_layer(path: Path) -> bool:
    """Return whether a file is a USD layer in text form.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        return stream.read(len(_SIGNATURE)) == _SIGNATURE


def asset_paths(path: Path) -> Iterator[str]:
    """Yield the asset paths of a text layer: sublayers, references, payloads, textures and what else stands in @ signs.

    Raises:
        OSError: the file cannot be read.
    """
    for block in _quiet_blocks(path):
        for match in _TOKEN.finditer(block):
            found = match.group("long") or match.group("short")
            if found:
                yield text(found).replace("\\@@@", "@@@")


def _quiet_blocks(path: Path) -> Iterator[bytes]:
    """Yield blocks that end outside of long strings, as far as those are of reasonable length."""
    carried = b""
    for block in read_blocks(path):
        carried += block
        # A long string that begins in this block ends in a later one.
        if len(carried) < (8 << 20) and (carried.count(b'"""') % 2 or carried.count(b"'''") % 2):
            continue
        yield carried
        carried = b""
    if carried:
        yield carried
