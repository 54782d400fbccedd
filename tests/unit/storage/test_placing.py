"""Files of versions in any folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from storage_making import put

from bifrost_core.errors import AlreadyExists, BlobCorrupt, BlobNotFound
from bifrost_core.storage.local import LocalBlobStore
from bifrost_core.storage.views import LinkMode, ViewFile, place


@pytest.fixture
def store(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore.create(tmp_path / "store")


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("mode", list(LinkMode))
@pytest.mark.parametrize("writable", [False, True])
def test_the_files_are_there_when_they_are_placed(
    store: LocalBlobStore, tmp_path: Path, mode: LinkMode, writable: bool
) -> None:
    files = [put(store, b"usd", "hero.usda"), put(store, b"png", "textures/skin.png")]
    told: list[int] = []
    paths = place(store, files, tmp_path / "to" / "usd", mode=mode, writable=writable, progress=told.append)
    assert [path.read_bytes() for path in paths] == [b"usd", b"png"]
    assert names(tmp_path / "to" / "usd") == ["hero.usda", "textures/skin.png"]
    assert all(bool(path.stat().st_mode & 0o200) == writable for path in paths)
    assert sum(told) == 6
    [one] = place(store, [put(store, b"scene")], tmp_path / "to" / "hero.ma", mode=mode, writable=writable)
    assert one == tmp_path / "to" / "hero.ma"


@pytest.mark.parametrize("mode", list(LinkMode))
def test_the_store_is_safe_when_a_placed_writable_file_is_changed(
    store: LocalBlobStore, tmp_path: Path, mode: LinkMode
) -> None:
    file = put(store, b"scene")
    [path] = place(store, [file], tmp_path / "hero.ma", mode=mode, writable=True)
    path.write_bytes(b"my own work")
    assert store.path(file.sha256).read_bytes() == b"scene"


def test_nothing_is_written_when_another_file_is_in_the_way(store: LocalBlobStore, tmp_path: Path) -> None:
    target = tmp_path / "to"
    target.mkdir()
    (target / "b.ma").write_bytes(b"my own work")
    files = [put(store, b"a", "a.ma"), put(store, b"b", "b.ma")]
    with pytest.raises(AlreadyExists) as caught:
        place(store, files, target)
    assert str(target / "b.ma") in caught.value.message
    assert names(target) == ["b.ma"]
    assert (target / "b.ma").read_bytes() == b"my own work"


@pytest.mark.parametrize("mode", list(LinkMode))
def test_the_file_is_replaced_when_that_is_asked_for(store: LocalBlobStore, tmp_path: Path, mode: LinkMode) -> None:
    path = tmp_path / "b.ma"
    path.write_bytes(b"old")
    place(store, [put(store, b"new")], path, mode=mode, overwrite=True)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.glob(".bifrost*")) == []


def test_a_folder_is_never_replaced_when_it_is_in_the_way(store: LocalBlobStore, tmp_path: Path) -> None:
    (tmp_path / "b.ma").mkdir()
    (tmp_path / "plain").write_text("a file")
    for target in (tmp_path / "b.ma", tmp_path / "plain" / "b.ma"):
        with pytest.raises(AlreadyExists):
            place(store, [put(store, b"x")], target, overwrite=True)


def test_the_file_stays_when_it_has_the_same_bytes(store: LocalBlobStore, tmp_path: Path) -> None:
    file = put(store, b"same")
    path = tmp_path / "b.ma"
    path.write_bytes(b"same")
    before = path.stat()
    told: list[int] = []
    place(store, [file], path, progress=told.append)
    assert path.stat().st_ino == before.st_ino
    assert told == [4]


def test_a_link_becomes_a_file_of_ones_own_when_it_must_be_writable(store: LocalBlobStore, tmp_path: Path) -> None:
    file = put(store, b"scene")
    path = tmp_path / "b.ma"
    place(store, [file], path, mode=LinkMode.HARDLINK)
    assert path.samefile(store.path(file.sha256))
    place(store, [file], path, mode=LinkMode.COPY, writable=True)
    assert not path.samefile(store.path(file.sha256))
    path.write_bytes(b"mine")
    assert store.path(file.sha256).read_bytes() == b"scene"


def test_no_half_file_is_left_when_the_stored_bytes_are_damaged(store: LocalBlobStore, tmp_path: Path) -> None:
    file = put(store, os.urandom(100_000))
    store.path(file.sha256).chmod(0o644)
    store.path(file.sha256).write_bytes(os.urandom(100_000))
    target = tmp_path / "to"
    with pytest.raises(BlobCorrupt):
        place(store, [file], target / "b.ma", mode=LinkMode.COPY, writable=True)
    with pytest.raises(BlobNotFound):
        place(store, [ViewFile(None, "0" * 64, 4)], target / "c.ma")
    assert list(target.iterdir()) == []
