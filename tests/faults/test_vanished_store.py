"""A store that goes away: before a publish, in the middle of it, and after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest
from ledger import Ledger, all_versions, check_settled, pending_manifests
from publisher import ENTITY, PRODUCT, SETTINGS, make_files, outcome_of, prepare, publish_once

from bifrost_core.bootstrap import Library, connect, create_library, recover_library
from bifrost_core.errors import NotFound, StorageUnavailable
from bifrost_core.models.version import StatusChange
from bifrost_core.workflows.loading import load
from bifrost_core.workflows.orders import Phase, PublishOrder
from bifrost_core.workflows.publishing import publish

pytestmark = [pytest.mark.faults]

FIRST, SECOND = "publish-0001", "publish-0002"


class Away:
    """A library with one version, whose store can be taken away and brought back."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "library"
        self.files = folder / "files"
        self.ledger = Ledger(self.root, self.files)
        self._store = self.root / "store"
        self._aside = folder / "aside"
        with create_library(str(self.root), SETTINGS) as library:
            prepare(library, self.files, 5 << 20)
            make_files(self.files, FIRST)
            make_files(self.files, SECOND)
            self.ledger.check([FIRST], [outcome_of(library, self.files / FIRST, FIRST)])

    def take(self) -> None:
        """Take the store away."""
        self._store.rename(self._aside)

    def bring_back(self) -> None:
        """Bring it back; nothing may have been made in its place."""
        assert not self._store.exists()
        self._aside.rename(self._store)


@pytest.fixture
def away(tmp_path: Path) -> Away:
    return Away(tmp_path)


@pytest.fixture
def library(away: Away) -> Iterator[Library]:
    with connect(str(away.root), SETTINGS) as opened:
        yield opened


def _when(phase: Phase, act: Callable[[], None]) -> Callable[[int, int, str], None]:
    """Return a progress function that acts once, when the publish comes to a phase."""
    done: list[str] = []

    def progress(_done: int, _total: int, name: str) -> None:
        if name == phase.value and not done:
            done.append(name)
            act()

    return progress


def test_publish_says_so_when_the_store_is_away(away: Away, library: Library, tmp_path: Path) -> None:
    away.take()
    with pytest.raises(StorageUnavailable) as caught:
        publish_once(library, away.files / SECOND, SECOND)
    assert "connected" in caught.value.hint
    away.bring_back()
    away.ledger.check([SECOND], [])
    assert away.ledger.repeat(SECOND) == 2
    check_settled(away.root, tmp_path / "rebuilt")


@pytest.mark.parametrize("phase", [Phase.STORING, Phase.COMMITTING])
def test_publish_makes_nothing_visible_when_the_store_goes_away_meanwhile(
    away: Away, library: Library, tmp_path: Path, phase: Phase
) -> None:
    files = away.files / SECOND
    order = PublishOrder(ENTITY, PRODUCT, files=[files / "hero.usda"], token=SECOND)
    with pytest.raises(StorageUnavailable):
        publish(library, library.store, order, view=library.view, progress=_when(phase, away.take))
    assert [item.number for item in all_versions(library)] == [1]
    away.bring_back()
    away.ledger.check([SECOND], [])
    assert away.ledger.repeat(SECOND) == 2
    check_settled(away.root, tmp_path / "rebuilt")


def test_publish_stands_when_the_store_goes_away_after_the_commit(away: Away, library: Library, tmp_path: Path) -> None:
    files = away.files / SECOND
    order = PublishOrder(
        ENTITY, PRODUCT, files=[files / "hero.usda"], representations={"cache": files / "cache"},
        thumbnail=files / "hero.png", depends=["DEMO/assets/hero/lookdev@v001"], comment=SECOND, token=SECOND,
    )  # fmt: skip
    result = publish(library, library.store, order, view=library.view, progress=_when(Phase.SHOWING, away.take))
    assert result.version.number == 2
    assert any("readable files were not made" in warning for warning in result.warnings)
    away.bring_back()
    away.ledger.check([SECOND], [])
    assert len(load(library, library.store, library.view, f"{ENTITY}/{PRODUCT}@v002").paths) > 1
    check_settled(away.root, tmp_path / "rebuilt")


def test_change_is_made_and_its_manifest_follows_when_the_store_was_away(
    away: Away, library: Library, tmp_path: Path
) -> None:
    away.take()
    changed = library.versions.set_status(StatusChange(version=f"{ENTITY}/{PRODUCT}", status="approved"))
    assert changed.status == "approved"
    assert pending_manifests(away.root) == 1
    away.bring_back()
    assert away.ledger.repeat(SECOND) == 2
    assert pending_manifests(away.root) == 0
    check_settled(away.root, tmp_path / "rebuilt")


def test_purge_is_done_and_stays_done_when_the_store_was_away(away: Away, library: Library, tmp_path: Path) -> None:
    assert away.ledger.repeat(SECOND) == 2
    reference = f"{ENTITY}/{PRODUCT}@v001"
    library.versions.set_status(StatusChange(version=reference, status="archived"))
    away.take()
    library.versions.purge(reference)
    away.bring_back()
    with pytest.raises(NotFound):
        library.versions.get(reference)
    library.upkeep.collect_garbage(apply=True, grace_hours=0)
    report = recover_library(str(tmp_path / "rebuilt"), SETTINGS, store=f"file://{(away.root / 'store').as_posix()}")
    assert report.skipped == ()
    with connect(str(tmp_path / "rebuilt"), SETTINGS) as rebuilt:
        assert [item.number for item in all_versions(rebuilt)] == [2]
        assert publish_once(rebuilt, away.files / FIRST, "publish-0003").version.number == 3


def test_load_says_so_when_the_store_is_away(away: Away, library: Library, tmp_path: Path) -> None:
    away.take()
    with pytest.raises(StorageUnavailable):
        load(library, library.store, library.view, f"{ENTITY}/{PRODUCT}", to=tmp_path / "out", copy=True)
    assert not list((tmp_path / "out").rglob("*.usda"))
    away.bring_back()
    assert load(library, library.store, library.view, f"{ENTITY}/{PRODUCT}", to=tmp_path / "out", copy=True).paths


def test_open_says_so_when_the_store_is_away(away: Away) -> None:
    away.take()
    with pytest.raises(StorageUnavailable) as caught:
        connect(str(away.root), SETTINGS)
    assert str(away.root / "store") in caught.value.message
    away.bring_back()
