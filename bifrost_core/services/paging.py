"""Cursors: where a page ended, as an opaque text that survives insertions and deletions."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from bifrost_core.errors import InvalidRequest

__all__ = ["decode_cursor", "encode_cursor"]


def encode_cursor(*keys: Any) -> str:
    """Return the cursor behind an item with these sort keys."""
    return base64.urlsafe_b64encode(json.dumps(keys, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """Return the sort keys in a cursor, which must be of these types.

    Raises:
        InvalidRequest: the cursor is not one that this list gave.
    """
    try:
        keys = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, UnicodeError, ValueError) as exc:
        raise _foreign() from exc
    if not isinstance(keys, list) or len(keys) != len(kinds):
        raise _foreign()
    if any(not isinstance(key, kind) or isinstance(key, bool) for key, kind in zip(keys, kinds)):
        raise _foreign()
    return tuple(keys)


def _foreign() -> InvalidRequest:
    return InvalidRequest("The cursor is not one that this list gave.", hint="Start again without a cursor.")
