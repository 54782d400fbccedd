"""What must hold in a library whatever happened to the processes that published into it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from publisher import DEPENDENCY, ENTITY, PRODUCT, SETTINGS, SMALL_FILES, publish_once

from bifrost_core.bootstrap import DATABASE_NAME, Library, connect, recover_library
from bifrost_core.errors import NotFound
from bifrost_core.models.dependency import DependencyQuery
from bifrost_core.models.layout import version_folder, view_paths
from bifrost_core.models.publish import PublishState
from bifrost_core.models.reference import Reference, parse_entity
from bifrost_core.models.version import Version, VersionListing, VersionQuery
from bifrost_core.storage.local import LocalBlobStore
from bifrost_core.storage.registry import file_store_url

__all__ = ["Ledger", "all_versions", "check_settled", "pending_manifests", "store_leftovers"]

_FILES = ({"usd": 1, "cache": SMALL_FILES + 1, "thumbnail": 1}, {"usd": 1, "cache": 1, "thumbnail": 1})


class Ledger:
    """The versions that a library has shown so far, and the tokens that made them.

    Args:
        root: the library's folder.
        files: where the publisher keeps a folder of files for each token.
    """

    def __init__(self, root: Path, files: Path) -> None:
        self.root = root
        self.files = files
        self.tokens: dict[int, str] = {}
        self.unacknowledged = 0
        """Versions whose publish was killed after the commit."""

    def check(self, tried: Sequence[str], outcomes: Iterable[Mapping[str, Any]]) -> None:
        """Check the library after some publishes, of which only those in ``outcomes`` returned."""
        with connect(str(self.root), SETTINGS) as library:
            committed = {token: number for token in tried for number in _committed_as(library, token)}
            for outcome in outcomes:
                assert "foreign" not in outcome, outcome["foreign"]
                if "version" in outcome:
                    assert committed[outcome["token"]] == outcome["version"], "an acknowledged version is lost"
                else:
                    assert outcome["token"] not in committed, f"it was published, but the answer was: {outcome}"
            acknowledged = {outcome["token"] for outcome in outcomes if "version" in outcome}
            self.unacknowledged += len(set(committed) - acknowledged)
            self._take(committed)
            numbers = sorted(item.number for item in all_versions(library))
            assert numbers == list(range(1, len(numbers) + 1)), "numbers are doubled or lost"
            assert set(numbers) == set(self.tokens), "a version is visible that no publish committed"
            for token, number in committed.items():
                check_whole(library, number, token)
            check_view(library, numbers, committed.values())

    def repeat(self, token: str, *, few: bool = False) -> int:
        """Publish again with the same token; check that it becomes, or is, one version."""
        with connect(str(self.root), SETTINGS) as library:
            before = _committed_as(library, token)
            number = publish_once(library, self.files / token, token, few=few).version.number
            assert number == (before[0] if before else max(self.tokens, default=0) + 1)
            if not before:
                self._take({token: number})
            check_whole(library, number, token)
            check_view(library, self.tokens, [number])
            assert pending_manifests(self.root) == 0
        return number

    def abort(self, token: str) -> None:
        """Give up a publish that was not committed."""
        with connect(str(self.root), SETTINGS) as library:
            if not _committed_as(library, token) and _is_begun(library, token):
                library.publishes.abort(token)

    def _take(self, committed: Mapping[str, int]) -> None:
        for token, number in committed.items():
            assert self.tokens.get(number, token) == token, "two publishes have one number"
            self.tokens[number] = token


def _is_begun(library: Library, token: str) -> bool:
    try:
        library.publishes.get(token)
    except NotFound:
        return False
    return True


def _committed_as(library: Library, token: str) -> list[int]:
    """Return the number of the version that a token made, or nothing."""
    try:
        publish = library.publishes.get(token)
    except NotFound:
        return []
    assert (publish.state is PublishState.COMMITTED) == (publish.version is not None)
    return [library.versions.get(publish.version).number] if publish.version else []


def all_versions(library: Library, entity: str = ENTITY, product: str = PRODUCT) -> list[VersionListing]:
    """Return every version of a product, newest first; none when there is no such product yet."""
    found: list[VersionListing] = []
    cursor = None
    while True:
        try:
            page = library.versions.list(VersionQuery(entity=entity, product=product, cursor=cursor, limit=500))
        except NotFound:
            return []
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


def check_whole(library: Library, number: int, token: str) -> Version:
    """Check that a version has all its representations, files, bytes and dependencies."""
    version = library.versions.get(f"{ENTITY}/{PRODUCT}@v{number:03d}")
    assert version.comment == token
    assert {item.name: len(item.files) for item in version.representations} in _FILES
    files = [file for item in version.representations for file in item.files]
    assert library.store.missing({file.sha256 for file in files}) == set()
    for file in files:
        assert library.store.stat(file.sha256).size == file.size
    links = library.dependencies.list(DependencyQuery(version=version.id))
    assert DEPENDENCY in {link.used.reference for link in links}
    return version


def check_view(library: Library, numbers: Iterable[int], looked_at: Iterable[int]) -> None:
    """Check that the view shows only versions that there are, and those that are looked at not in part."""
    entity = parse_entity(ENTITY)
    folder = library.view.root.joinpath(*version_folder(entity, PRODUCT, 1).parts).parent
    shown = {int(path.name[1:]) for path in (folder.iterdir() if folder.is_dir() else ())}
    assert shown <= set(numbers), "the view shows a version that there is not"
    for number in shown.intersection(looked_at):
        reference = Reference(entity=entity, product=PRODUCT).pinned(number)
        for item in library.versions.get(str(reference)).representations:
            paths = [library.view.root.joinpath(*path.parts) for path in view_paths(entity, PRODUCT, number, item)]
            if any(path.exists() for path in paths):
                sizes = [path.stat().st_size if path.exists() else None for path in paths]
                assert sizes == [file.size for file in item.files], f"half of {item.name} v{number:03d} is in the view"


def pending_manifests(root: Path) -> int:
    """Count the manifests that are still to be written."""
    connection = sqlite3.connect(root / DATABASE_NAME)
    try:
        tables = ("users", "projects", "entities", "versions")
        counts = [connection.execute(f"SELECT count(*) FROM {name} WHERE written < changed") for name in tables]
        return sum(int(count.fetchone()[0]) for count in counts)
    finally:
        connection.close()


def store_leftovers(library: Library) -> int:
    """Count what killed processes left in the store and the view."""
    return len(_leftovers(library))


def _leftovers(library: Library) -> list[Path]:
    folders = (_store_folder(library) / "tmp", library.view.root / ".bifrost-tmp")
    return [path for folder in folders if folder.is_dir() for path in folder.iterdir()]


def _let_days_pass(library: Library) -> None:
    """Make the left-over files old: the clean-up spares what a slow process may still be writing."""
    long_ago = time.time() - 7 * 24 * 3600
    for path in _leftovers(library):
        os.utime(path, (long_ago, long_ago))


def _store_folder(library: Library) -> Path:
    assert isinstance(library.store, LocalBlobStore)
    return library.store.root


def check_settled(root: Path, rebuilt: Path) -> dict[str, int]:
    """Check what the library is worth in the end; return what the clean-up found.

    Everything verifies; the clean-up removes all that no version uses, and nothing else; the store alone is enough to
    build the same versions in ``rebuilt``.
    """
    with connect(str(root), SETTINGS) as library:
        _check_database(root)
        assert library.upkeep.verify().damaged == ()
        leftovers = store_leftovers(library)
        _let_days_pass(library)
        report = library.upkeep.collect_garbage(apply=True, grace_hours=0)
        assert report.temporary == leftovers
        assert store_leftovers(library) == 0
        after = library.upkeep.verify()
        assert after.damaged == ()
        versions = [*all_versions(library), *all_versions(library, product="lookdev")]
        used = {
            file.sha256
            for item in versions
            for representation in library.versions.get(item.id).representations
            for file in representation.files
        }
        assert {blob.sha256 for blob in library.store.list()} == used
        assert after.blobs == len(used)
        assert library.upkeep.collect_garbage(apply=False, grace_hours=0).blobs == ()
        whole = {item.id: library.versions.get(item.id) for item in versions}
        store = file_store_url(_store_folder(library))
    recovered = recover_library(str(rebuilt), SETTINGS, store=store)
    assert recovered.skipped == ()
    assert recovered.missing_blobs == ()
    with connect(str(rebuilt), SETTINGS) as library:
        assert [*all_versions(library), *all_versions(library, product="lookdev")] == versions
        assert {key: library.versions.get(key) for key in whole} == whole
    return {"leftovers": leftovers, "blobs": len(report.blobs), "versions": len(versions)}


def _check_database(root: Path) -> None:
    connection = sqlite3.connect(root / DATABASE_NAME)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()
