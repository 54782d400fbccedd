"""Loading: from a reference to files that can be opened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from bifrost_core.errors import BlobCorrupt, BlobNotFound, NotFound
from bifrost_core.models.files import THUMBNAIL, Representation
from bifrost_core.models.layout import representation_path
from bifrost_core.models.names import name_key
from bifrost_core.models.reference import Reference, parse_entity
from bifrost_core.models.version import Version
from bifrost_core.operations.catalogue import Services
from bifrost_core.storage.port import BlobStore, Progress
from bifrost_core.storage.views import LinkMode, View, place
from bifrost_core.workflows.viewing import show, view_files

__all__ = ["LoadResult", "load"]

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class LoadResult:
    """What was loaded.

    Attributes:
        reference: to the very version, and to the representation if one was asked for.
        version: the version, whole.
        representations: those that were loaded.
        paths: every file, in the order of the representations and of their files.
    """

    reference: Reference
    version: Version
    representations: tuple[Representation, ...]
    paths: tuple[Path, ...]


def load(
    services: Services,
    store: BlobStore,
    view: View,
    reference: str,
    *,
    to: Optional[Path] = None,
    copy: bool = False,
    overwrite: bool = False,
    progress: Optional[Progress] = None,
) -> LoadResult:
    """Return the files of the version that a reference (or an id) names.

    Args:
        services: the operations.
        store: where the bytes are.
        view: where the files are shown, unless ``to`` is given.
        reference: with a representation, that one; without, all but the thumbnail.
        to: a folder to place the files in: linked and read-only, or with ``copy`` as writable files of their own.
        copy: copy, never link.
        overwrite: in place of other files of the same names.
        progress: told the bytes that are done.

    Raises:
        InvalidRequest: the reference cannot be read.
        NotFound: there is no such version, or it has no such representation.
        AlreadyExists: other files stand in the way.
        StorageError: the files cannot be read or written.
    """
    wanted = None if _ID.fullmatch(reference) else Reference.parse(reference)
    version = services.versions.get(reference if wanted is None else _without_representation(wanted))
    chosen = _choose(version, wanted.representation if wanted else None)
    paths: list[Path] = []
    try:
        for item in chosen:
            if to is None:
                paths += show(view, version, item, progress=progress)
            else:
                paths += _place(store, version, item, to, copy=copy, overwrite=overwrite, progress=progress)
    except (BlobCorrupt, BlobNotFound) as exc:
        # A digest alone tells an artist nothing.
        message = f"{version.reference} cannot be loaded: {exc.message}"
        raise type(exc)(message, hint=exc.hint, details={**exc.details, "version": version.reference}) from exc
    name = chosen[0].name if wanted and wanted.representation else None
    pinned = Reference.parse(version.reference).pinned(version.number, name)
    return LoadResult(pinned, version, chosen, tuple(paths))


def _without_representation(reference: Reference) -> str:
    return str(reference.model_copy(update={"representation": None}))


def _choose(version: Version, name: Optional[str]) -> tuple[Representation, ...]:
    if name is None:
        work = tuple(item for item in version.representations if name_key(item.name) != THUMBNAIL)
        return work or version.representations
    chosen = tuple(item for item in version.representations if name_key(item.name) == name_key(name))
    if not chosen:
        there = ", ".join(item.name for item in version.representations)
        raise NotFound(
            f"{version.reference} has no representation “{name}”.",
            hint=f"It has: {there}.",
            details={
                "reference": version.reference,
                "representations": [item.name for item in version.representations],
            },
        )
    return chosen


def _place(
    store: BlobStore,
    version: Version,
    representation: Representation,
    folder: Path,
    *,
    copy: bool,
    overwrite: bool,
    progress: Optional[Progress],
) -> tuple[Path, ...]:
    path = representation_path(parse_entity(version.entity), version.product, version.number, representation)
    return place(
        store,
        view_files(representation),
        folder / path.name,
        mode=LinkMode.COPY if copy else LinkMode.AUTO,
        writable=copy,
        overwrite=overwrite,
        progress=progress,
    )
