"""Putting files of a version into any folder: what `bifrost load --to` does."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Optional

from bifrost_core.errors import AlreadyExists
from bifrost_core.storage.copying import remove_file
from bifrost_core.storage.failures import StoreErrors, patiently
from bifrost_core.storage.flushing import replace_file
from bifrost_core.storage.hashing import hash_file
from bifrost_core.storage.linking import Linker, LinkMode, ViewFile, check_view_files, target_of
from bifrost_core.storage.port import BlobStore, Progress
from bifrost_core.storage.system_paths import system_path

__all__ = ["place"]


def place(
    store: BlobStore,
    files: Sequence[ViewFile],
    target: Path,
    *,
    mode: LinkMode = LinkMode.AUTO,
    writable: bool = False,
    overwrite: bool = False,
    progress: Optional[Progress] = None,
) -> tuple[Path, ...]:
    """Put files at ``target`` (the file itself, or the folder of several); return where each one is.

    Each file appears whole or not at all. One that is there already with the same bytes stays. Copies are compared
    with their digests on the way.

    Args:
        store: where the bytes are.
        files: what to put there.
        target: a file, or a folder that is made when it is missing.
        mode: link or copy.
        writable: files of the user's own, that may be changed; read-only ones otherwise.
        overwrite: replace files with other bytes.
        progress: told the bytes.

    Raises:
        AlreadyExists: something else stands there; nothing was written.
        BlobNotFound, BlobCorrupt: the store lacks a file's bytes, or has others.
    """
    files = tuple(files)
    check_view_files(files)
    linker = Linker(store, mode, writable=writable)
    targets = tuple(target_of(target, file) for file in files)
    with StoreErrors(target, "folder"):
        # All are looked at before the first is written.
        keep = [_may_stay(linker, file, path, writable, overwrite) for file, path in zip(files, targets)]
        for file, path, stays in zip(files, targets, keep):
            if not stays:
                _put(linker, file, path, progress)
            elif progress is not None:
                progress(file.size)
    return targets


def _may_stay(linker: Linker, file: ViewFile, path: Path, writable: bool, overwrite: bool) -> bool:
    """Return whether what is at ``path`` is what is wanted; refuse to go on where it must not be replaced."""
    name = system_path(path)
    try:
        found = os.lstat(name)
    except (FileNotFoundError, NotADirectoryError):
        _refuse_file_as_folder(path)
        return False
    plain = stat.S_ISREG(found.st_mode)
    if plain and found.st_size == file.size and (linker.is_blob(file, found) or hash_file(path)[0] == file.sha256):
        return not writable or bool(found.st_mode & stat.S_IWUSR)
    if stat.S_ISDIR(found.st_mode) or not overwrite:
        raise _in_the_way(path)
    return False


def _refuse_file_as_folder(path: Path) -> None:
    for folder in path.parents:
        if os.path.isdir(system_path(folder)):
            return
        if os.path.lexists(system_path(folder)):
            raise _in_the_way(folder)


def _in_the_way(path: Path) -> AlreadyExists:
    return AlreadyExists(
        f"“{path}” is there already, with other content.",
        hint="Choose another folder, move that away, or say that files may be overwritten.",
        details={"path": str(path)},
    )


def _put(linker: Linker, file: ViewFile, path: Path, progress: Optional[Progress]) -> None:
    os.makedirs(system_path(path.parent), exist_ok=True)
    temporary = system_path(path.parent / f".bifrost-{os.urandom(8).hex()}.part")
    try:
        linker.make(file, temporary, progress)
        if os.name == "nt":
            remove_file(system_path(path))  # Windows replaces no read-only file
        patiently(lambda: replace_file(temporary, system_path(path)))
    finally:
        # A rename onto another link of the same blob leaves both names.
        with suppress(OSError):
            remove_file(temporary)
