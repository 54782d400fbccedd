"""Folders of a view that show a version which is not there any more, or not under that name."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Optional

from sqlalchemy import select
from sqlalchemy.orm import Session

from bifrost_core.database.tables import EntityRow, ProductRow, ProjectRow, VersionRow
from bifrost_core.errors import InvalidRequest
from bifrost_core.models.names import name_key
from bifrost_core.models.reference import version_number
from bifrost_core.services.context import Context
from bifrost_core.services.lookup import BATCH, batches, each_in
from bifrost_core.storage.copying import is_read_only
from bifrost_core.storage.hashing import hash_file
from bifrost_core.storage.port import BlobStore
from bifrost_core.storage.system_paths import system_path
from bifrost_core.storage.views import View

__all__ = ["Stale", "StaleViews"]

_Key = tuple[str, str, str, int]
"""Project, path of the entity, product, version: as they are compared."""


@dataclass(frozen=True)
class Stale:
    """Folders of the view that belong to no version."""

    removable: tuple[PurePosixPath, ...]
    kept: tuple[PurePosixPath, ...]
    """Those in which somebody changed or added a file."""


class StaleViews:
    """Finds and removes them."""

    def __init__(self, context: Context, view: View) -> None:
        self._context = context
        self._view = view

    def found(self) -> Stale:
        """Return the folders that belong to no version; call it while the store still has their blobs."""
        folders = {folder: _key_of(folder) for folder in self._view.folders()}
        # The versions are read after the folders: a folder is made only for a version that is committed.
        with self._context.reading() as session:
            known = _known(session, {key for key in folders.values() if key is not None})
        removable: list[PurePosixPath] = []
        kept: list[PurePosixPath] = []
        for folder, key in sorted(folders.items()):
            if key is None or key in known:
                continue
            if not _is_ours(self._context.store, self._view.root.joinpath(*folder.parts)):
                kept.append(folder)
            else:
                removable.append(folder)
        return Stale(tuple(removable), tuple(kept))

    def remove(self, stale: Stale) -> None:
        """Remove those that nobody changed."""
        for folder in stale.removable:
            self._view.remove(folder)


def _key_of(folder: PurePosixPath) -> Optional[_Key]:
    project, *entity, product, version = folder.parts
    number = version_number(version)
    if number is None:
        return None
    return name_key(project), "/".join(map(name_key, entity)), name_key(product), number


def _known(session: Session, keys: set[_Key]) -> set[_Key]:
    columns = (ProjectRow.code_key, EntityRow.path_key, ProductRow.name_key, VersionRow.number)
    found: set[_Key] = set()
    for batch in batches(sorted(keys), BATCH // len(columns)):
        rows = session.execute(
            select(*columns)
            .join(EntityRow, EntityRow.project_id == ProjectRow.id)
            .join(ProductRow, ProductRow.entity_id == EntityRow.id)
            .join(VersionRow, VersionRow.product_id == ProductRow.id)
            .where(each_in(columns, batch))
        )
        found.update((code, path, name, number) for code, path, name, number in rows)
    return found.intersection(keys)


def _is_ours(store: BlobStore, folder: Path) -> bool:
    """Return whether every file in a folder is as Bifrost made it: read-only, with the bytes of a blob."""
    with suppress(FileNotFoundError):
        for path in _files(folder):
            found = os.lstat(system_path(path))
            if not stat.S_ISREG(found.st_mode) or not is_read_only(found.st_mode):
                return False
            try:
                sha256, _ = hash_file(path)
            except InvalidRequest:
                return False  # what cannot be read is not thrown away
            if store.missing((sha256,)):
                return False
    return True


def _files(folder: Path) -> Iterator[Path]:
    """Yield all that is in a folder but plain folders."""
    for base, folders, names in os.walk(system_path(folder)):
        yield from (Path(base, name) for name in names)
        yield from (Path(base, name) for name in folders if Path(base, name).is_symlink())
