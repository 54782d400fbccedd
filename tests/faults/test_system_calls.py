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
from suffering import Publisher, Sufferer, Try

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
def small(publisher: Publisher, tmp_path: Path) -> Sufferer:
    """As ``sufferer``, with big files that are just no small ones."""
    return Sufferer(publisher, tmp_path, big=5 << 20)


def _moments(step: int) -> Iterator[int]:
    """Yield which calls are hit; the caller stops when there are no more."""
    number = 1
    while True:
        yield number
        number = number + step if EVERYTHING else 4 * number + 1


KILLS = [
    (RENAME, 1, False),
    ("fdatasync", 1, False),
    (LINK, 1, False),
    ("write", 2, False),
    ("fsync", 1, True),
    (MAKE_FOLDER, 1, False),
    (REMOVE, 1, False),
    (CHANGE_MODE, 2, False),
    ("syncfs", 1, False),
    ("openat", 2, False),
    ("pwrite64", 4, False),
]
"""Calls, every which one is hit, and whether few files are published."""

ERRORS = [
    ("write", "ENOSPC", FULL, False),
    ("syncfs", "EIO", UNAVAILABLE, False),
    ("fsync", "EIO", UNAVAILABLE, True),
    ("fdatasync", "EIO", DATABASE, False),
    (RENAME, "ENOSPC", FULL, False),
    (LINK, "EIO", NONE, False),
    ("openat", "EMFILE", OPENING | {"storage_error"}, False),
    ("write", "EDQUOT", FULL, False),
    ("write", "EIO", UNAVAILABLE, True),
    ("syncfs", "ENOSPC", FULL, False),
    ("fsync", "ENOSPC", FULL, True),
    # SQLite says "disk I/O error" when its shared memory file cannot grow, whatever the reason.
    ("pwrite64", "ENOSPC", FULL | DATABASE, False),
    ("pwrite64", "EIO", DATABASE, False),
    (RENAME, "EIO", UNAVAILABLE, False),
    (RENAME, "EROFS", READ_ONLY, False),
    (RENAME, "EACCES", READ_ONLY, False),
    (CHANGE_MODE, "EPERM", READ_ONLY, False),
    (REMOVE, "EIO", UNAVAILABLE, False),
    ("openat", "EACCES", OPENING, False),
    ("openat", "EROFS", OPENING, False),
    ("openat", "EIO", OPENING, False),
    ("read", "EIO", SOURCE | UNAVAILABLE, False),
    # The view is made after the commit: what fails there is a warning.
    (LINK, "ENOSPC", NONE, False),
    (LINK, "EMLINK", NONE, False),
    (MAKE_FOLDER, "ENOSPC", NONE, False),
]
"""Calls, how they fail, the codes that may be answered, and whether few files are published."""

QUICK_KILLS, QUICK_ERRORS = 5, 7


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("calls", "step", "few"), KILLS if EVERYTHING else KILLS[:QUICK_KILLS])
def test_no_version_is_half_when_killed_at_the_nth_call(
    small: Sufferer, tmp_path: Path, calls: str, step: int, few: bool
) -> None:
    killed = 0
    for number in _moments(step):
        tried = small.publish_traced(f"{calls}:signal=SIGKILL:when={number}", few=few)
        small.ledger.check(tried.tokens, tried.outcomes)
        if tried.signal != signal.SIGKILL:
            assert tried.outcomes[0]["version"]
            break
        killed += 1
        small.ledger.repeat(tried.tokens[0], few=few)
        small.forget(tried)
    assert killed > 0
    check_settled(small.root, tmp_path / "rebuilt")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("calls", "error", "codes", "few"), ERRORS if EVERYTHING else ERRORS[:QUICK_ERRORS])
def test_an_error_of_ours_and_nothing_half_when_the_nth_call_fails(
    small: Sufferer, tmp_path: Path, calls: str, error: str, codes: Collection[str], few: bool
) -> None:
    failed = 0
    for number in _moments(12 if calls == "pwrite64" else 3):
        once = small.publish_traced(f"{calls}:error={error}:when={number}", few=few)
        failed += _check_answer(small, once, codes, few)
        lasting = small.publish_traced(f"{calls}:error={error}:when={number}+", few=few)
        failed += _check_answer(small, lasting, codes, few)
        if not once.injected and not lasting.injected:
            break
    assert bool(failed) == bool(codes)
    check_settled(small.root, tmp_path / "rebuilt")


def _check_answer(small: Sufferer, tried: Try, codes: Collection[str], few: bool) -> bool:
    """Check what a publish answered, and that it succeeds without the fault; return whether it failed."""
    small.ledger.check(tried.tokens, tried.outcomes)
    answer = tried.outcomes[0]
    assert tried.signal == 0
    assert "version" in answer or answer["error"] in codes, answer
    assert "version" in answer or tried.injected
    small.ledger.repeat(tried.tokens[0], few=few)
    small.forget(tried)
    return "error" in answer
