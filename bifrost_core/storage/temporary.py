"""Left-over temporary files: how those of killed processes are found and removed."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from datetime import datetime

from bifrost_core.storage.copying import remove_file

__all__ = ["remove_folder", "remove_older_files"]


def remove_older_files(folder: str, older_than: datetime, *, dry_run: bool = False) -> int:
    """Remove the files and folders directly in ``folder`` that were last written before a time; return how many.

    Args:
        folder: as the operating system takes it.
        older_than: with its time zone.
        dry_run: only count them.
    """
    limit = older_than.timestamp()
    count = 0
    with os.scandir(folder) as entries:
        found = list(entries)
    for entry in found:
        try:
            if entry.stat(follow_symlinks=False).st_mtime >= limit:
                continue
            if not dry_run:
                _remove(entry)
        except FileNotFoundError:
            continue  # its process has finished with it
        count += 1
    return count


def _remove(entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        remove_folder(entry.path)
    else:
        remove_file(entry.path)


def remove_folder(folder: str) -> None:
    """Remove a folder with all that is in it, also read-only files and folders."""
    for base, folders, files in os.walk(folder):
        with suppress(PermissionError):  # another user's folder may well be writable as it is
            os.chmod(base, stat.S_IRWXU)
        for name in files:
            remove_file(os.path.join(base, name))
        for name in folders:
            if os.path.islink(os.path.join(base, name)):
                remove_file(os.path.join(base, name))
    for base, _, _ in os.walk(folder, topdown=False):
        os.rmdir(base)
