"""Damaged blobs: whom they hit, which files of the view show them, and how they are taken out of the way."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import PurePosixPath
from typing import Callable, Optional

from sqlalchemy import select

from bifrost_core.database.tables import FileRow, RepresentationRow
from bifrost_core.errors import BlobNotFound, InvalidRequest, StorageError
from bifrost_core.models.files import File
from bifrost_core.models.layout import view_paths
from bifrost_core.models.reference import parse_entity
from bifrost_core.models.upkeep import Damage, DamagedBlob
from bifrost_core.models.version import Version
from bifrost_core.services.context import Context
from bifrost_core.services.lookup import located_versions
from bifrost_core.services.reading import as_label, as_versions
from bifrost_core.storage.hashing import hash_file
from bifrost_core.storage.port import BlobStore, LocalFiles, Quarantine
from bifrost_core.storage.system_paths import system_path
from bifrost_core.storage.views import View

__all__ = ["Damages", "stored_digest"]

_BLOCK = 1 << 20


def stored_digest(store: BlobStore, sha256: str, told: Optional[Callable[[int], None]] = None) -> str:
    """Return the digest that the stored bytes really have.

    Args:
        store: where they are.
        sha256: the blob.
        told: the bytes read, before they are hashed; it may raise to stop.

    Raises:
        StorageError: the blob cannot be read.
    """
    found = hashlib.sha256()
    with closing(store.open(sha256)) as stream:
        while True:
            data = stream.read(_BLOCK)
            if not data:
                return found.hexdigest()
            if told is not None:
                told(len(data))
            found.update(data)


class Damages:
    """Describes damaged blobs of a library, and sets them aside."""

    def __init__(self, context: Context, view: View) -> None:
        self._context = context
        self._store = context.store
        self._view = view

    def described(self, sha256: str, damage: Damage) -> Optional[DamagedBlob]:
        """Return whom a damaged blob hits; None when no version uses it any more."""
        versions = self._versions(sha256)
        if not versions:
            return None
        with self._context.reading() as session:
            found = located_versions(session, versions)
            labels = sorted((as_label(item) for item in found.values()), key=lambda label: label.reference)
        names = {file.name for item in versions.values() for file in _files_of(item) if file.sha256 == sha256}
        views = self._shown_wrong(sha256, versions) if damage is Damage.CORRUPT else ()
        return DamagedBlob(
            sha256=sha256,
            damage=damage,
            versions=tuple(labels),
            files=tuple(sorted(names)),
            views=tuple(str(self._view.root.joinpath(*path.parts)) for path in views),
        )

    def set_aside(self, item: DamagedBlob) -> DamagedBlob:
        """Move a corrupt blob out of the way, with the files of the view that show it; others stay as they are.

        Raises:
            StorageError: it cannot be moved.
        """
        store = self._store
        if item.damage is not Damage.CORRUPT or not isinstance(store, Quarantine):
            return item
        try:
            before = store.stat(item.sha256).stored
            # Read again: what was read wrong once may be right, or somebody has repaired it meanwhile.
            if stored_digest(store, item.sha256) == item.sha256:
                return item
            views = self._shown_wrong(item.sha256, self._versions(item.sha256))
            # No commit happens meanwhile: a publish that believes the blob to be stored is told to put it again.
            with self._context.database.writing():
                if store.stat(item.sha256).stored != before:
                    return item
                place = store.set_aside(item.sha256)
        except BlobNotFound:
            return item
        for path in views:
            self._view.remove(path)
        return item.model_copy(update={"set_aside": place})

    def _versions(self, sha256: str) -> dict[str, Version]:
        with self._context.reading() as session:
            ids = session.scalars(
                select(RepresentationRow.version_id)
                .join(FileRow, FileRow.representation_id == RepresentationRow.id)
                .where(FileRow.sha256 == sha256)
                .distinct()
            ).all()
            return as_versions(session, list(located_versions(session, ids).values()))

    def _shown_wrong(self, sha256: str, versions: dict[str, Version]) -> tuple[PurePosixPath, ...]:
        """Return the files of the view that are links to the damaged bytes, or clones of them."""
        damaged = ""
        with suppress(StorageError):
            damaged = stored_digest(self._store, sha256)
        if damaged in ("", sha256):
            return ()
        paths = sorted({path for item in versions.values() for path in _paths_of(item, sha256)})
        return tuple(path for path in paths if self._shows(path, sha256, damaged))

    def _shows(self, path: PurePosixPath, sha256: str, damaged: str) -> bool:
        file = self._view.root.joinpath(*path.parts)
        try:
            found = os.lstat(system_path(file))
            if not stat.S_ISREG(found.st_mode):
                return False
            if isinstance(self._store, LocalFiles):
                blob = os.stat(system_path(self._store.path(sha256)))  # noqa: PTH116
                if os.path.samestat(found, blob) or found.st_size != blob.st_size:
                    return os.path.samestat(found, blob)
            return hash_file(file)[0] == damaged
        except (OSError, InvalidRequest):
            return False  # nobody can load what cannot be read


def _files_of(version: Version) -> Iterator[File]:
    return (file for item in version.representations for file in item.files)


def _paths_of(version: Version, sha256: str) -> Iterator[PurePosixPath]:
    entity = parse_entity(version.entity)
    for item in version.representations:
        for file, path in zip(item.files, view_paths(entity, version.product, version.number, item)):
            if file.sha256 == sha256:
                yield path
