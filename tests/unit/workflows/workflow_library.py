"""What the tests of the workflows share: the names in their library, and services that fail on purpose."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from bifrost_core.bootstrap import Library
from bifrost_core.operations.catalogue import Services

CHAIR = "DEMO/assets/chair"
SHOT = "DEMO/shots/sq010/sh020"


@dataclass
class Tampered:
    """A noun of a library in which some operations are replaced by the test."""

    real: Any
    replaced: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.replaced.get(name) or getattr(self.real, name)


def tampered(library: Library, noun: str, **replaced: Any) -> Services:
    """Return the library's own services, with some operations of one noun replaced."""
    nouns: dict[str, Any] = {field.name: getattr(library, field.name) for field in fields(Services)}
    nouns[noun] = Tampered(nouns[noun], replaced)
    return Services(**nouns)
