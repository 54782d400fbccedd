"""Which of many keys are in the database: asked in batches, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bifrost_core.services.lookup import BATCH, batches, each_in

__all__ = ["Key", "Keys", "values_by"]

_T = TypeVar("_T")
Key = tuple[Any, ...]
Keys = Iterable[Key]


def values_by(
    session: Session, columns: tuple[InstrumentedAttribute[Any], ...], value: InstrumentedAttribute[_T], keys: Keys
) -> dict[Key, _T]:
    """Return one column of each row whose ``columns`` are one of the keys."""
    wanted = sorted(set(keys))
    found: dict[Key, _T] = {}
    for batch in batches(wanted, BATCH // len(columns)):
        for row in session.execute(select(*columns, value).where(each_in(columns, batch))):
            found[tuple(row[:-1])] = row[-1]
    return {key: found[key] for key in wanted if key in found}
