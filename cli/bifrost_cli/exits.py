"""What the process answers to its caller: one exit code per family of errors."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bifrost_core.errors import BifrostError

__all__ = ["CANCELLED", "DAMAGE", "EXIT_CODES", "FAILURE", "MEANINGS", "OK", "TERMINATED", "USAGE", "exit_code"]

OK = 0
FAILURE = 1
USAGE = 2
DAMAGE = 13
CANCELLED = 130
TERMINATED = 143

EXIT_CODES: Mapping[str, int] = MappingProxyType(
    {
        "error": FAILURE,
        "internal_error": FAILURE,
        "invalid_request": 3,
        "not_found": 4,
        "conflict": 5,
        "already_exists": 5,
        "stale_write": 5,
        "version_sealed": 5,
        "in_use": 5,
        "not_authenticated": 6,
        "permission_denied": 6,
        "publish_rejected": 7,
        "source_changed": 7,
        "storage_error": 8,
        "blob_not_found": 8,
        "blob_corrupt": 8,
        "storage_unavailable": 8,
        "storage_full": 8,
        "storage_read_only": 8,
        "database_error": 9,
        "schema_out_of_date": 9,
        "database_unavailable": 9,
        "remote_error": 10,
        "server_unavailable": 10,
        "incompatible_server": 10,
        "host_error": 11,
        "unsupported_by_host": 11,
        "scene_not_saved": 11,
        "export_failed": 11,
        "import_failed": 11,
        "configuration_error": 12,
        "cancelled": CANCELLED,
    }
)
"""The exit code of each error code."""

MEANINGS: Mapping[int, str] = MappingProxyType(
    {
        OK: "It is done.",
        FAILURE: "Something unexpected went wrong in Bifrost itself, or its answer could not be written.",
        USAGE: "The command line is wrong: an unknown command or option, a missing argument.",
        3: "What was asked for makes no sense: a bad name, a bad reference, a missing file.",
        4: "What was named does not exist.",
        5: "The request is at odds with what is stored: it exists already, is in use, or was changed meanwhile.",
        6: "You may not do that, or did not say who you are.",
        7: "The publish was refused; nothing became visible.",
        8: "The blob store has a problem: full, read-only, out of reach, or a file is missing or damaged.",
        9: "The database has a problem: busy, out of reach, or of another version.",
        10: "The server has a problem.",
        11: "The DCC has a problem.",
        12: "A setting is missing or wrong.",
        DAMAGE: "`bifrost verify` found damage or a lost manifest, or `bifrost doctor` found a problem.",
        CANCELLED: "It was cancelled (Ctrl-C).",
        TERMINATED: "It was cancelled from outside (SIGTERM: a service or a render farm that stops it).",
    }
)
"""What each exit code says."""


def exit_code(error: BifrostError) -> int:
    """Return the exit code of an error; a class from elsewhere has that of the nearest class it is made from."""
    for error_class in type(error).__mro__:
        code = EXIT_CODES.get(str(vars(error_class).get("code", "")))
        if code is not None:
            return code
    return FAILURE
