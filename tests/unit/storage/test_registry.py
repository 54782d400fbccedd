"""Stores by URL."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_core.errors import ConfigurationError, StorageUnavailable
from bifrost_core.storage.local import LocalBlobStore
from bifrost_core.storage.memory import MemoryBlobStore
from bifrost_core.storage.registry import file_store_path, file_store_url, open_store


def test_a_folder_is_made_beside_the_base_when_the_url_is_relative(tmp_path: Path) -> None:
    store = open_store("file:the%20store", tmp_path, create=True)
    assert isinstance(store, LocalBlobStore)
    assert store.root == tmp_path / "the store"
    sha256 = store.put(io.BytesIO(b"x")).sha256
    assert open_store("FILE:the%20store", tmp_path).missing([sha256]) == set()


def test_a_folder_is_opened_when_the_url_is_absolute(tmp_path: Path) -> None:
    url = file_store_url(tmp_path / "a store")
    assert url.startswith("file:///")
    opened = open_store(url, Path("elsewhere"), create=True)
    assert isinstance(opened, LocalBlobStore)
    assert opened.root == tmp_path / "a store"


def test_a_store_is_not_made_when_it_is_only_opened(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        open_store("file:store", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_new_store_is_opened_when_it_is_in_memory() -> None:
    assert isinstance(open_store("memory:"), MemoryBlobStore)
    assert open_store("memory:") is not open_store("memory:")


@pytest.mark.parametrize("url", ["", "store", "s4:bucket", "file:", "file:///a%00b", "C:\\store"])
def test_the_known_kinds_are_told_when_a_url_is_not_understood(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_store(url, Path())
    assert "file:" in caught.value.hint


def test_a_server_is_refused_when_the_system_has_no_such_paths() -> None:
    with pytest.raises(ConfigurationError, match="server"):
        file_store_path("file://server/share/store", windows=False)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("file:///P:/store", "P:/store"),
        ("file:P:/my%20store", "P:/my store"),
        ("file://server/share/store", "//server/share/store"),
        ("file://localhost/P:/store", "P:/store"),
        ("file:store", "store"),
    ],
)
def test_drives_and_servers_are_understood_when_the_system_is_windows(url: str, expected: str) -> None:
    assert file_store_path(url, Path(), windows=True).as_posix() == expected


@given(st.lists(st.text("abc ä%?#:&", min_size=1, max_size=8), min_size=1, max_size=4))
def test_the_folder_comes_back_when_its_url_is_read(parts: list[str]) -> None:
    base = Path.cwd()
    path = base.joinpath(*(part.strip() or "x" for part in parts))
    assert file_store_path(file_store_url(path)) == path
    assert file_store_path(file_store_url(path, base), base) == path


def install(folder: Path, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package that registers a store, as pip would leave it."""
    information = folder / "shelf-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[bifrost_ams.stores]\nshelf = {value}\n")
    (folder / "shelf_of_tests.py").write_text(
        "from bifrost_core.storage.memory import MemoryBlobStore\n"
        "def open_shelf(url, *, create):\n"
        "    store = MemoryBlobStore()\n"
        "    store.asked = (url, create)\n"
        "    return store\n"
    )
    monkeypatch.syspath_prepend(str(folder))


def test_a_registered_store_is_opened_when_a_package_adds_its_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "shelf_of_tests:open_shelf", monkeypatch)
    store = open_store("shelf://bucket/path", create=True)
    assert store.asked == ("shelf://bucket/path", True)  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError) as caught:
        open_store("other:x")
    assert "shelf:" in caught.value.hint


def test_the_package_is_told_when_it_cannot_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "shelf_of_tests:no_such_function", monkeypatch)
    with pytest.raises(ConfigurationError, match="shelf"):
        open_store("shelf:x")
