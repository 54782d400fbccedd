"""Long paths of Windows, as far as any system can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from bifrost_core.storage.system_paths import extended_windows_path, system_path

LONG = "\\".join(["folder" * 5] * 10)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("P:\\store\\tmp", "P:\\store\\tmp"),
        (f"P:\\{LONG}", f"\\\\?\\P:\\{LONG}"),
        (f"P:/{LONG}".replace("\\", "/"), f"\\\\?\\P:\\{LONG}"),
        (f"\\\\server\\share\\{LONG}", f"\\\\?\\UNC\\server\\share\\{LONG}"),
        (f"\\\\?\\P:\\{LONG}", f"\\\\?\\P:\\{LONG}"),
        (f"P:\\a\\..\\{LONG}", f"\\\\?\\P:\\{LONG}"),
        (LONG, LONG),
    ],
)
def test_the_prefix_stands_before_a_path_when_it_is_long_and_absolute(path: str, expected: str) -> None:
    assert extended_windows_path(path) == expected


def test_a_prefixed_path_stays_when_it_is_extended_again() -> None:
    once = extended_windows_path(f"P:\\{LONG}")
    assert extended_windows_path(once) == once


def test_a_file_is_found_under_its_plain_path_when_it_was_made_under_the_system_s(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    Path(system_path(path.parent)).mkdir()
    Path(system_path(path)).write_bytes(b"x")
    assert path.read_bytes() == b"x"
