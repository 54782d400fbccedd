"""Collecting: from what a user names to representations."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_core.errors import InvalidRequest
from bifrost_core.workflows.collecting import Collection, LocalRepresentation, collect


def make(folder: Path, *names: str, content: str = "content") -> list[Path]:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return [folder / name for name in names]


def chair(folder: Path) -> None:
    make(folder, "chair.obj", content="mtllib chair.mtl\n")
    make(folder, "chair.mtl", content="map_Kd tex/wood.png\n")
    make(folder, "tex/wood.png")


def shape(collection: Collection) -> dict[str, list[str]]:
    return {item.name: [name for name, _ in item.files] for item in collection.representations}


def only(collection: Collection) -> LocalRepresentation:
    (item,) = collection.representations
    return item


def test_plain_file_is_a_representation_of_its_kind(tmp_path: Path) -> None:
    (path,) = make(tmp_path, "hero.blend")
    assert collect([str(path)]) == Collection((LocalRepresentation("blend", (("hero.blend", path),)),))


def test_files_of_several_kinds_are_several_representations(tmp_path: Path) -> None:
    paths = make(tmp_path, "hero.blend", "hero.abc", "hero.usdc")
    assert shape(collect(paths)) == {"blend": ["hero.blend"], "abc": ["hero.abc"], "usd": ["hero.usdc"]}


def test_companions_come_along_at_their_places(tmp_path: Path) -> None:
    chair(tmp_path)
    found = collect([tmp_path / "chair.obj"])
    assert shape(found) == {"obj": ["chair.obj", "chair.mtl", "tex/wood.png"]}
    assert found.warnings == ()


def test_companion_above_widens_the_root(tmp_path: Path) -> None:
    make(tmp_path, "kit/geo/hero.usda", content="#usda 1.0\nasset a = @../tex/skin.png@\n")
    make(tmp_path, "kit/tex/skin.png")
    assert shape(collect([tmp_path / "kit/geo/hero.usda"])) == {"usd": ["geo/hero.usda", "tex/skin.png"]}


@pytest.mark.parametrize(
    "order", [("chair.obj", "chair.mtl", "tex/wood.png"), ("tex/wood.png", "chair.mtl", "chair.obj")]
)
def test_file_is_published_once_when_another_one_needs_it(tmp_path: Path, order: tuple[str, ...]) -> None:
    chair(tmp_path)
    assert shape(collect([tmp_path / name for name in order])) == {"obj": ["chair.obj", "chair.mtl", "tex/wood.png"]}


def test_folder_is_left_to_the_file_that_needs_all_of_it(tmp_path: Path) -> None:
    chair(tmp_path)
    assert list(shape(collect([tmp_path / "chair.obj", tmp_path / "tex"]))) == ["obj"]
    make(tmp_path, "tex/extra.png")
    assert shape(collect([tmp_path / "chair.obj", tmp_path / "tex"]))["png"] == ["extra.png", "wood.png"]


def test_first_one_stays_when_two_files_need_each_other(tmp_path: Path) -> None:
    make(tmp_path, "a.usda", content="#usda 1.0\nasset a = @b.usda@\n")
    make(tmp_path, "b.usda", content="#usda 1.0\nasset a = @a.usda@\n")
    assert shape(collect([tmp_path / "b.usda", tmp_path / "a.usda"])) == {"usd": ["b.usda", "a.usda"]}


def test_file_is_published_once_when_a_named_one_needs_it(tmp_path: Path) -> None:
    chair(tmp_path)
    found = collect([tmp_path / "tex/wood.png"], {"model": tmp_path / "chair.obj"})
    assert shape(found) == {"model": ["chair.obj", "chair.mtl", "tex/wood.png"]}


def test_plain_files_are_a_sequence_when_they_form_one(tmp_path: Path) -> None:
    paths = make(tmp_path, "sh.1003.exr", "sh.1001.exr", "sh.1005.exr")
    found = collect(paths)
    item = only(found)
    assert (item.name, item.pattern, item.frames, item.missing) == ("exr", "sh.%04d.exr", "1001-1005x2", "1002,1004")
    assert [name for name, _ in item.files] == ["sh.1001.exr", "sh.1003.exr", "sh.1005.exr"]
    assert found.warnings == ("sh.%04d.exr has gaps: 1002,1004 missing, 1001-1005x2 there.",)


def test_plain_files_keep_their_places_when_they_form_no_sequence(tmp_path: Path) -> None:
    paths = make(tmp_path, "a/skin.png", "b/skin.png", "b/eye.png")
    item = only(collect(paths))
    assert [name for name, _ in item.files] == ["a/skin.png", "b/skin.png", "b/eye.png"]
    assert item.pattern is None


@pytest.mark.parametrize("spelling", ["sh.%04d.exr", "sh.####.exr", "sh.1001-1003#.exr"])
def test_pattern_is_a_sequence(tmp_path: Path, spelling: str) -> None:
    make(tmp_path, *(f"sh.{frame}.exr" for frame in range(1001, 1004)))
    item = only(collect([tmp_path / spelling]))
    assert (item.name, item.pattern, item.frames, item.missing) == ("exr", "sh.%04d.exr", "1001-1003", None)
    assert len(item.files) == 3


def test_udim_set_is_one_representation(tmp_path: Path) -> None:
    make(tmp_path, "skin.1001.png", "skin.1011.png")
    found = collect([tmp_path / "skin.<UDIM>.png"])
    item = only(found)
    assert (item.name, item.pattern, item.frames, item.missing) == ("png", "skin.<UDIM>.png", "1001,1011", None)
    assert found.warnings == ()


def test_file_is_meant_literally_when_one_is_called_like_a_pattern(tmp_path: Path) -> None:
    paths = make(tmp_path, "odd.####.exr", "odd.1001.exr", "odd.1002.exr")
    assert shape(collect([paths[0]])) == {"exr": ["odd.####.exr"]}


def test_folder_with_one_sequence_has_its_pattern(tmp_path: Path) -> None:
    make(tmp_path, "renders/sh.1001.exr", "renders/sh.1002.exr", "renders/render.log", "renders/.DS_Store")
    found = collect([tmp_path / "renders"])
    item = only(found)
    assert (item.name, item.pattern, item.frames) == ("exr", "sh.%04d.exr", "1001-1002")
    assert [name for name, _ in item.files] == ["sh.1001.exr", "sh.1002.exr", "render.log"]
    assert found.warnings == ("Left out of “renders”: .DS_Store.",)


def test_pattern_has_the_folder_when_the_sequence_stands_deeper(tmp_path: Path) -> None:
    make(tmp_path, "out/100%/beauty/sh.1.exr", "out/100%/beauty/sh.2.exr")
    item = only(collect([tmp_path / "out"]))
    assert item.pattern == "100%%/beauty/sh.%d.exr"
    assert [item.pattern % frame for frame in (1, 2)] == [name for name, _ in item.files]


def test_folder_is_named_by_the_kind_that_tells_most(tmp_path: Path) -> None:
    chair(tmp_path / "chair")
    make(tmp_path, "chair/tex/a.png", "chair/tex/b.png", "chair/notes.txt")
    item = only(collect([tmp_path / "chair"]))
    assert item.name == "obj"
    assert [name for name, _ in item.files] == [
        "chair.obj",
        "chair.mtl",
        "notes.txt",
        "tex/a.png",
        "tex/b.png",
        "tex/wood.png",
    ]


def test_folder_brings_what_its_files_need_outside(tmp_path: Path) -> None:
    make(tmp_path, "kit/geo/hero.usda", content="#usda 1.0\nasset a = @../tex/skin.png@\n")
    make(tmp_path, "kit/tex/skin.png")
    assert shape(collect([tmp_path / "kit/geo"])) == {"usd": ["geo/hero.usda", "tex/skin.png"]}


def test_folder_with_two_sequences_tells_of_both(tmp_path: Path) -> None:
    make(tmp_path, *(f"r/{layer}.{frame}.exr" for layer in ("beauty", "depth") for frame in (1001, 1003)))
    found = collect([tmp_path / "r"])
    assert only(found).pattern is None
    assert len(only(found).files) == 4
    assert [text for text in found.warnings if "gaps" in text] == [
        "beauty.%04d.exr has gaps: 1002 missing, 1001,1003 there.",
        "depth.%04d.exr has gaps: 1002 missing, 1001,1003 there.",
    ]
    assert "holds 2 sequences" in found.warnings[-1]


def test_named_representations_keep_sequences_apart(tmp_path: Path) -> None:
    make(tmp_path, *(f"{layer}.{frame}.exr" for layer in ("beauty", "depth") for frame in (1, 2)))
    pairs = [("beauty", tmp_path / "beauty.#.exr"), ("depth", tmp_path / "depth.#.exr")]
    found = collect([], pairs)
    assert [(item.name, item.pattern) for item in found.representations] == [
        ("beauty", "beauty.%d.exr"),
        ("depth", "depth.%d.exr"),
    ]


def test_name_adds_files_when_it_is_given_again(tmp_path: Path) -> None:
    paths = make(tmp_path, "hero.usda", "look.usda", "more.usda")
    found = collect([paths[2]], [("usd", paths[0]), ("USD", paths[1])])
    assert shape(found) == {"usd": ["hero.usda", "look.usda", "more.usda"]}


def test_thumbnail_is_a_representation_of_its_own(tmp_path: Path) -> None:
    paths = make(tmp_path, "hero.blend", "shot.JPEG")
    assert shape(collect(paths[:1], thumbnail=paths[1])) == {"blend": ["hero.blend"], "thumbnail": ["shot.JPEG"]}


def test_library_references_in_files_are_collected(tmp_path: Path) -> None:
    uri = "bifrost://DEMO/assets/chair/model?version=v001"
    (path,) = make(tmp_path, "set.usda", content=f"#usda 1.0\nasset a = @{uri}@\n")
    assert collect([path]).references == (uri,)


def test_empty_files_are_warned_of(tmp_path: Path) -> None:
    make(tmp_path, "sh.1.exr", "sh.2.exr", content="")
    make(tmp_path, "sh.3.exr", "hero.blend", content="")
    assert collect([tmp_path / "sh.#.exr", tmp_path / "hero.blend"]).warnings[-2:] == (
        "hero.blend is empty (0 bytes).",
        "3 files of exr are empty (0 bytes).",
    )


@pytest.mark.parametrize(
    ("files", "representations", "thumbnail", "message"),
    [
        ([], [], None, "nothing to publish"),
        ([], [], "ok.png", "nothing to publish"),
        (["gone.usda"], [], None, "There is no file"),
        (["gone/hero.usda"], [], None, "There is no file"),
        (["gone.%04d.exr"], [], None, "No file fits"),
        (["empty"], [], None, "no files to publish"),
        (["hidden"], [], None, "no files to publish"),
        (["ok.png", "ok.png"], [], None, "named twice"),
        (["ok.png"], [("png", "ok.png")], None, "named twice"),
        ([], [("a/b", "ok.png")], None, "cannot be called that"),
        ([], [("", "ok.png")], None, "cannot be called that"),
        (["ok.png"], [], "gone.png", "There is no thumbnail"),
        (["ok.png"], [], "clip.mov", "cannot be the thumbnail"),
        (["ok.png"], [("thumbnail", "clip.mov")], "ok.png", "given twice"),
        (["a/X.png", "a/x.png"], [], None, "would have one name"),
        (["bad|name.png"], [], None, "cannot be published"),
        (["x" * 300], [], None, "cannot be read|There is no file"),
        (["pipe"], [], None, "neither a file nor a folder"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="such names and pipes cannot be made there")
def test_error_is_clear_when_the_order_makes_no_sense(
    tmp_path: Path, files: list[str], representations: list[tuple[str, str]], thumbnail: str, message: str
) -> None:
    make(tmp_path, "ok.png", "clip.mov", "hidden/.DS_Store", "hidden/Thumbs.db", "bad|name.png", "a/X.png")
    if not (tmp_path / "a" / "x.png").exists():
        make(tmp_path, "a/x.png")
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidRequest, match=message) as caught:
        collect(
            [tmp_path / name for name in files],
            [(name, tmp_path / path) for name, path in representations],
            tmp_path / thumbnail if thumbnail else None,
        )
    assert caught.value.hint


def test_hint_offers_the_close_name_when_a_file_is_misspelt(tmp_path: Path) -> None:
    make(tmp_path, "chair_v002.usda")
    with pytest.raises(InvalidRequest) as caught:
        collect([tmp_path / "chair_v02.usda"])
    assert caught.value.hint == "Did you mean “chair_v002.usda”?"


def test_relative_paths_are_read_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chair(tmp_path)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    item = only(collect(["../chair.obj"]))
    assert item.files[0] == ("chair.obj", tmp_path / "chair.obj")


@given(frames=st.sets(st.integers(min_value=1, max_value=300), min_size=2, max_size=40))
def test_every_named_file_is_in_one_representation(tmp_path_factory: pytest.TempPathFactory, frames: set[int]) -> None:
    folder = tmp_path_factory.mktemp("frames")
    paths = make(folder, *(f"a b.{frame:03d}.png" for frame in frames), "hero.blend")
    found = collect(paths)
    assert sorted(path for item in found.representations for _, path in item.files) == sorted(paths)
    assert collect([folder / "a b.%03d.png"]).representations == tuple(
        item for item in found.representations if item.name == "png"
    )


def test_empty_name_is_refused_rather_than_taken_as_the_present_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chair(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidRequest, match="is empty"):
        collect([""])
    assert shape(collect(["."])) == {"obj": ["chair.obj", "chair.mtl", "tex/wood.png"]}


@pytest.mark.skipif(os.name == "nt", reason="making links needs a privilege there")
def test_message_says_where_a_link_leads_when_nothing_is_there(tmp_path: Path) -> None:
    (tmp_path / "hero.blend").symlink_to("gone.blend")
    with pytest.raises(InvalidRequest, match=r"is a link to “gone\.blend”, which is not there"):
        collect([tmp_path / "hero.blend"])


@pytest.mark.skipif(os.name == "nt", reason="making links needs a privilege there")
def test_links_in_a_circle_do_no_harm_when_they_stand_beside_frames(tmp_path: Path) -> None:
    paths = make(tmp_path, "sh.0001.exr", "sh.0002.exr")
    (tmp_path / "circle").symlink_to("circle")
    expected = tuple((path.name, path) for path in paths)
    assert only(collect([tmp_path / "sh.####.exr"])).files == expected
    whole = collect([tmp_path])
    assert only(whole).files == expected
    assert whole.warnings == (f"Left out of “{tmp_path.name}”: circle.",)


@pytest.mark.skipif(os.name == "nt", reason="making links needs a privilege there")
@pytest.mark.parametrize("target", ["gone.exr", "sh.0003.exr"])
def test_sequence_is_refused_when_a_frame_is_a_link_to_nothing(tmp_path: Path, target: str) -> None:
    make(tmp_path, "sh.0001.exr", "sh.0002.exr")
    (tmp_path / "sh.0003.exr").symlink_to(target)
    with pytest.raises(InvalidRequest, match=r"sh\.0003\.exr” cannot be read"):
        collect([tmp_path / "sh.####.exr"])


def test_thumbnail_must_be_an_image_when_it_is_named_as_a_representation(tmp_path: Path) -> None:
    paths = make(tmp_path, "hero.obj", "hero.png")
    with pytest.raises(InvalidRequest, match="cannot be the thumbnail"):
        collect([], [("thumbnail", paths[0])])
    assert shape(collect(paths[:1], [("Thumbnail", paths[1])])) == {"Thumbnail": ["hero.png"], "obj": ["hero.obj"]}


def test_hint_tells_of_tiles_when_frames_are_asked_for_as_tiles(tmp_path: Path) -> None:
    make(tmp_path, "sh.0001.exr", "sh.0002.exr")
    with pytest.raises(InvalidRequest) as caught:
        collect([tmp_path / "sh.<UDIM>.exr"])
    assert "2 files there have numbers that are no tiles" in caught.value.hint
