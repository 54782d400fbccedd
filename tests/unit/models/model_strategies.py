"""Hypothesis strategies for names, entities, references and representations."""

from __future__ import annotations

import unicodedata
from typing import Callable

from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from bifrost_core.models import names
from bifrost_core.models.files import File, Representation
from bifrost_core.models.reference import EntityPath, Reference

LIMITS = {
    "project": (names.ProjectCode, 16),
    "asset": (names.AssetName, 36),
    "episode": (names.EpisodeName, 16),
    "sequence": (names.SequenceName, 16),
    "shot": (names.ShotName, 20),
    "product": (names.ProductName, 24),
    "representation": (names.RepresentationName, 16),
}

_LETTERS = st.characters(categories=["L", "N", "Mn", "Mc"], include_characters="_-.")
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

ANY_TEXT = st.text(max_size=300) | st.text(alphabet=st.characters(), max_size=40)


def check_of(annotated: object) -> Callable[[str], str]:
    """Return the function that checks names of an annotated type."""
    (validator,) = annotated.__metadata__  # type: ignore[attr-defined]
    function: Callable[[str], str] = validator.func
    return function


def valid_names(what: str) -> st.SearchStrategy[str]:
    """Names that pass, in NFC: plain ones and ones of any script."""
    annotated, limit = LIMITS[what]
    check = check_of(annotated)

    def passes(name: str) -> bool:
        try:
            return check(name) == name
        except PydanticCustomError:
            return False

    texts = st.text(_PLAIN, min_size=1, max_size=limit) | st.text(_LETTERS, min_size=1, max_size=limit)
    return texts.map(lambda text: unicodedata.normalize("NFC", text)).filter(passes)


def entities() -> st.SearchStrategy[EntityPath]:
    """Assets and shots, with and without episodes."""
    assets = st.builds(EntityPath, project=valid_names("project"), asset=valid_names("asset"))
    shots = st.builds(
        EntityPath,
        project=valid_names("project"),
        episode=st.none() | valid_names("episode"),
        sequence=valid_names("sequence"),
        shot=valid_names("shot"),
    )
    return assets | shots


def references() -> st.SearchStrategy[Reference]:
    """References of all kinds."""
    numbers = st.integers(1, 999_999).map(lambda number: f"v{number:03d}")
    return st.builds(
        Reference,
        entity=entities(),
        product=valid_names("product"),
        version=st.sampled_from(["latest", "approved"]) | numbers,
        representation=st.none() | valid_names("representation"),
    )


def digest(content: str = "") -> str:
    """A digest, the same for the same content."""
    import hashlib

    return hashlib.sha256(content.encode("utf-8")).hexdigest()


def one_file(name: str, file_name: str) -> Representation:
    """A representation of one file."""
    return Representation(name=name, files=(File(name=file_name, size=1, sha256=digest(file_name)),))
