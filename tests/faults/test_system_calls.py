"""Faults in single system calls of a publish: the process is killed at the Nth one, or the Nth one fails.

strace counts the calls of each thread by itself.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from ledger import check_settled
from suffering import Sufferer

pytestmark = [pytest.mark.faults, pytest.mark.slow]

EVERYTHING = os.environ.get("BIFROST_AMS_TEST_EVERYTHING", "") not in ("", "0")

# strace leaves out the names behind a question mark that this processor has not.
RENAME = "?rename,?renameat,renameat2"
LINK = "?link,linkat"
MAKE_FOLDER = "?mkdir,mkdirat"
REMOVE = "?unlink,unlinkat"
CHANGE_MODE = "fchmod,fchmodat"

FULL = {"storage_full"}
READ_ONLY = {"storage_read_only"}
UNAVAILABLE = {"storage_unavailable"}
DATABASE = {"database_unavailable"}
NONE: Collection[str] = ()
SOURCE = {"invalid_request"}
OPENING = READ_ONLY | UNAVAILABLE | DATABASE | SOURCE
"""Whatever is opened: a file to publish, one of the store, or the database (read-only, if SQLite may not write)."""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Sufferer]:
    """As ``sufferer``, with big files that are just no small ones."""
    with Sufferer(tmp_path, big=5 << 20) as made:
        yield made


def _moments(step: int) -> Iterator[int]:
    """Yield which calls are hit; the caller stops when there are no more."""
    number = 1
    while True:
        yield number
        number = number + step if EVERYTHING else 4 * number + 1


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("calls", "step"),
    [
        (RENAME, 1),
        (LINK, 1),
        (MAKE_FOLDER, 1),
        (REMOVE, 1),
        (CHANGE_MODE, 2),
        ("fsync", 1),
        ("fdatasync", 1),
        ("syncfs", 1),
        ("write", 1),
        ("openat", 2),
        ("pwrite64", 4),
    ],
)
def test_no_version_is_half_when_killed_at_the_nth_call(small: Sufferer, tmp_path: Path, calls: str, step: int) -> None:
    killed = 0
    for number in _moments(step):
        tried = small.publish_traced(f"{calls}:signal=SIGKILL:when={number}")
        small.ledger.check(tried.tokens, tried.outcomes)
        if tried.signal != signal.SIGKILL:
            assert tried.outcomes[0]["version"]
            break
        killed += 1
        small.ledger.repeat(tried.tokens[0])
        small.forget(tried)
    assert killed > 0
    check_settled(small.root, tmp_path / "rebuilt")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("calls", "error", "codes"),
    [
        ("write", "ENOSPC", FULL),
        ("write", "EDQUOT", FULL),
        ("write", "EIO", UNAVAILABLE),
        ("fsync", "EIO", UNAVAILABLE),
        ("syncfs", "EIO", UNAVAILABLE),
        ("syncfs", "ENOSPC", FULL),
        ("fdatasync", "EIO", DATABASE),
        # SQLite says "disk I/O error" when its shared memory file cannot grow, whatever the reason.
        ("pwrite64", "ENOSPC", FULL | DATABASE),
        ("pwrite64", "EIO", DATABASE),
        (RENAME, "ENOSPC", FULL),
        (RENAME, "EIO", UNAVAILABLE),
        (RENAME, "EROFS", READ_ONLY),
        (RENAME, "EACCES", READ_ONLY),
        (CHANGE_MODE, "EPERM", READ_ONLY),
        (REMOVE, "EIO", UNAVAILABLE),
        ("openat", "EMFILE", OPENING | {"storage_error"}),
        ("openat", "EACCES", OPENING),
        ("openat", "EROFS", OPENING),
        ("openat", "EIO", OPENING),
        ("read", "EIO", SOURCE),
        # The view is made after the commit: what fails there is a warning.
        (LINK, "EIO", NONE),
        (LINK, "ENOSPC", NONE),
        (LINK, "EMLINK", NONE),
        (MAKE_FOLDER, "ENOSPC", NONE),
    ],
)
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from-then-on"])
def test_an_error_of_ours_and_nothing_half_when_the_nth_call_fails(
    small: Sufferer, tmp_path: Path, calls: str, error: str, codes: Collection[str], lasting: bool
) -> None:
    failed = 0
    for number in _moments(3):
        tried = small.publish_traced(f"{calls}:error={error}:when={number}{'+' if lasting else ''}")
        small.ledger.check(tried.tokens, tried.outcomes)
        answer = tried.outcomes[0]
        assert tried.signal == 0
        assert "version" in answer or answer["error"] in codes, answer
        failed += "error" in answer
        small.ledger.repeat(tried.tokens[0])
        small.forget(tried)
        if not tried.injected:
            assert "version" in answer
            break
    assert bool(failed) == bool(codes)
    check_settled(small.root, tmp_path / "rebuilt")
