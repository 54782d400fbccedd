"""Files and representations: what a version consists of."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Optional

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from bifrost_core.models.base import Model
from bifrost_core.models.names import FilePath, RepresentationName, check_file_path, file_key

__all__ = ["THUMBNAIL", "Digest", "File", "FilePattern", "FileSize", "Representation"]

THUMBNAIL = "thumbnail"
"""The representation that shows a version and is no part of the work."""


def _check_digest(value: str) -> str:
    value = value.lower()
    if len(value) != 64 or set(value) - set("0123456789abcdef"):
        raise PydanticCustomError("digest", "a SHA-256 has 64 hexadecimal digits")
    return value


Digest = Annotated[str, AfterValidator(_check_digest)]
"""SHA-256 as 64 lowercase hexadecimal digits."""


_UDIM = "<UDIM>"
FileSize = Annotated[int, Field(ge=0, lt=2**63)]
"""Bytes: 64 bits."""


def _check_pattern(pattern: str) -> str:
    # The token stands in no file's name, so the rule against < and > does not concern it.
    checked = check_file_path(pattern.replace(_UDIM, "1001"))
    return unicodedata.normalize("NFC", pattern) if _UDIM in pattern else checked


FilePattern = Annotated[str, AfterValidator(_check_pattern)]
"""What the names of many files have in common: ``sh010.%04d.exr`` or ``skin.<UDIM>.png``."""


class File(Model):
    """A file of a representation."""

    name: FilePath = Field(description="relative to the representation, with / between its parts")
    size: FileSize = Field(description="bytes")
    sha256: Digest


def _check_folders(names: dict[str, str]) -> None:
    for key, name in names.items():
        parts = key.split("/")
        for count in range(1, len(parts)):
            file = names.get("/".join(parts[:count]))
            if file is not None:
                raise PydanticCustomError(
                    "files", "“{file}” cannot be a file and the folder of “{name}”", {"file": file, "name": name}
                )


class Representation(Model):
    """One form of a version: one file, or several that belong together."""

    name: RepresentationName = Field(description="usd, blend, abc, exr, thumbnail, ...")
    files: tuple[File, ...] = Field(min_length=1, description="the main file first")
    pattern: Optional[FilePattern] = Field(
        default=None, description="of a sequence: sh010.%04d.exr; of a UDIM set: skin.<UDIM>.png"
    )
    frames: Optional[str] = Field(default=None, max_length=100_000, description="the frames that are there: 1001-1024")
    missing: Optional[str] = Field(
        default=None, max_length=100_000, description="the frames that lack within the range"
    )

    @model_validator(mode="after")
    def _names_are_distinct(self) -> Representation:
        seen: dict[str, str] = {}
        for file in self.files:
            key = file_key(file.name)
            if key in seen:
                raise PydanticCustomError(
                    "files", "“{first}” and “{second}” would be one file on Windows or macOS",
                    {"first": seen[key], "second": file.name},
                )  # fmt: skip
            seen[key] = file.name
        _check_folders(seen)
        return self

    @property
    def size(self) -> int:
        """Bytes of all its files together."""
        return sum(file.size for file in self.files)
