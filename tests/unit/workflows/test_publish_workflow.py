"""Publishing: from files to a version, whatever gets in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from workflow_library import CHAIR, SHOT, tampered

from bifrost_core.bootstrap import Library
from bifrost_core.errors import (
    Cancelled,
    Conflict,
    DatabaseUnavailable,
    InvalidRequest,
    NotFound,
    SourceChanged,
    StorageFull,
)
from bifrost_core.models.dependency import Dependency, DependencyQuery
from bifrost_core.models.publish import PublishState
from bifrost_core.models.version import Version, VersionQuery
from bifrost_core.storage.port import Source, Stored
from bifrost_core.storage.views import View
from bifrost_core.workflows.publishing import Phase, PublishOrder, PublishResult, publish

TOKEN = "my-own-token"


def chair_order(work: Path, **changes: Any) -> PublishOrder:
    given: dict[str, Any] = {"entity": CHAIR, "product": "model", "files": [work / "chair.obj"], **changes}
    return PublishOrder(**given)


def publish_chair(library: Library, work: Path, **changes: Any) -> PublishResult:
    return publish(library, library.store, chair_order(work, **changes), view=library.view)


def versions_of(library: Library, entity: str = CHAIR) -> list[str]:
    return [item.reference for item in library.versions.list(VersionQuery(entity=entity)).items]


class Watcher:
    """A progress that remembers what it was told and may act on it."""

    def __init__(self, **acts: Any) -> None:
        self.told: list[tuple[int, int, str]] = []
        self.acts = acts

    def __call__(self, done: int, total: int, phase: str, /) -> None:
        self.told.append((done, total, phase))
        if phase in self.acts:
            raise self.acts[phase]


def test_publish_makes_a_version_that_can_be_opened(library: Library, work: Path) -> None:
    result = publish_chair(library, work, comment="First", source="chair.ma", metadata={"polygons": 12})
    assert result.version.reference == "DEMO/assets/chair/model@v001"
    assert (result.version.comment, result.version.source) == ("First", "chair.ma")
    assert result.version.metadata == {"polygons": 12}
    (item,) = result.representations
    assert item.name == "obj"
    assert [file.name for file in item.files] == ["chair.obj", "chair.mtl", "tex/wood.png"]
    root = library.view.root / "DEMO/assets/chair/model/v001/obj"
    assert item.paths == (root / "chair.obj", root / "chair.mtl", root / "tex/wood.png")
    assert (root / "tex/wood.png").read_bytes() == b"a picture of wood"
    assert result.warnings == ()
    assert library.versions.get(result.version.id) == result.version


def test_sequence_has_its_pattern_and_its_gap(library: Library, work: Path) -> None:
    order = PublishOrder(SHOT, "comp", files=[work / "sh020.####.exr"])
    result = publish(library, library.store, order, view=library.view)
    (item,) = result.representations
    assert (item.name, item.pattern, item.frames, item.missing) == ("exr", "sh020.%04d.exr", "1001-1002,1004", "1003")
    assert len(item.files) == len(item.paths) == 3
    assert result.warnings == ("sh020.%04d.exr has gaps: 1003 missing, 1001-1002,1004 there.",)


def test_udim_set_is_stored_with_its_token(library: Library, work: Path) -> None:
    for tile in (1001, 1002):
        (work / f"skin.{tile}.png").write_bytes(b"tile %d" % tile)
    (item,) = publish_chair(library, work, product="lookdev", files=[work / "skin.<UDIM>.png"]).representations
    assert item.pattern == "skin.<UDIM>.png"


def test_thumbnail_is_published_beside_the_work(library: Library, work: Path) -> None:
    result = publish_chair(library, work, thumbnail=work / "tex" / "wood.png")
    assert [item.name for item in result.representations] == ["obj", "thumbnail"]


def test_bytes_are_counted_as_written_or_reused(library: Library, work: Path) -> None:
    first = publish_chair(library, work)
    size = sum(path.stat().st_size for path in (work / "chair.obj", work / "chair.mtl", work / "tex" / "wood.png"))
    assert (first.bytes_written, first.bytes_reused) == (size, 0)
    (work / "chair.obj").write_text("mtllib chair.mtl\nv 1 1 1 # moved\n", encoding="utf-8")
    second = publish_chair(library, work)
    assert second.version.version == "v002"
    assert second.bytes_written == (work / "chair.obj").stat().st_size
    assert second.bytes_written + second.bytes_reused == size + len(" # moved")


def test_store_is_told_which_files_may_be_stored_already(library: Library, work: Path) -> None:
    publish_chair(library, work)
    (work / "chair.mtl").write_text("map_Kd tex/wood.png\n# of another length\n", encoding="utf-8")
    seen: list[Source] = []

    class Store:
        def __getattr__(self, name: str) -> Any:
            return getattr(library.store, name)

        def put_files(self, sources: Any, **kwargs: Any) -> tuple[Stored, ...]:
            seen.extend(sources)
            return library.store.put_files(sources, **kwargs)

    publish(library, Store(), chair_order(work))
    assert {source.path.name: source.probably_stored for source in seen} == {
        "chair.obj": True,
        "chair.mtl": False,
        "wood.png": True,
    }


def test_same_token_is_one_version_and_writes_nothing(library: Library, work: Path) -> None:
    first = publish_chair(library, work, token=TOKEN)
    again = publish_chair(library, work, token=TOKEN)
    assert again.version == first.version
    assert again.representations == first.representations
    assert (again.bytes_written, again.bytes_reused) == (0, 0)
    assert versions_of(library) == ["DEMO/assets/chair/model@v001"]


def test_same_token_answers_when_the_files_are_gone_since(library: Library, work: Path) -> None:
    first = publish_chair(library, work, token=TOKEN)
    (work / "chair.obj").unlink()
    assert publish_chair(library, work, token=TOKEN).version == first.version


def test_token_is_refused_when_it_belongs_to_another_product(library: Library, work: Path) -> None:
    publish_chair(library, work, token=TOKEN)
    with pytest.raises(Conflict, match="token"):
        publish_chair(library, work, token=TOKEN, product="rig")


def test_token_is_refused_when_it_is_malformed(library: Library, work: Path) -> None:
    with pytest.raises(InvalidRequest, match="token"):
        publish_chair(library, work, token="no")


def test_dependencies_are_recorded_pinned(library: Library, work: Path) -> None:
    publish_chair(library, work)
    (work / "room.blend").write_bytes(b"a room")
    order = PublishOrder(
        "DEMO/assets/room",
        "model",
        files=[work / "room.blend"],
        depends=[f"{CHAIR}/model@latest", Dependency(reference=f"{CHAIR}/model@v001", kind="texture")],
    )
    version = publish(library, library.store, order).version
    publish_chair(library, work)
    links = library.dependencies.list(DependencyQuery(version=version.id))
    assert sorted((link.used.reference, link.kind) for link in links) == [
        ("DEMO/assets/chair/model@v001", "reference"),
        ("DEMO/assets/chair/model@v001", "texture"),
    ]


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        (f"{CHAIR}/model@v009", NotFound),
        ("DEMO/assets/nobody/model", NotFound),
        ("what?", InvalidRequest),
    ],
)
def test_publish_is_refused_when_a_dependency_does_not_exist(
    library: Library, work: Path, reference: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        publish_chair(library, work, depends=[reference], token=TOKEN)
    with pytest.raises(NotFound):
        library.publishes.get(TOKEN)


def test_references_in_files_become_dependencies_when_they_exist(library: Library, work: Path) -> None:
    publish_chair(library, work)
    there, gone = (f"bifrost://{CHAIR}/{name}?version=latest" for name in ("model", "rig"))
    (work / "room.usda").write_text(f"#usda 1.0\nasset a = @{there}@\nasset b = @{gone}@\n", encoding="utf-8")
    result = publish(library, library.store, PublishOrder("DEMO/assets/room", "model", files=[work / "room.usda"]))
    links = library.dependencies.list(DependencyQuery(version=result.version.id))
    assert [link.used.reference for link in links] == ["DEMO/assets/chair/model@v001"]
    assert result.warnings == (f"A file names {gone}, which cannot be found; it is not recorded.",)


def test_progress_is_told_each_phase_and_ends_with_all_bytes(library: Library, work: Path) -> None:
    watcher = Watcher()
    publish(library, library.store, chair_order(work), view=library.view, progress=watcher)
    assert list(dict.fromkeys(phase for _, _, phase in watcher.told)) == [phase.value for phase in Phase]
    assert all(0 <= done <= total for done, total, _ in watcher.told)
    done, total, _ = [item for item in watcher.told if item[2] == Phase.STORING.value][-1]
    assert done == total > 0


@pytest.mark.parametrize("phase", [Phase.STORING, Phase.COMMITTING])
@pytest.mark.parametrize("error", [Cancelled("Enough."), KeyboardInterrupt()])
def test_nothing_is_visible_when_it_is_stopped(
    library: Library, work: Path, phase: Phase, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        publish(
            library,
            library.store,
            chair_order(work, token=TOKEN),
            view=library.view,
            progress=Watcher(**{phase.value: error}),
        )
    assert versions_of(library) == []
    assert library.publishes.get(TOKEN).state is PublishState.ABORTED
    assert publish_chair(library, work, token=TOKEN).version.version == "v001"


def test_version_stands_when_it_is_cancelled_after_the_commit(library: Library, work: Path) -> None:
    watcher = Watcher(showing=Cancelled("Enough."))
    result = publish(library, library.store, chair_order(work), view=library.view, progress=watcher)
    assert result.representations[0].paths == (None, None, None)
    assert "since you cancelled" in result.warnings[0]
    assert versions_of(library) == ["DEMO/assets/chair/model@v001"]


def test_version_stands_when_the_view_cannot_be_written(library: Library, work: Path, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_bytes(b"a file where the view should be")
    view = View(tmp_path / "blocked", library.store)
    order = chair_order(work, thumbnail=work / "tex" / "wood.png")
    result = publish(library, library.store, order, view=view)
    assert [item.paths for item in result.representations] == [(None, None, None), (None,)]
    (warning,) = result.warnings
    assert warning.startswith("The version is published; its readable files were not made: ")


@pytest.mark.parametrize("error", [StorageFull("The disk is full."), DatabaseUnavailable("It is busy.")])
def test_publish_is_given_up_when_the_commit_fails(library: Library, work: Path, error: Exception) -> None:
    def commit(request: Any) -> Version:
        raise error

    services = tampered(library, "publishes", commit=commit)
    with pytest.raises(type(error)):
        publish(services, library.store, chair_order(work, token=TOKEN))
    assert library.publishes.get(TOKEN).state is PublishState.ABORTED


def test_first_error_is_told_when_giving_up_fails_too(library: Library, work: Path) -> None:
    def commit(request: Any) -> Version:
        raise StorageFull("The disk is full.")

    def abort(token: str) -> None:
        raise DatabaseUnavailable("It is busy.")

    with pytest.raises(StorageFull):
        publish(tampered(library, "publishes", commit=commit, abort=abort), library.store, chair_order(work))


def test_files_are_put_again_when_a_clean_up_was_faster(library: Library, work: Path) -> None:
    calls = []

    def commit(request: Any) -> Version:
        if not calls:
            for blob in list(library.store.list())[:2]:
                library.store.delete(blob.sha256)
        calls.append(request)
        return library.publishes.commit(request)

    result = publish(tampered(library, "publishes", commit=commit), library.store, chair_order(work), view=library.view)
    assert len(calls) == 2
    assert library.store.missing([file.sha256 for file in result.representations[0].files]) == set()
    assert result.version.version == "v001"


def test_changed_file_is_refused_when_it_must_be_put_again(library: Library, work: Path) -> None:
    def commit(request: Any) -> Version:
        for blob in list(library.store.list()):
            library.store.delete(blob.sha256)
        (work / "tex" / "wood.png").write_bytes(b"another picture")
        return library.publishes.commit(request)

    with pytest.raises(SourceChanged, match=r"wood\.png"):
        publish(tampered(library, "publishes", commit=commit), library.store, chair_order(work))
    assert versions_of(library) == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"entity": "DEMO/assets/nobody"}, NotFound),
        ({"entity": "nonsense"}, InvalidRequest),
        ({"product": "v001"}, InvalidRequest),
        ({"task": "rigging"}, NotFound),
        ({"status": "marvellous"}, InvalidRequest),
        ({"comment": "x" * 5000}, InvalidRequest),
        ({"metadata": {"a": object()}}, InvalidRequest),
        ({"files": []}, InvalidRequest),
    ],
)
def test_order_is_refused_when_something_in_it_makes_no_sense(
    library: Library, work: Path, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        publish_chair(library, work, **changes)
    assert versions_of(library) == []
