from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_strategies import digest, one_file
from pydantic import ValidationError

from bifrost_core.models.files import File, Representation


def files_of(*names: str) -> tuple[File, ...]:
    return tuple(File(name=name, size=1, sha256=digest(name)) for name in names)


@pytest.mark.parametrize("size", [0, 2**31, 2**32, 2**63 - 1])
def test_a_size_is_kept_when_it_needs_64_bits(size: int) -> None:
    file = File(name="a.exr", size=size, sha256=digest())
    assert File.model_validate_json(file.model_dump_json()).size == size


@pytest.mark.parametrize("size", [-1, 2**63, 2**80, 1.5])
def test_a_size_is_refused_when_it_is_none_or_too_large(size: float) -> None:
    with pytest.raises(ValidationError):
        File(name="a.exr", size=size, sha256=digest())  # type: ignore[arg-type]


def test_a_digest_is_lowercase_when_it_was_written_in_capitals() -> None:
    assert File(name="a", size=1, sha256=digest().upper()).sha256 == digest()


@pytest.mark.parametrize("text", ["", "a" * 63, "a" * 65, "g" * 64, "٣" * 64, "a" * 63 + "\n"])
def test_a_digest_is_refused_when_it_is_not_64_hexadecimal_digits(text: str) -> None:
    with pytest.raises(ValidationError, match="64 hexadecimal digits"):
        File(name="a", size=1, sha256=text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Skin.png", "skin.PNG"), ("tex/a.png", "TEX/a.png"), ("e\u0301.png", "\u00e9.png"), ("a.png", "a.png")],
)
def test_files_are_refused_when_windows_or_macos_would_mix_them_up(one: str, other: str) -> None:
    with pytest.raises(ValidationError, match="would be one file on Windows or macOS"):
        Representation(name="tex", files=files_of(one, other))


@pytest.mark.parametrize(("file", "below"), [("tex", "tex/skin.png"), ("Tex", "tex/deep/skin.png")])
def test_files_are_refused_when_one_would_be_the_folder_of_another(file: str, below: str) -> None:
    for names in ((file, below), (below, file)):
        with pytest.raises(ValidationError, match="cannot be a file and the folder"):
            Representation(name="tex", files=files_of(*names))


def test_files_pass_when_only_compatible_letters_differ() -> None:
    assert len(Representation(name="tex", files=files_of("cm².png", "cm2.png", "tex.png", "tex/a.png")).files) == 4


def test_a_representation_is_refused_when_it_has_no_file() -> None:
    with pytest.raises(ValidationError):
        Representation(name="usd", files=())


@pytest.mark.parametrize("pattern", ["sh010.%04d.exr", "skin.<UDIM>.png", "textures/skin.<UDIM>.png", "a.####.exr"])
def test_a_pattern_is_kept_when_it_is_of_a_sequence_or_a_udim_set(pattern: str) -> None:
    assert Representation(name="exr", files=files_of("a.1001.exr"), pattern=pattern).pattern == pattern


@pytest.mark.parametrize("pattern", ["", "../a.%04d.exr", "skin.<TILE>.png", "a\n.%d", "/a.%d.exr"])
def test_a_pattern_is_refused_when_its_files_could_not_be_stored(pattern: str) -> None:
    with pytest.raises(ValidationError, match="the file name"):
        Representation(name="exr", files=files_of("a.1001.exr"), pattern=pattern)


@given(sizes=st.lists(st.integers(0, 2**62), min_size=1, max_size=5))
def test_the_size_is_that_of_all_files_when_there_are_several(sizes: list[int]) -> None:
    files = tuple(File(name=f"{i}.exr", size=size, sha256=digest(str(i))) for i, size in enumerate(sizes))
    assert Representation(name="exr", files=files).size == sum(sizes)


def test_five_thousand_files_pass_when_they_are_one_sequence() -> None:
    files = files_of(*(f"renders/beauty/sh010.{frame:04d}.exr" for frame in range(5000)))
    scattered = ",".join(str(frame) for frame in range(0, 20_000, 2))
    made = Representation(name="exr", files=files, pattern="renders/beauty/sh010.%04d.exr", frames=scattered)
    assert len(made.files) == 5000


def test_a_representation_is_the_same_when_it_went_through_json() -> None:
    made = one_file("usd", "héro (final).usda")
    assert Representation.model_validate_json(made.model_dump_json()) == made
