"""Verification names every blob that is not what was published, and whom that hits."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from upkeep_library import blob_file, context_of, digest_of, fill, new_library, publish, tables

from bifrost_core.bootstrap import Library
from bifrost_core.errors import Cancelled, InvalidRequest, NotFound
from bifrost_core.models.asset import AssetCreate
from bifrost_core.models.project import ProjectCreate
from bifrost_core.models.upkeep import Damage
from bifrost_core.services.context import Context
from bifrost_core.services.maintenance.damage import Damages
from bifrost_core.services.manifests import version_document
from bifrost_core.services.upkeep import Upkeep
from bifrost_core.storage.port import BlobStore
from bifrost_core.workflows.loading import load


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with new_library(tmp_path / "library") as made:
        yield made


def overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def test_verify_finds_nothing_when_all_is_as_published(library: Library) -> None:
    fill(library)
    before = tables(library)
    told: list[int] = []
    report = library.upkeep.verify(progress=told.append)
    assert report.damaged == ()
    assert report.missing_manifests == ()
    assert report.blobs == 6  # skin, empty, three models (the fourth was purged), the animation
    assert report.size == sum(told) == len(b"skin 1001" + b"abc") + 3 * len(b"#usda 1")
    assert tables(library) == before


def test_verify_names_versions_and_files_when_blobs_are_damaged_or_gone(library: Library) -> None:
    made = fill(library)
    skin, model = digest_of(made["texture"]), digest_of(made["model2"])
    overwrite(blob_file(library, skin), b"SKIN 1001")
    blob_file(library, model).unlink()
    found = {item.sha256: item for item in library.upkeep.verify().damaged}
    assert set(found) == {skin, model}
    assert found[skin].damage is Damage.CORRUPT
    assert found[skin].files == ("a/skin.1001.png", "skin.1001.png")
    assert [label.reference for label in found[skin].versions] == [
        "DEMO/assets/Hero/model@v001",
        "DEMO/assets/Hero/model@v002",
        "DEMO/assets/Hero/model@v003",
        "DEMO/assets/Hero/texture@v001",
    ]
    assert found[model].damage is Damage.MISSING
    assert [label.reference for label in found[model].versions] == ["DEMO/assets/Hero/model@v002"]


def test_verify_names_a_blob_when_it_is_cut_off(library: Library) -> None:
    made = fill(library)
    overwrite(blob_file(library, digest_of(made["anim"])), b"ab")
    assert [item.files for item in library.upkeep.verify().damaged] == [("anim.abc",)]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no symbolic links for everyone")
def test_verify_goes_on_when_one_blob_cannot_be_read(library: Library) -> None:
    made = fill(library)
    path = blob_file(library, digest_of(made["anim"]))
    path.unlink()
    path.symlink_to(path.name)  # the system refuses to open it: a circle of links
    report = library.upkeep.verify()
    assert [(item.damage, item.files) for item in report.damaged] == [(Damage.UNREADABLE, ("anim.abc",))]
    assert report.blobs == 6


def test_verify_reads_one_project_when_it_is_named(library: Library) -> None:
    made = fill(library)
    library.projects.create(ProjectCreate(code="OTHER"))
    library.assets.create(AssetCreate(project="OTHER", name="box"))
    own = publish(library, "OTHER/assets/box", "model", {"usd": {"box.usda": b"box"}})
    overwrite(blob_file(library, digest_of(made["anim"])), b"xyz")
    report = library.upkeep.verify("other")
    assert (report.blobs, report.size, report.damaged) == (1, 3, ())
    overwrite(blob_file(library, digest_of(own)), b"bux")
    assert [item.sha256 for item in library.upkeep.verify("OTHER").damaged] == [digest_of(own)]
    assert len(library.upkeep.verify().damaged) == 2


def test_verify_refuses_when_the_project_is_unknown(library: Library) -> None:
    with pytest.raises(NotFound):
        library.upkeep.verify("NOPE")


def test_verify_reads_exactly_the_share_when_a_sample_is_asked_for(library: Library) -> None:
    fill(library)
    files = {"png": {f"frame.{number:04d}.png": b"frame %d" % number for number in range(94)}}
    publish(library, "DEMO/assets/Hero", "frames", files)
    sizes = {library.upkeep.verify(sample=0.25).size for _ in range(5)}
    assert library.upkeep.verify(sample=0.25).blobs == 25
    assert len(sizes) > 1  # others each time
    assert library.upkeep.verify(sample=1.0).blobs == 100
    assert library.upkeep.verify(sample=0.0001).blobs == 1


@pytest.mark.parametrize("sample", [0, -0.5, 1.5, float("nan")])
def test_verify_refuses_when_the_sample_is_no_share(library: Library, sample: float) -> None:
    with pytest.raises(InvalidRequest):
        library.upkeep.verify(sample=sample)


def test_verify_stops_when_it_is_cancelled(library: Library) -> None:
    fill(library)

    def cancel(_: int) -> None:
        raise Cancelled("enough")

    before = threading.active_count()
    with pytest.raises(Cancelled):
        library.upkeep.verify(progress=cancel)
    assert threading.active_count() == before


def test_verify_names_versions_when_their_manifests_are_lost(library: Library) -> None:
    made = fill(library)
    project = library.projects.get("DEMO")
    library.store.documents.delete(version_document(project.id, made["model1"].id))
    assert [label.reference for label in library.upkeep.verify().missing_manifests] == ["DEMO/assets/Hero/model@v001"]
    assert library.upkeep.verify("DEMO").missing_manifests == library.upkeep.verify().missing_manifests
    report = library.upkeep.collect_garbage(apply=True)
    assert report.manifests == 1
    assert library.upkeep.verify().missing_manifests == ()


def test_verify_checks_an_empty_library_when_nothing_was_published(library: Library) -> None:
    report = library.upkeep.verify()
    assert (report.blobs, report.size, report.damaged) == (0, 0, ())
    assert context_of(library).store is library.store


def damaged(library: Library, sha256: str) -> Path:
    """Damage a blob in place: size, time and permissions stay."""
    path = blob_file(library, sha256)
    found = path.stat()
    path.chmod(0o644)
    with path.open("r+b") as stream:
        stream.write(b"SK")
    path.chmod(found.st_mode)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    return path


def shown(library: Library, reference: str) -> Path:
    return load(library, library.store, library.view, reference).paths[0]


def test_every_version_is_repaired_when_the_bytes_are_put_after_setting_aside(library: Library) -> None:
    skin = digest_of(fill(library)["texture"])
    texture = shown(library, "DEMO/assets/Hero/texture@v001:png")
    model = shown(library, "DEMO/assets/Hero/model@v002:textures")
    other = shown(library, "DEMO/shots/ep01/sq010/sh020/animation@v001")
    blob = damaged(library, skin)
    (item,) = library.upkeep.verify().damaged
    assert set(item.views) == {str(texture), str(model)}
    assert item.set_aside == ""
    (item,) = library.upkeep.verify(set_aside=True).damaged
    assert Path(item.set_aside).read_bytes() == b"SKin 1001"
    assert (blob.exists(), texture.exists(), model.exists(), other.exists()) == (False, False, False, True)
    (missing,) = library.upkeep.verify(set_aside=True).damaged
    assert (missing.damage, missing.set_aside) == (Damage.MISSING, "")
    library.store.put(io.BytesIO(b"skin 1001"))
    assert library.upkeep.verify().damaged == ()
    for reference in ("DEMO/assets/Hero/texture@v001:png", "DEMO/assets/Hero/model@v002:textures"):
        assert shown(library, reference).read_bytes() == b"skin 1001"


def test_a_right_copy_in_the_view_stays_when_its_blob_is_set_aside(library: Library) -> None:
    skin = digest_of(fill(library)["texture"])
    texture = shown(library, "DEMO/assets/Hero/texture@v001:png")
    texture.unlink()
    texture.write_bytes(b"skin 1001")
    damaged(library, skin)
    (item,) = library.upkeep.verify(set_aside=True).damaged
    assert item.views == ()
    assert item.set_aside
    assert texture.read_bytes() == b"skin 1001"


def test_copies_of_the_damage_are_taken_away_when_the_view_holds_clones(library: Library) -> None:
    skin = digest_of(fill(library)["texture"])
    texture = shown(library, "DEMO/assets/Hero/texture@v001:png")
    texture.unlink()
    texture.write_bytes(b"SKin 1001")  # as a reflink of the damaged blob
    damaged(library, skin)
    (item,) = library.upkeep.verify(set_aside=True).damaged
    assert item.views == (str(texture),)
    assert not texture.exists()


def test_nothing_is_set_aside_when_a_blob_is_right_again(library: Library) -> None:
    skin = digest_of(fill(library)["texture"])
    blob = damaged(library, skin)
    (item,) = library.upkeep.verify().damaged
    blob.unlink()
    library.store.put(io.BytesIO(b"skin 1001"))
    assert Damages(context_of(library), library.view).set_aside(item) == item
    assert blob.read_bytes() == b"skin 1001"
    assert not (library.root / "store" / "damaged").exists()


def test_setting_aside_is_refused_when_the_store_cannot(library: Library) -> None:
    class Plain:
        documents = library.store.documents

    context = Context(library.database, cast(BlobStore, Plain()), "ann")
    with pytest.raises(InvalidRequest):
        Upkeep(context, library.view, library.root).verify(set_aside=True)
