"""What the system's errors become."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Optional

import pytest

from bifrost_core.errors import (
    InvalidRequest,
    StorageError,
    StorageFull,
    StorageReadOnly,
    StorageUnavailable,
)
from bifrost_core.storage.failures import StoreErrors, patiently, source_error, storage_error

ROOT = Path("store")


def windows_error(code: int, number: int = errno.EACCES) -> OSError:
    """An error as Windows raises it."""
    exc = OSError(number, "The process cannot access the file", "P:\\store\\x")
    exc.winerror = code  # type: ignore[attr-defined, unused-ignore]
    return exc


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EFBIG, StorageFull),
        (errno.EROFS, StorageReadOnly),
        (errno.EACCES, StorageReadOnly),
        (errno.EPERM, StorageReadOnly),
        (errno.EIO, StorageUnavailable),
        (errno.ENODEV, StorageUnavailable),
        (errno.ESTALE, StorageUnavailable),
        (errno.ENOENT, StorageUnavailable),
        (errno.ENOTDIR, StorageUnavailable),
        (errno.ETIMEDOUT, StorageUnavailable),
        (errno.EMFILE, StorageError),
        (errno.EINVAL, StorageError),
    ],
)
def test_the_error_says_what_to_do_when_the_system_refuses(code: int, expected: type[StorageError]) -> None:
    error = storage_error(OSError(code, "text", "file"), ROOT)
    assert type(error) is expected
    assert "store" in error.message
    assert error.hint
    assert error.to_wire()["details"]["file"] == "file"


@pytest.mark.parametrize(
    ("code", "expected"),
    [(112, StorageFull), (39, StorageFull), (32, StorageUnavailable), (33, StorageUnavailable),
     (64, StorageUnavailable), (53, StorageUnavailable), (19, StorageReadOnly), (5, StorageReadOnly)],
)  # fmt: skip
def test_the_error_is_the_same_when_windows_refuses(code: int, expected: type[StorageError]) -> None:
    assert type(storage_error(windows_error(code), ROOT)) is expected


def test_the_file_is_named_when_another_program_has_it_open() -> None:
    error = storage_error(windows_error(32), ROOT)
    assert "P:\\store\\x" in error.message
    assert "Another program" in error.message


@pytest.mark.parametrize("code", [errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EIO])
def test_the_file_is_named_when_a_source_cannot_be_read(code: int) -> None:
    error = source_error(OSError(code, "text"), Path("scenes/hero.ma"))
    assert isinstance(error, InvalidRequest)
    assert str(Path("scenes/hero.ma")) in error.message
    assert error.hint


def test_only_system_errors_are_translated_when_a_context_ends() -> None:
    with pytest.raises(StorageFull) as caught, StoreErrors(ROOT):
        raise OSError(errno.ENOSPC, "full")
    assert isinstance(caught.value.__cause__, OSError)
    with pytest.raises(KeyError), StoreErrors(ROOT):
        raise KeyError("ours")


class Attempts:
    """An action that fails some times first."""

    def __init__(self, failures: int, error: OSError) -> None:
        self.left = failures
        self.error = error
        self.slept: list[float] = []

    def __call__(self) -> str:
        if self.left:
            self.left -= 1
            raise self.error
        return "done"

    def run(self) -> Optional[str]:
        return patiently(self, delays=(1, 2, 3), sleep=self.slept.append)


def test_the_action_is_tried_again_when_a_scanner_has_the_file_open() -> None:
    attempts = Attempts(2, windows_error(32))
    assert attempts.run() == "done"
    assert attempts.slept == [1, 2]


def test_the_last_error_is_raised_when_the_file_stays_open() -> None:
    attempts = Attempts(9, windows_error(32))
    with pytest.raises(OSError, match="cannot access"):
        attempts.run()
    assert attempts.slept == [1, 2, 3]


def test_nothing_is_tried_again_when_the_error_is_another() -> None:
    attempts = Attempts(1, OSError(errno.ENOSPC, "full"))
    with pytest.raises(OSError, match="full"):
        attempts.run()
    assert attempts.slept == []
