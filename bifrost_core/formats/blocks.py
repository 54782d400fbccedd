"""Large text files, read in blocks of bounded size that end where a line or statement ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["read_blocks", "text"]

_BLOCK = 1 << 20
_LONGEST = 8 << 20


def read_blocks(path: Path, end: bytes = b"\n") -> Iterator[bytes]:
    """Yield the file in blocks that end with ``end``; only what is longer than 8 MiB is cut elsewhere.

    Lines end with a line feed alone, whatever the file has.

    Raises:
        OSError: the file cannot be read.
    """
    carried = b""
    with path.open("rb") as stream:
        while True:
            block = stream.read(_BLOCK)
            if not block:
                break
            carried += block.replace(b"\r", b"")
            cut = carried.rfind(end) + len(end)
            if cut >= len(end):
                yield carried[:cut]
                carried = carried[cut:]
            elif len(carried) > _LONGEST:
                yield carried
                carried = b""
    if carried:
        yield carried


def text(data: bytes) -> str:
    """Return bytes of a file as text: UTF-8, or what Western Windows wrote before it."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
