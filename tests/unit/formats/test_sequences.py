"""Sequences of files and UDIM sets."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fileseq.frameset import FrameSet
from hypothesis import given
from hypothesis import strategies as st

from bifrost_core.errors import InvalidRequest
from bifrost_core.formats.sequences import FileSequence, expand_pattern, find_sequences

FRAMES = st.sets(st.integers(min_value=-999, max_value=20_000), min_size=2, max_size=60)
PREFIXES = st.sampled_from(["shot.", "sh010_v002.", "a b [1] (2).", "Ünï_", "100%_", "", "x-", "take2_"])


def make(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).write_bytes(b"")
    return [folder / name for name in names]


def frames_of(ranges: str) -> set[int]:
    return {int(frame) for frame in FrameSet(ranges)}


def patterns(found: tuple[FileSequence, ...]) -> list[tuple[str, str, object]]:
    return [(item.pattern, item.frames, item.missing) for item in found]


def expand(path: Path) -> FileSequence:
    found = expand_pattern(path)
    assert found is not None
    return found


@given(frames=FRAMES, width=st.integers(min_value=1, max_value=6), prefix=PREFIXES)
def test_any_set_of_frames_comes_back_exactly(frames: set[int], width: int, prefix: str) -> None:
    if prefix == "x-":
        # Behind a letter a minus is a separator.
        frames = {abs(frame) for frame in frames} | {1, 2}
    names = {frame: f"{prefix}{format(frame, f'0{width}d')}.exr" for frame in frames}
    found, rest = find_sequences([Path("renders", name) for name in names.values()])
    assert rest == ()
    (sequence,) = found
    assert sequence.numbers == tuple(sorted(frames))
    assert [file.name for file in sequence.files] == [names[frame] for frame in sorted(frames)]
    assert [sequence.pattern % frame for frame in sorted(frames)] == [names[frame] for frame in sorted(frames)]
    assert frames_of(sequence.frames) == frames
    missing = set(range(min(frames), max(frames) + 1)) - frames
    assert (frames_of(sequence.missing) if sequence.missing else set()) == missing


@given(frames=FRAMES)
def test_no_file_is_lost_when_paddings_are_mixed(frames: set[int]) -> None:
    paths = [Path(f"a.{format(frame, spec)}.exr") for frame in frames for spec in ("d", "04d", "06d")]
    paths = list(dict.fromkeys(paths))
    found, rest = find_sequences(paths)
    assert sorted([*rest, *(file for item in found for file in item.files)]) == sorted(paths)
    for item in found:
        assert len(set(item.numbers)) == len(item.numbers) == len(item.files)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["s.1001.exr", "s.1002.exr", "s.1004.exr"], [("s.%04d.exr", "1001-1002,1004", "1003")]),
        (["s.0998.exr", "s.1001.exr"], [("s.%04d.exr", "998,1001", "999-1000")]),
        (["s-0001.exr", "s-0002.exr"], [("s-%04d.exr", "1-2", None)]),
        (["s.-0001.exr", "s.0000.exr", "s.0001.exr"], [("s.%04d.exr", "-1-1", None)]),
        (["s.-001.exr", "s.0000.exr", "s.0001.exr"], [("s.%04d.exr", "-1-1", None)]),
        (["f8.png", "f9.png", "f10.png"], [("f%d.png", "8-10", None)]),
        (["s.1.exr", "s.3.exr", "s.5.exr"], [("s.%d.exr", "1-5x2", "2,4")]),
        (["r_0001_v002.exr", "r_0002_v002.exr"], [("r_%04d_v002.exr", "1-2", None)]),
        (["c.0001.bgeo.sc", "c.0002.bgeo.sc"], [("c.%04d.bgeo.sc", "1-2", None)]),
        (
            ["sh010.1001.exr", "sh010.1002.exr", "sh020.1001.exr", "sh020.1002.exr"],
            [("sh010.%04d.exr", "1001-1002", None), ("sh020.%04d.exr", "1001-1002", None)],
        ),
        (
            ["a.9.exr", "a.10.exr", "a.0009.exr", "a.0010.exr"],
            [("a.%d.exr", "9-10", None), ("a.%04d.exr", "9-10", None)],
        ),
        (["skin.1001.png", "skin.1002.png"], [("skin.%04d.png", "1001-1002", None)]),
    ],
)
def test_sequences_are_found_among_plain_files(names: list[str], expected: list[tuple[str, str, object]]) -> None:
    found, rest = find_sequences([Path(name) for name in names])
    assert patterns(found) == expected
    assert rest == ()


@pytest.mark.parametrize(
    "names",
    [
        ["shot.1001.exr"],
        ["model_v001.obj", "model_v002.obj"],
        ["scene_01.ma", "scene_02.ma"],
        ["clip.01.mov", "clip.02.mov"],
        ["hero_2k.png", "hero_4k.png"],
        ["one/shot.1001.exr", "two/shot.1002.exr"],
        ["shot.1001.exr", "shot.1002.png"],
        ["20240101120000.png", "20240101120001.png"],
    ],
)
def test_plain_files_stay_apart_when_they_are_no_frames(names: list[str]) -> None:
    paths = [Path(name) for name in names]
    assert find_sequences(paths) == ((), tuple(paths))


def test_gap_is_told_when_it_is_too_long_to_count() -> None:
    ((sequence,), _) = find_sequences([Path("a.1.exr"), Path("a.999999999.exr")])
    assert sequence.missing == "2-999999998"


def test_ranges_are_cut_when_they_are_too_long_to_store() -> None:
    frames = [frame for frame in range(100_000, 160_000) if frame % 7 in (0, 1, 3)]
    ((sequence,), _) = find_sequences([Path(f"a.{frame}.exr") for frame in frames])
    assert len(sequence.files) == len(frames)
    for text in (sequence.frames, sequence.missing):
        assert text is not None
        assert len(text) <= 100_000
        assert text.endswith(",…")


@pytest.mark.parametrize(
    "pattern", ["shot.%04d.exr", "shot.####.exr", "shot.@@@@.exr", "shot.#.exr", "shot.$F4.exr", "shot.0990-1100#.exr"]
)
def test_pattern_finds_its_files_in_any_spelling(tmp_path: Path, pattern: str) -> None:
    make(
        tmp_path, *(f"shot.{frame}.exr" for frame in (1003, 1001, 1002)), "shot.01.exr", "other.1001.exr", "shot.x.exr"
    )
    if pattern == "shot.#.exr":
        (tmp_path / "shot.01.exr").unlink()
    found = expand(tmp_path / pattern)
    assert found.pattern == "shot.%04d.exr"
    assert [file.name for file in found.files] == ["shot.1001.exr", "shot.1002.exr", "shot.1003.exr"]
    assert found.frames == "1001-1003"


def test_missing_counts_from_the_range_when_the_pattern_names_one(tmp_path: Path) -> None:
    make(tmp_path, "shot.1001.exr", "shot.1003.exr", "shot.1009.exr")
    found = expand(tmp_path / "shot.1001-1005#.exr")
    assert (found.frames, found.missing) == ("1001,1003", "1002,1004-1005")


def test_pattern_may_have_one_file(tmp_path: Path) -> None:
    make(tmp_path, "shot.1001.exr")
    assert expand(tmp_path / "shot.####.exr").frames == "1001"


def test_printf_wins_when_two_names_mean_one_negative_frame(tmp_path: Path) -> None:
    make(tmp_path, "shot.-005.exr", "shot.-0005.exr", "shot.0001.exr")
    found = expand(tmp_path / "shot.%04d.exr")
    assert [file.name for file in found.files] == ["shot.-005.exr", "shot.0001.exr"]


@pytest.mark.parametrize("token", ["<UDIM>", "<udim>", "%(UDIM)d"])
def test_udim_set_keeps_its_token_and_has_no_gaps(tmp_path: Path, token: str) -> None:
    make(tmp_path, "skin.1001.png", "skin.1012.png", "skin.2001.png", "skin.1001.jpg")
    found = expand(tmp_path / f"skin.{token}.png")
    assert found.pattern == "skin.<UDIM>.png"
    assert [file.name for file in found.files] == ["skin.1001.png", "skin.1012.png"]
    assert (found.frames, found.missing) == ("1001,1012", None)


def test_error_tells_of_another_padding_when_only_that_is_wrong(tmp_path: Path) -> None:
    make(tmp_path, "shot.1001.exr", "shot.1002.exr")
    with pytest.raises(InvalidRequest, match="No file fits") as caught:
        expand_pattern(tmp_path / "shot.######.exr")
    assert "2 files there have another padding" in caught.value.hint


def test_padding_must_be_said_when_it_is_mixed(tmp_path: Path) -> None:
    make(tmp_path, "shot.7.exr", "shot.0007.exr")
    with pytest.raises(InvalidRequest, match="different padding"):
        expand_pattern(tmp_path / "shot.#.exr")


def test_error_names_the_folder_when_it_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read"):
        expand_pattern(tmp_path / "gone" / "shot.####.exr")


def test_plain_name_is_no_pattern() -> None:
    assert expand_pattern(Path("hero.usda")) is None


def test_five_thousand_frames_take_a_moment(tmp_path: Path) -> None:
    paths = make(tmp_path, *(f"sh010_v002.{frame:04d}.exr" for frame in range(1001, 6001)))
    find_sequences(paths[:2])  # fileseq is imported at its first use
    times = []
    for _ in range(3):
        start = time.process_time()
        found, _ = find_sequences(paths)
        expanded = expand(tmp_path / "sh010_v002.####.exr")
        times.append(time.process_time() - start)
        assert found[0] == expanded
    # Both together, in seconds of the processor; a busy machine gets three tries.
    assert min(times) < 0.4
