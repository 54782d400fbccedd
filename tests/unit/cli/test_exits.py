"""Exit codes: each error has one."""

from __future__ import annotations

import pytest

from bifrost_cli import exits
from bifrost_core.errors import BifrostError, NotFound, StorageError, StorageFull, all_errors


def own_errors() -> list[type[BifrostError]]:
    return [error for error in all_errors() if error.__module__ == BifrostError.__module__]


@pytest.mark.parametrize("error", own_errors(), ids=lambda error: error.code)
def test_exit_code_is_listed_for_every_error_class(error: type[BifrostError]) -> None:
    assert exits.EXIT_CODES[error.code] == exits.exit_code(error("x"))
    assert exits.EXIT_CODES[error.code] in exits.MEANINGS


def test_exit_codes_name_no_error_that_does_not_exist() -> None:
    assert set(exits.EXIT_CODES) == {error.code for error in own_errors()}


def test_no_error_ends_like_success_or_like_a_wrong_command_line() -> None:
    assert not {exits.OK, exits.USAGE, exits.DAMAGE} & set(exits.EXIT_CODES.values())


def test_exit_code_is_that_of_the_parent_when_a_class_is_foreign() -> None:
    class BucketGone(StorageError):
        code = "bucket_gone"

    class StillNotFound(NotFound):
        pass

    assert exits.exit_code(BucketGone("x")) == exits.exit_code(StorageFull("x")) == 8
    assert exits.exit_code(StillNotFound("x")) == 4
