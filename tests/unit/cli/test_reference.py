"""The reference pages are those of the real commands and errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from bifrost_cli.reference import PAGES, errors_page
from bifrost_core.errors import BifrostError, all_errors

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize(("page", "file"), [("commands", "cli.md"), ("errors", "errors.md")])
def test_stored_page_is_up_to_date(page: str, file: str) -> None:
    stored = (DOCS / file).read_text(encoding="utf-8")
    assert stored == PAGES[page](), f"run: python -m bifrost_cli.reference {page} > docs/{file}"


def test_errors_page_names_every_error() -> None:
    page = errors_page()
    for error in all_errors():
        if error.__module__ == BifrostError.__module__:
            assert f"| `{error.code}` | " in page
