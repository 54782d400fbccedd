"""Changes to a row: only what was seen is changed, and only what differs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from pydantic import BaseModel

from bifrost_core.errors import StaleWrite

__all__ = ["apply_changes"]


class _Revised(Protocol):
    revision: Any


def apply_changes(row: _Revised, changes: BaseModel, what: str, *, apart: Collection[str] = ()) -> dict[str, Any]:
    """Set the fields that the caller sent; return those whose value is new, as JSON.

    Args:
        row: the row to change.
        changes: a request with an optional ``revision``.
        what: the row in words, for the error.
        apart: fields that the caller sets itself.

    Raises:
        StaleWrite: the row has another revision than the caller saw.
    """
    seen = getattr(changes, "revision", None)
    if seen is not None and seen != row.revision:
        raise StaleWrite(f"{what} was changed by someone else.", details={"revision": row.revision, "expected": seen})
    changed: dict[str, Any] = {}
    sent = changes.model_dump(mode="json", exclude_unset=True, exclude={"revision", *apart})
    for name, value in sent.items():
        if value is not None and getattr(row, name) != value:
            setattr(row, name, value)
            changed[name] = value
    if changed:
        row.revision += 1
    return changed
