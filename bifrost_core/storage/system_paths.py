"""Paths as the operating system wants them: Windows opens long ones only with a prefix."""

from __future__ import annotations

import ntpath
import os
from pathlib import Path

__all__ = ["extended_windows_path", "system_path"]

_PREFIX = "\\\\?\\"
_PLAIN_LIMIT = 240
"""From 248 characters on, Windows refuses to make a folder under a plain path."""


def extended_windows_path(path: str) -> str:
    r"""Return an absolute Windows path in the form that opens at any length: ``\\?\`` before it when it is long."""
    if path.startswith((_PREFIX, "\\\\.\\")):
        return path
    path = ntpath.normpath(path)
    if len(path) < _PLAIN_LIMIT:
        return path
    if path.startswith("\\\\"):
        return _PREFIX + "UNC" + path[1:]
    return _PREFIX + path if ntpath.splitdrive(path)[0] else path


def system_path(path: Path) -> str:
    """Return what is given to the calls of the operating system in place of ``path``."""
    return extended_windows_path(os.path.abspath(path)) if os.name == "nt" else os.fspath(path)
