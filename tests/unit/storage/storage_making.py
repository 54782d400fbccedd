"""What the tests of storage make: stores, files to show, small disks."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bifrost_core.storage.port import BlobStore
from bifrost_core.storage.views import ViewFile

CAP_SYS_ADMIN = 1 << 21


def put(store: BlobStore, data: bytes, name: str | None = None) -> ViewFile:
    """Store bytes; return the file that shows them."""
    stored = store.put(io.BytesIO(data))
    return ViewFile(name, stored.sha256, stored.size)


def temporary_files(root: Path) -> list[Path]:
    """What is left of unfinished work."""
    return sorted((root / "tmp").iterdir())


def can_mount() -> bool:
    """Whether this machine lets tests mount small disks."""
    status = Path("/proc/self/status")
    if not status.exists() or shutil.which("mount") is None:
        return False
    effective = next(line for line in status.read_text().splitlines() if line.startswith("CapEff"))
    return bool(int(effective.split()[1], 16) & CAP_SYS_ADMIN)


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A small disk in memory, mounted at the folder."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True, capture_output=True)
