"""The forms that arguments and options are written in: ``1001-1100``, ``1920x1080``, ``name=value``."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import click

from bifrost_core.errors import InvalidRequest

if TYPE_CHECKING:
    Form = click.ParamType[Any]
else:
    # The older releases, which Python 3.9 gets, know no parameter of the type.
    Form = click.ParamType

__all__ = [
    "Frames",
    "KeyValue",
    "Percentage",
    "Resolution",
    "asset_path",
    "at_home",
    "json_file",
    "metadata",
    "shot_path",
    "store_url",
]

_FRAMES = re.compile(r"(-?\d{1,9})(?:-(-?\d{1,9}))?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # one letter would be a drive of Windows
_RESOLUTION = re.compile(r"(\d{1,6})[xX](\d{1,6})")


class Frames(Form):
    """A range of frames: ``1001-1100``."""

    name = "frames"

    def convert(self, value: Any, param: Optional[click.Parameter], ctx: Optional[click.Context]) -> tuple[int, int]:
        """Return first and last frame."""
        if isinstance(value, tuple):
            return value
        match = _FRAMES.fullmatch(value.strip())
        if not match:
            self.fail(f"“{value}” is no frame range; write it like 1001-1100.", param, ctx)
        first, last = match.groups()
        return int(first), int(first if last is None else last)


class Resolution(Form):
    """Width and height: ``1920x1080``."""

    name = "resolution"

    def convert(self, value: Any, param: Optional[click.Parameter], ctx: Optional[click.Context]) -> tuple[int, int]:
        """Return width and height."""
        if isinstance(value, tuple):
            return value
        match = _RESOLUTION.fullmatch(value.strip())
        if not match:
            self.fail(f"“{value}” is no resolution; write it like 1920x1080.", param, ctx)
        return int(match.group(1)), int(match.group(2))


class KeyValue(Form):
    """A name and a value: ``usd=chair.usda``."""

    name = "name=value"

    def convert(self, value: Any, param: Optional[click.Parameter], ctx: Optional[click.Context]) -> tuple[str, str]:
        """Return name and value."""
        if isinstance(value, tuple):
            return value
        name, equals, text = value.partition("=")
        if not (name and equals and text):
            self.fail(f"“{value}” is not of the form NAME=VALUE.", param, ctx)
        return name, text


class Percentage(Form):
    """A share of the whole: ``10%``."""

    name = "percentage"

    def convert(self, value: Any, param: Optional[click.Parameter], ctx: Optional[click.Context]) -> float:
        """Return the share, above 0 and at most 1."""
        if isinstance(value, float):
            return value
        try:
            share = float(value.strip().rstrip("%")) / 100
        except ValueError:
            share = 0.0
        if not 0 < share <= 1:
            self.fail(f"“{value}” is no percentage; write it like 10%.", param, ctx)
        return share


def asset_path(words: Sequence[str]) -> str:
    """Return the path of an asset written as ``PROJECT/assets/NAME``, ``PROJECT/NAME`` or ``PROJECT NAME``."""
    return _path("assets", words)


def shot_path(words: Sequence[str]) -> str:
    """Return the path of a shot written as ``PROJECT/shots/SEQ/NAME``, ``PROJECT/SEQ/NAME`` or ``PROJECT SEQ/NAME``."""
    return _path("shots", words)


def _path(collection: str, words: Sequence[str]) -> str:
    text = "/".join(words)
    if len(words) > 2:
        raise InvalidRequest(
            f"“{' '.join(words)}” names more than one thing.", hint=f"Write PROJECT/{collection}/NAME or PROJECT NAME."
        )
    project, slash, rest = text.partition("/")
    if "://" in text or not slash or rest.partition("/")[0].casefold() in ("assets", "shots"):
        return text
    return f"{project}/{collection}/{rest}"


def at_home(name: str) -> str:
    """Return the path of ``~/file``: no shell puts the folder in behind ``usd=``, nor between quotes."""
    return os.path.expanduser(name) if name.startswith("~") and not os.path.lexists(name) else name  # noqa: PTH111


def metadata(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return metadata from ``name=value`` pairs: what reads as JSON is taken as JSON, all else as text."""
    return {name: _json_or_text(text) for name, text in pairs}


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        return text


def _refuse_constant(name: str) -> Any:
    # NaN and Infinity are words in Python's JSON only.
    raise ValueError(name)


def json_file(path: Path) -> dict[str, Any]:
    """Return the JSON object that a file holds.

    Raises:
        InvalidRequest: the file cannot be read or is no JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise InvalidRequest(f"{path} cannot be read: {exc.strerror or exc}.") from exc
    except ValueError as exc:
        raise InvalidRequest(f"{path} is no JSON: {exc}.", hint="Correct the file at that place.") from exc
    if not isinstance(value, dict):
        raise InvalidRequest(f"{path} holds no JSON object.", hint="A JSON Schema is an object: { ... }.")
    return value


def store_url(text: str) -> str:
    """Return the URL of a store that was written as a URL or as a folder."""
    if _SCHEME.match(text):
        return text
    from bifrost_core.storage.registry import file_store_url

    return file_store_url(Path(text).expanduser())
