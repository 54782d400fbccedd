"""How numbers, times and names are written for people."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Optional

__all__ = ["count", "one_line", "size_text", "text_width", "time_text", "words"]


def size_text(size: int) -> str:
    """Return bytes as people read them: ``512 B``, ``1.4 MB``."""
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5:
            return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"
    return f"{value / 1000:.1f} PB"


def time_text(time: datetime) -> str:
    """Return a time in the reader's own zone: ``2026-05-01 14:32``."""
    return time.astimezone().strftime("%Y-%m-%d %H:%M")


def count(number: int, noun: str, plural: Optional[str] = None) -> str:
    """Return a number with its noun: ``1 file``, ``2,000 files``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def words(items: Iterable[str]) -> str:
    """Return items after one another: ``hero, main``."""
    return ", ".join(items)


def one_line(text: str) -> str:
    """Return a text without line breaks and control characters, so that no comment breaks a table or a terminal."""
    return "".join(char if char.isprintable() else " " for char in " ".join(text.split()))


def text_width(text: str) -> int:
    """Return how many columns a text takes in a terminal: the signs of East Asia take two, marks on letters none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
