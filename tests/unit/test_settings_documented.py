"""The page on settings names every setting, with its variable."""

from __future__ import annotations

from pathlib import Path

from bifrost_core.settings import ENVIRONMENT_PREFIX, Settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_every_setting_is_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    missing = [
        name for name in Settings.model_fields if f"| `{name}` | `{ENVIRONMENT_PREFIX}{name.upper()}` |" not in text
    ]
    assert missing == []
