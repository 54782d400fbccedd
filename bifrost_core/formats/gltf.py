"""glTF in JSON form: the buffers and images that it names. A ``.glb`` holds all that it needs and is not read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

__all__ = ["MAXIMUM_SIZE", "uris"]

MAXIMUM_SIZE = 64 << 20
"""Bytes of a file that is read; larger ones hold their buffers in themselves."""


def uris(path: Path) -> Iterator[str]:
    """Yield the files that a glTF file names; data that it holds itself is passed over.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not glTF.
    """
    with path.open("rb") as stream:
        data = stream.read(MAXIMUM_SIZE + 1)
    if len(data) > MAXIMUM_SIZE:
        return
    document = json.loads(data)
    for item in (*_items(document, "buffers"), *_items(document, "images")):
        uri = item.get("uri")
        if isinstance(uri, str) and uri[:5].lower() != "data:":
            yield unquote(uri)


def _items(document: Any, key: str) -> list[dict[str, Any]]:
    items = document.get(key, []) if isinstance(document, dict) else []
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
