"""Files and representations: what a version consists of."""

from __future__ import annotations

from typing import Annotated, Optional

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from bifrost_core.models.base import Model
from bifrost_core.models.names import FilePath, RepresentationName, name_key

__all__ = ["Digest", "File", "Representation"]


def _check_digest(value: str) -> str:
    value = value.lower()
    if len(value) != 64 or set(value) - set("0123456789abcdef"):
        raise PydanticCustomError("digest", "a SHA-256 has 64 hexadecimal digits")
    return value


Digest = Annotated[str, AfterValidator(_check_digest)]
"""SHA-256 as 64 lowercase hexadecimal digits."""


class File(Model):
    """A file of a representation."""

    name: FilePath = Field(description="relative to the representation, with / between its parts")
    size: int = Field(ge=0, lt=2**63, description="bytes")
    sha256: Digest


class Representation(Model):
    """One form of a version: one file, or several that belong together."""

    name: RepresentationName = Field(description="usd, blend, abc, exr, thumbnail, ...")
    files: tuple[File, ...] = Field(min_length=1, description="the main file first")
    pattern: Optional[FilePath] = Field(default=None, description="of a sequence or UDIM set: sh010.%04d.exr")
    frames: Optional[str] = Field(default=None, max_length=4000, description="the frames that are there: 1001-1024")
    missing: Optional[str] = Field(default=None, max_length=4000, description="the frames that lack within the range")

    @model_validator(mode="after")
    def _names_are_distinct(self) -> Representation:
        seen: dict[str, str] = {}
        for file in self.files:
            other = seen.setdefault(name_key(file.name), file.name)
            if other is not file.name:
                raise PydanticCustomError(
                    "files", "“{first}” and “{second}” would be one file on Windows or macOS",
                    {"first": other, "second": file.name},
                )  # fmt: skip
        return self

    @property
    def size(self) -> int:
        """Bytes of all its files together."""
        return sum(file.size for file in self.files)
