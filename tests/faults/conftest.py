"""What can be tried on this machine is decided here, while tests are collected; what cannot is not collected."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "linux":
    from machine import MOUNT_TESTS, TRACE_TESTS, XFS_TESTS, can_mount, can_mount_xfs, can_trace
    from suffering import Publisher, Sufferer

    if os.environ.get("BIFROST_AMS_TEST_EVERYTHING") and not (can_trace() and can_mount() and can_mount_xfs()):
        raise pytest.UsageError("Everything shall be tried, but this machine cannot trace, mount or make XFS images.")
    collect_ignore = [
        *([] if can_trace() else TRACE_TESTS),
        *([] if can_mount() else MOUNT_TESTS),
        *([] if can_mount() and can_mount_xfs() else XFS_TESTS),
    ]
else:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def publisher() -> Iterator[Publisher]:
    """A process that publishes when told, and that may be killed meanwhile."""
    with Publisher() as made:
        yield made


@pytest.fixture
def sufferer(publisher: Publisher, tmp_path: Path) -> Sufferer:
    """A library, and a process that publishes into it when told."""
    return Sufferer(publisher, tmp_path, big=8 << 20)
