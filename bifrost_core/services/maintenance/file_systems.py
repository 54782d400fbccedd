"""What kind of file system a folder lies on, and what it can do, asked of each system in its own way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Optional

__all__ = [
    "is_case_sensitive",
    "linux_mounts",
    "long_paths_enabled",
    "mac_mounts",
    "network_file_system",
    "network_type_in_mounts",
]

_NETWORK = {
    "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.ceph", "fuse.davfs2", "fuse.glusterfs",
    "fuse.juicefs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "gfs2", "glusterfs", "gpfs", "lustre", "nfs", "nfs4",
    "ocfs2", "pvfs2", "smb2", "smb3", "smbfs", "webdav",
}  # fmt: skip
_DRIVE_REMOTE = 4


def network_file_system(folder: Path) -> Optional[str]:
    """Return the type of the network file system that a folder lies on, or None when it is a local one.

    Raises:
        OSError: the system does not tell.
    """
    if sys.platform == "win32":
        return _network_on_windows(folder)
    if sys.platform == "darwin":
        done = subprocess.run(["/sbin/mount"], capture_output=True, text=True, errors="replace", timeout=10, check=True)
        return network_type_in_mounts(mac_mounts(done.stdout), str(folder.resolve()))
    with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as stream:  # noqa: PTH123
        return network_type_in_mounts(linux_mounts(stream.read()), str(folder.resolve()))


def network_type_in_mounts(mounts: list[tuple[str, str]], folder: str) -> Optional[str]:
    """Return the type of the file system that holds a folder if that is a network one.

    Args:
        mounts: mount points and types; a later one hides an earlier one at the same place.
        folder: absolute, without symbolic links.
    """
    best, found = -1, ""
    for point, kind in mounts:
        root = point.rstrip("/")
        if (folder == root or folder.startswith(root + "/")) and len(root) >= best:
            best, found = len(root), kind
    return found if found in _NETWORK else None


def linux_mounts(text: str) -> list[tuple[str, str]]:
    r"""Return mount points and types from ``/proc/self/mounts``; spaces are written as ``\040`` there."""
    mounts = []
    for line in text.splitlines():
        fields = line.split(" ")
        if len(fields) > 2:
            point = fields[1]
            for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
                point = point.replace(code, char)
            mounts.append((point, fields[2]))
    return mounts


def mac_mounts(text: str) -> list[tuple[str, str]]:
    """Return mount points and types from what ``mount`` prints on macOS: ``//a@nas/b on /Volumes/b (smbfs, ...)``."""
    mounts = []
    for line in text.splitlines():
        before, bracket, options = line.rpartition(" (")
        point = before.partition(" on ")[2]
        if bracket and point:
            mounts.append((point, options.split(",")[0].rstrip(")").strip()))
    return mounts


def _network_on_windows(folder: Path) -> Optional[str]:
    if sys.platform != "win32":
        raise OSError("this is not Windows")
    import ctypes

    anchor = folder.resolve().anchor
    if anchor.startswith("\\\\") and not anchor.startswith("\\\\?\\"):
        return "share"
    return "share" if ctypes.windll.kernel32.GetDriveTypeW(anchor) == _DRIVE_REMOTE else None


def is_case_sensitive(folder: Path) -> bool:
    """Return whether two names that differ in letter case are two files there; a file is made for a moment.

    Raises:
        OSError: nothing can be made there.
    """
    name = f"bifrost-case-{os.urandom(6).hex()}"
    probe = folder / name
    probe.touch()
    try:
        return not (folder / name.upper()).exists()
    finally:
        probe.unlink()


def long_paths_enabled() -> bool:
    """Return whether programs may use paths of more than 260 characters: always true but on Windows."""
    if sys.platform != "win32":
        return True
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as key:
            return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    except FileNotFoundError:
        return False
