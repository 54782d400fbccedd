"""What all models share: immutability, ids and times."""

from __future__ import annotations

import os
import time
from datetime import datetime, timezone
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError

from bifrost_core.errors import InvalidRequest

__all__ = ["Model", "Request", "Timestamp", "invalid_request", "new_id", "utc_now"]


class Model(BaseModel):
    """An answer: immutable; fields that a newer server adds are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Request(BaseModel):
    """A question or an order: immutable; an unknown field is an error, so that a typo is never passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(timezone.utc)


Timestamp = Annotated[datetime, AwareDatetime, AfterValidator(_in_utc)]
"""A point in time: always with a zone, always in UTC."""


def utc_now() -> datetime:
    """Return the present moment, in UTC, to the microsecond."""
    return datetime.now(timezone.utc)


def new_id() -> str:
    """Return a new opaque id: a UUID of version 7 (RFC 9562) as 32 hexadecimal digits.

    Such ids grow with time, which keeps database indexes compact and lists in the order of creation.
    """
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & ((1 << 48) - 1)) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return f"{value:032x}"


def invalid_request(exc: ValidationError) -> InvalidRequest:
    """Return pydantic's complaint as the error that callers see: one sentence a problem, each also in the details."""
    problems = [
        {"field": ".".join(str(part) for part in error["loc"]), "message": error["msg"]}
        for error in exc.errors(include_url=False, include_context=False, include_input=False)
    ]
    sentences = [f"{item['field']}: {item['message']}" if item["field"] else item["message"] for item in problems]
    return InvalidRequest("; ".join(sentences) + ".", details={"problems": problems})
