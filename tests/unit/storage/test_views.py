"""Views: readable files that show blobs."""

from __future__ import annotations

import io
import os
import stat
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path, PurePosixPath

import pytest
from storage_making import put

from bifrost_core.errors import BlobCorrupt, BlobNotFound, Cancelled, InvalidRequest
from bifrost_core.storage.local import LocalBlobStore
from bifrost_core.storage.memory import MemoryBlobStore
from bifrost_core.storage.port import BlobStore
from bifrost_core.storage.views import LinkMode, View, ViewFile

ONE = PurePosixPath("DEMO/assets/hero/model/v001/hero_model_v001.ma")
MANY = PurePosixPath("DEMO/shots/sq010/sh020/comp/v001/exr")
NOWHERE = ViewFile(None, "0" * 64, 5)


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return MemoryBlobStore() if request.param == "memory" else LocalBlobStore.create(tmp_path / "store")


@pytest.fixture
def local(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore.create(tmp_path / "local")


def frames(store: BlobStore, count: int = 20) -> list[ViewFile]:
    return [put(store, b"frame %d" % number, f"sh020.{number}.exr") for number in range(1001, 1001 + count)]


def left_over(view: View) -> list[Path]:
    folder = view.root / ".bifrost-tmp"
    return list(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("mode", list(LinkMode))
def test_the_files_are_there_and_read_only_when_they_are_added(
    store: BlobStore, tmp_path: Path, mode: LinkMode
) -> None:
    view = View(tmp_path / "view", store, mode)
    [one] = view.add(ONE, [put(store, b"scene")])
    assert one == view.root.joinpath(*ONE.parts)
    assert one.read_bytes() == b"scene"
    files = [*frames(store), put(store, b"deep", "textures/deep/skin.png")]
    many = view.add(MANY, files)
    assert [path.relative_to(view.root / MANY).as_posix() for path in many] == [file.name for file in files]
    assert many[-1].read_bytes() == b"deep"
    for path in (one, *many):
        assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert left_over(view) == []


def test_the_bytes_are_shared_when_a_hard_link_is_asked_for(local: LocalBlobStore, tmp_path: Path) -> None:
    file = put(local, b"scene")
    [linked] = View(tmp_path / "a", local, LinkMode.HARDLINK).add(ONE, [file])
    [copied] = View(tmp_path / "b", local, LinkMode.COPY).add(ONE, [file])
    assert linked.samefile(local.path(file.sha256))
    assert not copied.samefile(local.path(file.sha256))


def test_a_copy_is_made_when_the_blob_has_too_many_links(local: LocalBlobStore, tmp_path: Path) -> None:
    file = put(local, b"an empty texture")
    folder = tmp_path / "links"
    folder.mkdir()
    try:
        for number in range(65_000):
            os.link(local.path(file.sha256), folder / str(number))
    except OSError:
        pass  # the file system's limit: what this test is about
    [path] = View(tmp_path / "view", local, LinkMode.HARDLINK).add(ONE, [file])
    assert path.read_bytes() == b"an empty texture"


def test_nothing_changes_when_files_are_added_again(store: BlobStore, tmp_path: Path) -> None:
    view = View(tmp_path / "view", store)
    files, one = frames(store), put(store, b"scene")
    paths = [*view.add(MANY, files), *view.add(ONE, [one])]
    before = [path.stat() for path in paths]
    told: list[int] = []
    view.add(MANY, files, progress=told.append)
    view.add(ONE, [one])
    assert sum(told) == sum(file.size for file in files)
    assert [(path.stat().st_ino, path.stat().st_mtime_ns) for path in paths] == [
        (found.st_ino, found.st_mtime_ns) for found in before
    ]


def test_progress_adds_up_when_files_are_added(store: BlobStore, tmp_path: Path) -> None:
    files = frames(store)
    told: list[int] = []
    View(tmp_path / "view", store).add(MANY, files, progress=told.append)
    assert sum(told) == sum(file.size for file in files)


def test_a_missing_file_comes_back_when_the_folder_is_added_again(store: BlobStore, tmp_path: Path) -> None:
    view = View(tmp_path / "view", store)
    files = frames(store)
    paths = view.add(MANY, files)
    for path in paths[5:9]:
        path.unlink()
    (view.root / MANY / "notes.txt").write_text("mine")
    assert view.add(MANY, files) == paths
    assert [path.read_bytes() for path in paths] == [b"frame %d" % number for number in range(1001, 1021)]
    assert (view.root / MANY / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("mode", [LinkMode.AUTO, LinkMode.COPY])
@pytest.mark.parametrize("text", [b"XXXXX", b"longer than before"])
def test_a_changed_file_is_set_aside_when_it_is_added_again(
    store: BlobStore, tmp_path: Path, mode: LinkMode, text: bytes
) -> None:
    view = View(tmp_path / "view", store, mode)
    file = put(store, b"scene")
    [path] = view.add(ONE, [file])
    # As editors save: a new file takes the place of the old one.
    path.unlink()
    path.write_bytes(text)
    os.utime(path, (time.time() + 5,) * 2)
    view.add(ONE, [file])
    assert path.read_bytes() == b"scene"
    [theirs] = path.parent.glob("*.modified-*")
    assert theirs.read_bytes() == text
    with store.open(file.sha256) as stream:
        assert stream.read() == b"scene"


def test_the_file_stays_when_somebody_only_made_it_writable(store: BlobStore, tmp_path: Path) -> None:
    view = View(tmp_path / "view", store, LinkMode.COPY)
    file = put(store, b"scene")
    [path] = view.add(ONE, [file])
    path.chmod(0o644)
    os.utime(path, (time.time() + 5,) * 2)
    view.add(ONE, [file])
    assert list(path.parent.glob("*.modified-*")) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_the_damage_is_told_when_a_hard_link_was_written_to(local: LocalBlobStore, tmp_path: Path) -> None:
    view = View(tmp_path / "view", local, LinkMode.HARDLINK)
    file = put(local, b"scene")
    [path] = view.add(ONE, [file])
    path.chmod(0o644)
    path.write_bytes(b"SCENE")
    os.utime(path, (time.time() + 5,) * 2)
    size_differs = put(local, b"other")
    [other] = view.add(MANY / "x", [size_differs])
    other.chmod(0o644)
    other.write_bytes(b"much longer")
    with pytest.raises(BlobCorrupt):
        view.add(MANY / "x", [size_differs])


def test_a_link_to_the_damaged_bytes_is_replaced_when_the_blob_was_repaired(
    local: LocalBlobStore, tmp_path: Path
) -> None:
    view = View(tmp_path / "view", local, LinkMode.HARDLINK)
    file = put(local, b"scene")
    [path] = view.add(ONE, [file])
    path.chmod(0o644)
    path.write_bytes(b"SCENE")
    path.chmod(0o444)
    aside = Path(local.set_aside(file.sha256))
    assert aside.samefile(path)
    put(local, b"scene")
    assert view.add(ONE, [file]) == (path,)
    assert path.read_bytes() == b"scene"
    assert aside.read_bytes() == b"SCENE"
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    before = path.stat().st_ino
    view.add(ONE, [file])
    assert path.stat().st_ino == before


def test_a_copy_stays_when_a_backup_has_linked_to_it(local: LocalBlobStore, tmp_path: Path) -> None:
    view = View(tmp_path / "view", local, LinkMode.COPY)
    file = put(local, b"scene")
    [path] = view.add(ONE, [file])
    os.link(path, tmp_path / "backup")
    assert view.add(ONE, [file]) == (path,)
    assert path.read_bytes() == b"scene"
    assert list(path.parent.iterdir()) == [path]


def test_what_is_in_the_way_is_set_aside_when_it_is_of_another_kind(store: BlobStore, tmp_path: Path) -> None:
    view = View(tmp_path / "view", store)
    (view.root / MANY).parent.mkdir(parents=True)
    (view.root / MANY).write_text("a file")
    (view.root / ONE).mkdir(parents=True)
    view.add(MANY, frames(store))
    view.add(ONE, [put(store, b"scene")])
    assert (view.root / MANY).is_dir()
    assert (view.root / ONE).is_file()
    assert len(list(view.root.rglob("*.modified-*"))) == 2


def test_nothing_is_shown_when_a_blob_is_missing(store: BlobStore, tmp_path: Path) -> None:
    view = View(tmp_path / "view", store)
    with pytest.raises(BlobNotFound):
        view.add(ONE, [NOWHERE])
    with pytest.raises(BlobNotFound):
        view.add(MANY, [*frames(store), ViewFile("lost.exr", "0" * 64, 5)])
    assert not (view.root / MANY).exists()
    assert not (view.root / ONE).exists()
    assert left_over(view) == []


@pytest.mark.parametrize("mode", list(LinkMode))
def test_nothing_is_shown_when_a_blob_is_cut_off(local: LocalBlobStore, tmp_path: Path, mode: LinkMode) -> None:
    file = put(local, b"whole content")
    local.path(file.sha256).chmod(0o644)
    local.path(file.sha256).write_bytes(b"whole")
    view = View(tmp_path / "view", local, mode)
    with pytest.raises(BlobCorrupt):
        view.add(ONE, [file])
    assert not (view.root / ONE).exists()
    assert left_over(view) == []


def test_nothing_is_shown_when_copied_bytes_are_others(local: LocalBlobStore, tmp_path: Path) -> None:
    file = put(local, b"content")
    local.path(file.sha256).chmod(0o644)
    local.path(file.sha256).write_bytes(b"CONTENT")
    view = View(tmp_path / "view", local, LinkMode.COPY)
    with pytest.raises(BlobCorrupt):
        view.add(ONE, [file])
    assert not (view.root / ONE).exists()


def test_nothing_is_shown_when_it_is_cancelled(store: BlobStore, tmp_path: Path) -> None:
    def cancel(_: int) -> None:
        raise Cancelled("Stopped.")

    view = View(tmp_path / "view", store)
    for path, files in ((MANY, frames(store)), (ONE, [put(store, b"scene")])):
        with pytest.raises(Cancelled):
            view.add(path, files, progress=cancel)
        assert not (view.root / path).exists()
    assert left_over(view) == []


def test_all_succeed_when_several_add_the_same_at_once(store: BlobStore, tmp_path: Path) -> None:
    files, one = frames(store, 50), put(store, b"scene")
    begin = threading.Barrier(6)
    problems: list[BaseException] = []

    def add() -> None:
        view = View(tmp_path / "view", store)
        begin.wait()
        try:
            for path in view.add(MANY, files):
                assert path.read_bytes().startswith(b"frame")
            assert view.add(ONE, [one])[0].read_bytes() == b"scene"
        except BaseException as exc:  # noqa: BLE001 - the test shows whatever it was
            problems.append(exc)

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert list((tmp_path / "view").rglob("*.modified-*")) == []
    assert left_over(View(tmp_path / "view", store)) == []


@pytest.mark.parametrize(
    "names",
    [["../x"], ["/x"], ["a/../../x"], ["Skin.png", "skin.PNG"], ["ä.png", "a\u0308.png"], ["a", "a/b"], ["A/b", "a"],
     ["C:x"], ["a\\b"], [None, "b"], [None, None], []],
)  # fmt: skip
def test_names_are_refused_when_some_system_could_not_keep_them(
    store: BlobStore, tmp_path: Path, names: list[str | None]
) -> None:
    view = View(tmp_path / "view", store)
    with pytest.raises(InvalidRequest):
        view.add(MANY, [put(store, b"%d" % index, name) for index, name in enumerate(names)])
    assert not (view.root / MANY).exists()


@pytest.mark.parametrize("path", ["../x", "/x", ".", "a/../../b"])
def test_a_path_is_refused_when_it_leaves_the_view(store: BlobStore, tmp_path: Path, path: str) -> None:
    view = View(tmp_path / "view", store)
    with pytest.raises(InvalidRequest):
        view.add(PurePosixPath(path), [put(store, b"x")])
    with pytest.raises(InvalidRequest):
        view.remove(PurePosixPath(path))


def test_folders_of_versions_are_found_when_they_are_in_the_view(store: BlobStore, tmp_path: Path) -> None:
    view = View(tmp_path / "view", store)
    assert list(view.folders()) == []
    wanted = {
        "DEMO/assets/hero/model/v001",
        "DEMO/assets/v001/model/v002",
        "DEMO/shots/sq010/sh020/comp/v012",
        "DEMO/shots/ep1/sq010/v001/comp/v1000",
    }
    for folder in wanted:
        view.add(PurePosixPath(folder, "v001"), [put(store, b"x")])
    assert {str(folder) for folder in view.folders()} == wanted


def test_only_the_view_loses_it_when_a_folder_is_removed(store: BlobStore, tmp_path: Path) -> None:
    view = View(tmp_path / "view", store)
    files = frames(store)
    view.add(MANY, files)
    [kept] = view.add(ONE, [put(store, b"scene")])
    assert view.remove(MANY.parent)
    assert not view.remove(MANY.parent)
    assert view.remove(ONE)
    assert not kept.exists()
    assert store.missing([file.sha256 for file in files]) == set()
    assert left_over(view) == []


def test_old_temporary_files_are_removed_when_a_process_was_killed(store: BlobStore, tmp_path: Path) -> None:
    view = View(tmp_path / "view", store)
    assert view.remove_temporary(datetime.now(timezone.utc)) == 0
    view.add(ONE, [put(store, b"scene")])
    half = view.root / ".bifrost-tmp" / "half"
    (half / "inner").mkdir(parents=True)
    (half / "inner" / "file").write_bytes(b"x")
    assert view.remove_temporary(datetime.now(timezone.utc) - timedelta(hours=1)) == 0
    assert view.remove_temporary(datetime.now(timezone.utc) + timedelta(hours=1)) == 1
    assert left_over(view) == []


def test_a_stream_is_checked_when_the_store_answers_with_other_bytes(tmp_path: Path) -> None:
    class Lying(MemoryBlobStore):
        def open(self, sha256: str, *, start: int = 0, length: int | None = None) -> io.BytesIO:
            return io.BytesIO(b"lies!")

    store = Lying()
    view = View(tmp_path / "view", store)
    with pytest.raises(BlobCorrupt):
        view.add(ONE, [put(store, b"truth")])
    assert not (view.root / ONE).exists()
