"""What all models share: immutability, ids and times."""

from __future__ import annotations

import json
import os
import re
import time
from datetime import datetime, timezone
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from bifrost_core.errors import InvalidRequest

__all__ = ["JsonObject", "Model", "Request", "Revision", "Timestamp", "invalid_request", "new_id", "utc_now"]

_R = TypeVar("_R", bound="Request")
# Half characters come from file names in another encoding; PostgreSQL stores no NUL.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class Model(BaseModel):
    """An answer: immutable; fields that a newer server adds are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Request(BaseModel):
    """A question or an order: immutable; an unknown field is an error, so that a typo is never passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @model_validator(mode="after")
    def _texts_can_be_stored(self: _R) -> _R:
        for field, value in self.__dict__.items():
            for text in value if isinstance(value, tuple) else (value,):
                if isinstance(text, str) and _NO_TEXT.search(text):
                    raise PydanticCustomError(
                        "text", "“{field}” contains characters that are no text", {"field": field}
                    )
        return self


def _as_json(value: dict[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as exc:
        raise PydanticCustomError("json", "it is not plain JSON: {why}", {"why": str(exc)}) from exc
    if _NO_TEXT.search(text) or _ESCAPED_NUL.search(text):
        raise PydanticCustomError("json", "it contains characters that are no text")
    return dict(json.loads(text))


JsonObject = Annotated[dict[str, Any], AfterValidator(_as_json)]
"""An object of plain JSON: what a caller stores is what a caller on another machine gets back."""

Revision = Annotated[int, Field(ge=0, lt=2**63)]
"""How often something was changed."""


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(timezone.utc)
    except OverflowError as exc:
        raise PydanticCustomError("timestamp", "the time lies outside the years 1 to 9999 in UTC") from exc


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
    return InvalidRequest("; ".join(_sentence(**problem) for problem in problems) + ".", details={"problems": problems})


def _sentence(field: str, message: str) -> str:
    if field and not message[:1].islower():
        return f"{field}: {message}"
    # Our own messages begin in lower case and name what they are about; pydantic's say "Field required".
    return message[:1].upper() + message[1:]
