"""Viewing: a version's representations as files that people and programs open."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from bifrost_core.models.files import Representation
from bifrost_core.models.layout import representation_path, stands_in_folder
from bifrost_core.models.reference import parse_entity
from bifrost_core.models.version import Version
from bifrost_core.storage.port import Progress
from bifrost_core.storage.views import View, ViewFile

__all__ = ["show", "view_files"]


def show(
    view: View, version: Version, representation: Representation, *, progress: Optional[Progress] = None
) -> tuple[Path, ...]:
    """Return the paths of a representation's files in the view, in their order; what is not there yet is added.

    Raises:
        StorageError: the view cannot be written, or a blob is not stored.
    """
    path = representation_path(parse_entity(version.entity), version.product, version.number, representation)
    return view.add(path, view_files(representation), progress=progress)


def view_files(representation: Representation) -> tuple[ViewFile, ...]:
    """Return the files of a representation as a view takes them: a single one has no name of its own."""
    in_folder = stands_in_folder(representation)
    return tuple(
        ViewFile(name=file.name if in_folder else None, sha256=file.sha256, size=file.size)
        for file in representation.files
    )
