"""What this machine allows: tracing processes, mounting file systems, and how to do both."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

TRACE_TESTS = ["test_system_calls.py"]
MOUNT_TESTS = ["test_disks.py"]
XFS_TESTS = ["test_xfs.py"]
_CLONE_NEWNS = 0x00020000


def run(*command: str) -> str:
    """Run a command that must succeed; return what it printed."""
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def _works(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    except OSError:
        return False


def can_trace() -> bool:
    """Return whether strace may attach to another process here: some systems allow that to root only."""
    if shutil.which("strace") is None:
        return False
    sleeper = subprocess.Popen(["sleep", "60"])
    tracer = subprocess.Popen(
        ["strace", "-qq", "-o", os.devnull, "-p", str(sleeper.pid)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return _is_traced_soon(sleeper.pid, tracer)
    finally:
        for process in (tracer, sleeper):
            process.kill()
            process.wait()


@cache
def _own_mounts() -> bool:
    """Give this process mounts of its own, which end with it, however it ends; return whether that worked."""
    library = ctypes.CDLL(None, use_errno=True)
    return library.unshare(_CLONE_NEWNS) == 0 and _works("mount", "--make-rprivate", "/")


def can_mount() -> bool:
    """Return whether file systems can be mounted: this needs root, and a container that allows it."""
    if os.geteuid() != 0 or not _own_mounts():
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            with mounted("tmpfs", "tmpfs", Path(folder), "size=64k"):
                return True
        except subprocess.CalledProcessError:
            return False


def can_mount_xfs() -> bool:
    """Return whether an XFS file system in an image file can be mounted."""
    if not (shutil.which("mkfs.xfs") and shutil.which("xfs_io")):
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            with xfs_image(Path(folder)):
                return True
        except subprocess.CalledProcessError:
            return False


@contextmanager
def mounted(kind: str, device: str, folder: Path, options: str) -> Iterator[Path]:
    """Mount a file system for a while."""
    folder.mkdir(exist_ok=True)
    run("mount", "-t", kind, "-o", options, device, str(folder))
    try:
        yield folder
    finally:
        unmount(folder)


def unmount(folder: Path) -> None:
    """Unmount what is mounted there, if anything is."""
    for _ in range(50):
        # os.path.ismount() says no of a disk that died.
        if f" {folder} " not in Path("/proc/mounts").read_text() or _works("umount", str(folder)):
            return
        time.sleep(0.1)
    run("umount", "-l", str(folder))


@contextmanager
def xfs_image(folder: Path, size: int = 512 << 20) -> Iterator[Path]:
    """Make an XFS file system in a (sparse) image and mount it for a while."""
    image = folder / "disk.xfs"
    with image.open("wb") as stream:
        stream.truncate(size)
    run("mkfs.xfs", "-q", "-f", str(image))
    try:
        with mounted("xfs", str(image), folder / "xfs", "loop") as mount:
            yield mount
    finally:
        with suppress(FileNotFoundError):
            image.unlink()


@contextmanager
def traced(pid: int, injections: Sequence[str], log: Path) -> Iterator[None]:
    """Attach strace to a process that waits, with injections into all its threads; ``log`` lists what they hit."""
    command = ["strace", "-f", "-qq", "-o", str(log), "-p", str(pid)]
    calls = ",".join(injection.partition(":")[0] for injection in injections)
    command += ["-e", f"trace={calls}"]
    for injection in injections:
        command += ["-e", f"inject={injection}"]
    tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert _is_traced_soon(pid, tracer), "strace could not attach"
        yield
        tracer.wait(timeout=60)
    finally:
        if tracer.poll() is None:
            tracer.kill()
            tracer.wait()


def _is_traced_soon(pid: int, tracer: subprocess.Popen[bytes]) -> bool:
    """Wait until the tracer has attached; return False when it gave up."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and tracer.poll() is None:
        if f"TracerPid:\t{tracer.pid}\n" in Path(f"/proc/{pid}/status").read_text():
            return True
        time.sleep(0.002)
    return False
