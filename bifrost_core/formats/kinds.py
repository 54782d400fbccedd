"""Kinds of files: which representation an extension stands for."""

from __future__ import annotations

import unicodedata
from enum import IntEnum

from pydantic_core import PydanticCustomError

from bifrost_core.models.names import check_name

__all__ = ["Role", "extension", "representation_name", "role"]

UNKNOWN = "file"
_LONGEST_NAME = 16
_COMPRESSIONS = {".gz", ".bz2", ".xz", ".zst", ".sc", ".lz4"}
_ALIASES = {
    "usda": "usd",
    "usdc": "usd",
    "usdz": "usd",
    "usdnc": "usd",
    "jpeg": "jpg",
    "jpe": "jpg",
    "tif": "tiff",
    "hipnc": "hip",
    "hiplc": "hip",
    "hdanc": "hda",
    "hdalc": "hda",
    "otl": "hda",
    "bgeosc": "bgeo",
}


class Role(IntEnum):
    """What a file mostly is; of the kinds in one folder the one with the lowest role names it."""

    SCENE = 0
    GEOMETRY = 1
    MOVIE = 2
    IMAGE = 3
    OTHER = 4


_ROLES = {
    Role.SCENE: "ma mb blend hip hda nk c4d max 3ds spp sbs sbsar zpr ztl katana psd kra xcf prproj aep aaf otio",
    Role.GEOMETRY: "usd abc fbx obj gltf glb bgeo vdb ply stl dae ass rs rib mdd pc2",
    Role.MOVIE: "mov mp4 m4v mkv avi mxf webm wav aif aiff mp3 flac ogg",
    Role.IMAGE: "exr png jpg tiff tga dpx cin hdr tx rat pic bmp webp jp2 sgi iff rgb tex gif",
}
_ROLE_OF = {name: found for found, names in _ROLES.items() for name in names.split()}


def extension(name: str) -> str:
    """Return the extension of a file name with its dot, both parts of one like ``.bgeo.sc``; "" if there is none."""
    stem, last = _split(name)
    if last.lower() in _COMPRESSIONS:
        before = _split(stem)[1]
        # Digits are a frame: `cache.0001.gz` has no second extension.
        return before + last if any(char.isalpha() for char in before) else last
    return last


def representation_name(name: str) -> str:
    """Return the name of the representation that a file is by its extension: ``hero.usda`` -> ``usd``.

    An extension that is not known is itself the name, cleaned to a valid one; without extension it is ``file``.
    """
    parts = unicodedata.normalize("NFC", extension(name)).lower().lstrip(".").split(".")
    cleaned = "".join(char for char in parts[0] if char.isascii() and char.isalnum())[:_LONGEST_NAME]
    found = _ALIASES.get(cleaned, cleaned)
    try:
        return check_name(found, "representation name", _LONGEST_NAME)
    except PydanticCustomError:
        # Nothing is left of it, or Windows reserves it (`.aux`).
        return UNKNOWN


def role(representation: str) -> Role:
    """Return what a representation of that name mostly is."""
    return _ROLE_OF.get(representation.lower(), Role.OTHER)


def _split(name: str) -> tuple[str, str]:
    """Return stem and extension; a leading dot begins none, and digits alone or words with spaces are none."""
    stem, dot, last = name.rpartition(".")
    if not dot or not stem.strip(".") or not any(char.isalpha() for char in last) or " " in last:
        return name, ""
    return stem, dot + last
