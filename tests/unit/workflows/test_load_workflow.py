"""Loading: from a reference to files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from workflow_library import CHAIR, SHOT

from bifrost_core.bootstrap import Library
from bifrost_core.errors import AlreadyExists, BlobNotFound, InvalidRequest, NotFound
from bifrost_core.workflows.loading import LoadResult, load
from bifrost_core.workflows.publishing import PublishOrder, publish


@pytest.fixture
def published(library: Library, work: Path) -> Library:
    """The library with a chair (obj, blend, thumbnail) and a comp of three frames."""
    (work / "chair.blend").write_bytes(b"a chair")
    files = [work / "chair.obj", work / "chair.blend"]
    publish(library, library.store, PublishOrder(CHAIR, "model", files=files, thumbnail=work / "tex" / "wood.png"))
    publish(library, library.store, PublishOrder(SHOT, "comp", files=[work / "sh020.#.exr"]))
    return library


def load_from(library: Library, reference: str, **options: object) -> LoadResult:
    return load(library, library.store, library.view, reference, **options)  # type: ignore[arg-type]


def below(root: Path, result: LoadResult) -> list[str]:
    return [path.relative_to(root).as_posix() for path in result.paths]


def test_all_but_the_thumbnail_is_loaded_when_no_representation_is_named(published: Library) -> None:
    result = load_from(published, f"{CHAIR}/model")
    assert below(published.view.root, result) == [
        "DEMO/assets/chair/model/v001/obj/chair.obj",
        "DEMO/assets/chair/model/v001/obj/chair.mtl",
        "DEMO/assets/chair/model/v001/obj/tex/wood.png",
        "DEMO/assets/chair/model/v001/chair_model_v001.blend",
    ]
    assert str(result.reference) == "DEMO/assets/chair/model@v001"
    assert result.paths[2].read_bytes() == b"a picture of wood"


@pytest.mark.parametrize(
    "reference",
    [
        f"{CHAIR}/model:blend",
        f"{CHAIR}/model@v001:BLEND",
        f"bifrost://{CHAIR}/model?version=latest&representation=blend",
    ],
)
def test_one_representation_is_loaded_when_it_is_named(published: Library, reference: str) -> None:
    result = load_from(published, reference)
    assert [path.name for path in result.paths] == ["chair_model_v001.blend"]
    assert str(result.reference) == "DEMO/assets/chair/model@v001:blend"
    assert [item.name for item in result.representations] == ["blend"]


def test_thumbnail_is_loaded_when_it_is_named(published: Library) -> None:
    assert load_from(published, f"{CHAIR}/model:thumbnail").paths[0].read_bytes() == b"a picture of wood"


def test_every_frame_of_a_sequence_is_listed(published: Library) -> None:
    result = load_from(published, f"{SHOT}/comp")
    assert [path.name for path in result.paths] == ["sh020.1001.exr", "sh020.1002.exr", "sh020.1004.exr"]


def test_version_is_found_when_its_id_is_given(published: Library) -> None:
    version = published.versions.get(f"{CHAIR}/model")
    result = load_from(published, version.id)
    assert result.version == version
    assert str(result.reference) == "DEMO/assets/chair/model@v001"


def test_error_lists_what_there_is_when_the_representation_is_unknown(published: Library) -> None:
    with pytest.raises(NotFound, match="no representation “usd”") as caught:
        load_from(published, f"{CHAIR}/model:usd")
    assert caught.value.hint == "It has: obj, blend, thumbnail."
    assert caught.value.details["representations"] == ["obj", "blend", "thumbnail"]


@pytest.mark.parametrize(
    ("reference", "error"),
    [(f"{CHAIR}/rig", NotFound), (f"{CHAIR}/model@v007", NotFound), ("0" * 32, NotFound), ("chair", InvalidRequest)],
)
def test_load_is_refused_when_there_is_no_such_version(
    published: Library, reference: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        load_from(published, reference)


def test_files_are_placed_in_a_folder_when_one_is_named(published: Library, tmp_path: Path) -> None:
    result = load_from(published, f"{CHAIR}/model", to=tmp_path / "out")
    assert below(tmp_path / "out", result) == [
        "obj/chair.obj",
        "obj/chair.mtl",
        "obj/tex/wood.png",
        "chair_model_v001.blend",
    ]
    assert result.paths[3].read_bytes() == b"a chair"
    assert not os.access(result.paths[3], os.W_OK) or os.geteuid() == 0
    assert result.paths[3].stat().st_mode & 0o222 == 0


def test_copies_are_the_artists_own(published: Library, tmp_path: Path) -> None:
    (path,) = load_from(published, f"{CHAIR}/model:blend", to=tmp_path / "out", copy=True).paths
    path.write_bytes(b"changed")
    assert load_from(published, f"{CHAIR}/model:blend").paths[0].read_bytes() == b"a chair"


def test_other_files_are_kept_unless_they_may_be_overwritten(published: Library, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    mine = tmp_path / "out" / "chair_model_v001.blend"
    mine.write_bytes(b"mine")
    with pytest.raises(AlreadyExists):
        load_from(published, f"{CHAIR}/model:blend", to=tmp_path / "out", copy=True)
    assert mine.read_bytes() == b"mine"
    load_from(published, f"{CHAIR}/model:blend", to=tmp_path / "out", copy=True, overwrite=True)
    assert mine.read_bytes() == b"a chair"


def test_progress_is_told_every_byte(published: Library, tmp_path: Path) -> None:
    told: list[int] = []
    result = load_from(published, f"{CHAIR}/model", to=tmp_path / "out", copy=True, progress=told.append)
    assert sum(told) == sum(path.stat().st_size for path in result.paths)


def test_error_names_the_version_when_its_content_is_gone(published: Library) -> None:
    result = load_from(published, f"{CHAIR}/model:blend")
    digest = result.representations[0].files[0].sha256
    (stored,) = [path for path in published.view.root.parent.glob(f"store/**/*{digest[4:]}*") if path.is_file()]
    for path in (*result.paths, stored):
        path.chmod(0o600)
        path.unlink()
    with pytest.raises(BlobNotFound, match=f"{CHAIR}/model@v001 cannot be loaded") as caught:
        load_from(published, f"{CHAIR}/model:blend")
    assert caught.value.details["version"] == f"{CHAIR}/model@v001"
