"""Digests as stores take them: a digest becomes part of a path, so it is checked before it does."""

from __future__ import annotations

from collections.abc import Iterable

from bifrost_core.errors import InvalidRequest

__all__ = ["check_digest", "check_digests", "is_digest"]

_HEXADECIMAL = frozenset("0123456789abcdef")


def is_digest(text: str) -> bool:
    """Return whether ``text`` is a SHA-256: 64 lowercase hexadecimal digits."""
    return len(text) == 64 and _HEXADECIMAL.issuperset(text)


def check_digest(sha256: str) -> None:
    """Refuse what is no SHA-256.

    Raises:
        InvalidRequest: it has not 64 lowercase hexadecimal digits.
    """
    if not is_digest(sha256):
        raise InvalidRequest(f"“{sha256[:80]}” is no SHA-256.", hint="It has 64 lowercase hexadecimal digits.")


def check_digests(digests: Iterable[str]) -> tuple[str, ...]:
    """Return the digests, each once, after checking them.

    Raises:
        InvalidRequest: one has not 64 lowercase hexadecimal digits.
    """
    wanted = tuple(dict.fromkeys(digests))
    for digest in wanted:
        check_digest(digest)
    return wanted
