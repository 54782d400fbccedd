"""Stores by URL: ``file:store``, ``file:///mnt/share/store``, ``memory:``, and those that third parties register.

A third party registers a function ``open(url: str, *, create: bool) -> BlobStore`` as an entry point of the group
``bifrost_ams.stores``, under the URL's scheme.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional, cast

from bifrost_core.errors import ConfigurationError
from bifrost_core.storage.port import BlobStore

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["ENTRY_POINTS", "file_store_path", "file_store_url", "open_store"]

ENTRY_POINTS = "bifrost_ams.stores"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)
_DRIVE = re.compile(r"/?[A-Za-z]:([/\\]|$)")


def open_store(url: str, base: Optional[Path] = None, *, create: bool = False, workers: int = 0) -> BlobStore:
    """Open the store of a URL.

    Args:
        url: ``file:PATH`` (relative to ``base``), ``file:///PATH``, ``memory:`` or one of a registered scheme.
        base: the folder that relative paths begin at; the current one when left out.
        create: make the store when it is not there.
        workers: threads for many small files, where the store is a folder; 0 means as suits the machine.

    Raises:
        ConfigurationError: the URL has no scheme, or none that is known.
        StorageUnavailable: the store is not there.
    """
    found = _SCHEME.fullmatch(url)
    scheme = found[1].lower() if found else ""
    if scheme == "file":
        from bifrost_core.storage.local import LocalBlobStore

        root = file_store_path(url, base)
        return LocalBlobStore.create(root, workers) if create else LocalBlobStore(root, workers)
    if scheme == "memory":
        from bifrost_core.storage.memory import MemoryBlobStore

        return MemoryBlobStore()
    return _open_registered(scheme, url, create)


def file_store_path(url: str, base: Optional[Path] = None, *, windows: bool = os.name == "nt") -> Path:
    """Return the folder that a ``file:`` URL names.

    Args:
        url: ``file:store``, ``file:///mnt/store``; on Windows also ``file:///P:/store`` and ``file://SERVER/share``.
        base: the folder that relative paths begin at; the current one when left out.
        windows: whether drives and servers have their meaning.

    Raises:
        ConfigurationError: it names no folder of this system.
    """
    from urllib.parse import unquote

    path = url.partition(":")[2]
    host = ""
    if path.startswith("//"):
        host, slash, rest = path[2:].partition("/")
        path = slash + rest
    path = unquote(path)
    if windows and host not in ("", "localhost"):
        path = f"//{unquote(host)}{path}"
    elif host not in ("", "localhost"):
        raise ConfigurationError(
            f"The URL “{url}” names the computer “{host}”, but a store must be a folder here.",
            hint="Mount the share and write three slashes: file:///mnt/share/store",
        )
    if windows and _DRIVE.match(path):
        path = path.lstrip("/")
    if not path or "\0" in path:
        raise ConfigurationError(f"The URL “{url}” names no folder.", hint="Write file:FOLDER or file:///FOLDER.")
    return Path(base or Path.cwd()) / path


def file_store_url(path: Path, base: Optional[Path] = None) -> str:
    """Return the ``file:`` URL of a folder: relative to ``base`` when it lies within, so that both can move."""
    from urllib.parse import quote

    if base is not None:
        try:
            return "file:" + quote(path.relative_to(base).as_posix())
        except ValueError:
            pass
    absolute = Path(os.path.abspath(path)).as_posix()
    if absolute.startswith("//"):
        return "file:" + quote(absolute)
    return "file://" + quote(absolute if absolute.startswith("/") else f"/{absolute}", safe="/:")


def _open_registered(scheme: str, url: str, create: bool) -> BlobStore:
    registered = _entry_points()
    if scheme not in registered:
        known = ", ".join(f"{name}:" for name in sorted({"file", "memory", *registered}))
        raise ConfigurationError(
            f"“{url}” is not the URL of a store that Bifrost knows.",
            hint=f"It begins with one of {known}; further kinds of stores come with packages that add them.",
            details={"url": url, "scheme": scheme},
        )
    try:
        factory = cast(Callable[..., BlobStore], registered[scheme].load())
    except (ImportError, AttributeError) as exc:
        raise ConfigurationError(
            f"The package that adds stores of the kind “{scheme}:” cannot be loaded: {exc}.",
            hint="Install that package again, with all that it needs.",
        ) from exc
    return factory(url, create=create)


def _entry_points() -> dict[str, EntryPoint]:
    from importlib import metadata

    if sys.version_info >= (3, 10):
        found = list(metadata.entry_points(group=ENTRY_POINTS))
    else:
        found = list(metadata.entry_points().get(ENTRY_POINTS, ()))
    return {point.name.lower(): point for point in found}
