"""References: how a project, an entity, a product or a version is named in text.

Two spellings mean the same::

    bifrost://DEMO/assets/hero/model?version=v003&representation=usd
    DEMO/assets/hero/model@v003:usd

Shots are ``DEMO/shots/sq010/sh020`` or, with an episode, ``DEMO/shots/ep01/sq010/sh020``. What a reference leaves
out is ``latest`` for the version and, for the representation, all of them.
"""

from __future__ import annotations

import re
from typing import Annotated, Callable, Optional, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode

from pydantic import AfterValidator, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from bifrost_core.errors import InvalidRequest
from bifrost_core.models.base import Model
from bifrost_core.models.names import (
    AssetName,
    EpisodeName,
    ProductName,
    ProjectCode,
    RepresentationName,
    SequenceName,
    ShotName,
    name_key,
)

__all__ = [
    "APPROVED",
    "LATEST",
    "EntityPath",
    "Reference",
    "Selector",
    "parse_entity",
    "version_label",
    "version_number",
]

_M = TypeVar("_M", bound=Model)
SCHEME = "bifrost"
LATEST = "latest"
APPROVED = "approved"
_VERSION = re.compile(r"v?([0-9]{1,6})", re.IGNORECASE)


def version_label(number: int) -> str:
    """Return how a version number is written: ``v003``."""
    return f"v{number:03d}"


def version_number(selector: str) -> Optional[int]:
    """Return the number that ``selector`` pins, or None when it is ``latest`` or ``approved``."""
    match = _VERSION.fullmatch(selector)
    return int(match.group(1)) if match else None


def _check_selector(selector: str) -> str:
    lowered = selector.casefold()
    if lowered in (LATEST, APPROVED):
        return lowered
    number = version_number(selector)
    if number is None or number < 1:
        raise PydanticCustomError(
            "selector", "“{selector}” is no version; write latest, approved or v003", {"selector": selector[:40]}
        )
    return version_label(number)


Selector = Annotated[str, AfterValidator(_check_selector)]
"""``latest``, ``approved`` or ``v003``: data, resolved when it is needed."""


class EntityPath(Model):
    """Where an asset or a shot stands in its project; exactly one of ``asset`` and ``shot`` is set."""

    project: ProjectCode
    asset: Optional[AssetName] = None
    episode: Optional[EpisodeName] = None
    sequence: Optional[SequenceName] = None
    shot: Optional[ShotName] = None

    @model_validator(mode="after")
    def _is_one_entity(self) -> EntityPath:
        below_shots = (self.episode, self.sequence, self.shot)
        is_asset = self.asset is not None and below_shots == (None, None, None)
        is_shot = self.asset is None and self.sequence is not None and self.shot is not None
        if not (is_asset or is_shot):
            raise PydanticCustomError("entity", "it must name either an asset, or a shot with its sequence")
        return self

    @property
    def is_asset(self) -> bool:
        """Whether this names an asset (else a shot)."""
        return self.asset is not None

    @property
    def name(self) -> str:
        """The asset's or shot's own name, without where it stands."""
        return self.asset or self.shot or ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts below the project: ``("assets", "hero")``, ``("shots", "sq010", "sh020")``."""
        if self.asset is not None:
            return ("assets", self.asset)
        return ("shots", *(part for part in (self.episode, self.sequence, self.shot) if part))

    @property
    def key(self) -> str:
        """What the entity is found by within its project, whatever the letter case: ``assets/hero``."""
        return "/".join(name_key(part) for part in self.parts)

    def __str__(self) -> str:
        return "/".join((self.project, *self.parts))


class Reference(Model):
    """A product on an entity, which version of it, and in which form."""

    entity: EntityPath
    product: ProductName
    version: Selector = LATEST
    representation: Optional[RepresentationName] = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read either spelling.

        Raises:
            InvalidRequest: the text is no reference; the message says why.
        """
        path, version, representation = _split(text)
        parts = path.split("/")
        if len(parts) < 4:
            raise _unreadable(text, "it names no product")
        entity = _entity(text, parts[:-1])
        return _validated(
            text,
            lambda: cls(entity=entity, product=parts[-1], version=version or LATEST, representation=representation),
        )

    @property
    def uri(self) -> str:
        """The long spelling, for scenes, files and other programs."""
        path = "/".join(quote(part, safe="") for part in (self.entity.project, *self.entity.parts, self.product))
        query = {"version": self.version}
        if self.representation:
            query["representation"] = self.representation
        return f"{SCHEME}://{path}?{urlencode(query)}"

    def pinned(self, number: int, representation: Optional[str] = None) -> Reference:
        """Return the same reference at one version number (and one representation, if given)."""
        return Reference(
            entity=self.entity,
            product=self.product,
            version=version_label(number),
            representation=representation or self.representation,
        )

    def __str__(self) -> str:
        short = f"{self.entity}/{self.product}@{self.version}"
        return f"{short}:{self.representation}" if self.representation else short


def parse_entity(text: str) -> EntityPath:
    """Read ``DEMO/assets/hero`` or ``DEMO/shots/sq010/sh020``, with or without ``bifrost://``.

    Raises:
        InvalidRequest: the text names no entity.
    """
    path, version, representation = _split(text)
    if version or representation:
        raise _unreadable(text, "an asset or shot has no version of its own; name a product too")
    return _entity(text, path.split("/"))


def _split(text: str) -> tuple[str, Optional[str], Optional[str]]:
    """Return path (decoded), version and representation as written, whichever spelling was used."""
    if text.lower().startswith(f"{SCHEME}://"):
        return _split_uri(text)
    head, slash, last = text.rstrip("/").rpartition("/")
    last, at, version = last.partition("@")
    if at:
        version, colon, representation = version.partition(":")
    else:
        last, colon, representation = last.partition(":")
    if (at and not version) or (colon and not representation):
        raise _unreadable(text, "something is missing after “@” or “:”")
    return head + slash + last, version or None, representation or None


def _split_uri(text: str) -> tuple[str, Optional[str], Optional[str]]:
    path, _, query_text = text[len(SCHEME) + 3 :].partition("?")
    path = path.rstrip("/")
    if "%2f" in path.lower():
        raise _unreadable(text, "a name in it contains a slash")
    found: dict[str, str] = {}
    for key, value in parse_qsl(query_text, keep_blank_values=True):
        if key not in ("version", "representation"):
            raise _unreadable(text, f"“{_shown(key)}” is not known after the question mark")
        if not value or key in found:
            raise _unreadable(text, f"“{key}” must stand once after the question mark, with a value")
        found[key] = value
    return unquote(path), found.get("version"), found.get("representation")


def _entity(text: str, parts: list[str]) -> EntityPath:
    collection = parts[1].casefold() if len(parts) > 1 else ""
    if collection == "assets" and len(parts) == 3:
        return _validated(text, lambda: EntityPath(project=parts[0], asset=parts[2]))
    if collection == "shots" and len(parts) in (4, 5):
        episode = parts[2] if len(parts) == 5 else None
        return _validated(
            text, lambda: EntityPath(project=parts[0], episode=episode, sequence=parts[-2], shot=parts[-1])
        )
    raise _unreadable(text, "it names no asset or shot")


def _validated(text: str, make: Callable[[], _M]) -> _M:
    try:
        return make()
    except ValidationError as exc:
        raise _unreadable(text, exc.errors()[0]["msg"]) from exc


def _unreadable(text: str, why: str) -> InvalidRequest:
    return InvalidRequest(
        f"“{_shown(text)}” is not a usable reference: {why}.",
        hint="Write PROJECT/assets/NAME/PRODUCT or PROJECT/shots/SEQUENCE/NAME/PRODUCT, and if you like @v003 or "
        "@approved and :usd behind it.",
    )


def _shown(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:200])
