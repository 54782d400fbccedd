"""The contract of versions."""

from __future__ import annotations

import pytest

from bifrost_core.errors import Conflict, InUse, InvalidRequest, NotFound
from bifrost_core.models.version import ResolveRequest, StatusChange, VersionQuery
from bifrost_core.operations.catalogue import Services
from bifrost_core.storage.port import BlobStore
from bifrost_core.testing.services.making import make_asset, make_project, publish

__all__ = ["VersionsContract"]

MODEL = "DEMO/assets/hero/model"


def _three_versions(services: Services, store: BlobStore) -> None:
    make_project(services)
    make_asset(services)
    for comment in ("one", "two", "three"):
        publish(services, store, comment=comment)


def _set(services: Services, number: int, status: str) -> None:
    services.versions.set_status(StatusChange(version=f"{MODEL}@v{number}", status=status))


class VersionsContract:
    """What versions promise."""

    def test_selectors_mean_what_they_say(self, services: Services, store: BlobStore) -> None:
        _three_versions(services, store)
        assert services.versions.get(MODEL).number == 3
        assert services.versions.get(f"{MODEL}@v002:usd").number == 2
        with pytest.raises(NotFound, match="approved"):
            services.versions.get(f"{MODEL}@approved")
        _set(services, 1, "approved")
        _set(services, 2, "approved")
        assert services.versions.get(f"bifrost://{MODEL}?version=approved").number == 2
        _set(services, 2, "rejected")
        assert services.versions.get(f"{MODEL}@approved").number == 1

    def test_archived_versions_are_not_latest(self, services: Services, store: BlobStore) -> None:
        _three_versions(services, store)
        _set(services, 3, "archived")
        assert services.versions.get(MODEL).number == 2
        assert services.versions.get(f"{MODEL}@v003").status == "archived"
        assert publish(services, store).number == 4
        for number in (1, 2, 4):
            _set(services, number, "archived")
        with pytest.raises(NotFound):
            services.versions.get(MODEL)
        _set(services, 2, "pending")
        assert services.versions.get(MODEL).number == 2

    def test_what_is_missing_is_named(self, services: Services, store: BlobStore) -> None:
        _three_versions(services, store)
        for reference, missing in (
            ("OTHER/assets/hero/model", "OTHER"),
            ("DEMO/assets/villain/model", "villain"),
            ("DEMO/assets/hero/rig", "rig"),
            (f"{MODEL}@v009", "v009"),
            ("0" * 32, "0" * 32),
        ):
            with pytest.raises(NotFound, match=missing):
                services.versions.get(reference)
        with pytest.raises(InvalidRequest):
            services.versions.get("nonsense")

    def test_versions_are_listed_newest_first(self, services: Services, store: BlobStore) -> None:
        _three_versions(services, store)
        publish(services, store, product="anim")
        first = services.versions.list(VersionQuery(entity="DEMO/assets/hero", limit=2))
        rest = services.versions.list(VersionQuery(entity="DEMO/assets/hero", limit=2, cursor=first.next_cursor))
        listed = [(item.product, item.version, item.reference) for item in first.items + rest.items]
        assert listed[0] == ("anim", "v001", "DEMO/assets/hero/anim@v001")
        assert [version for _, version, _ in listed[1:]] == ["v003", "v002", "v001"]
        _set(services, 2, "approved")
        approved = services.versions.list(VersionQuery(entity="DEMO/assets/hero", product="Model", status="approved"))
        assert [item.comment for item in approved.items] == ["two"]
        with pytest.raises(NotFound):
            services.versions.list(VersionQuery(entity="DEMO/assets/hero", product="rig"))

    def test_a_batch_answers_each_on_its_own(self, services: Services, store: BlobStore) -> None:
        _three_versions(services, store)
        whole = services.versions.get(MODEL)
        asked = (MODEL, f"{MODEL}@v001", "nonsense", f"{MODEL}@v077", whole.id, MODEL)
        answers = services.versions.resolve(ResolveRequest(references=asked))
        assert [answer.reference for answer in answers] == list(asked)
        assert [answer.version.number if answer.version else None for answer in answers] == [3, 1, None, None, 3, 3]
        assert [(answer.error or {}).get("code") for answer in answers[2:4]] == ["invalid_request", "not_found"]
        assert answers[0].version == whole

    def test_a_status_that_the_project_lacks_is_refused(self, services: Services, store: BlobStore) -> None:
        _three_versions(services, store)
        with pytest.raises(InvalidRequest, match="splendid"):
            _set(services, 1, "splendid")

    def test_only_an_archived_version_is_purged(self, services: Services, store: BlobStore) -> None:
        _three_versions(services, store)
        with pytest.raises(Conflict):
            services.versions.purge(MODEL)
        _set(services, 3, "archived")
        services.versions.purge(f"{MODEL}@v003")
        with pytest.raises(NotFound):
            services.versions.get(f"{MODEL}@v003")
        assert publish(services, store).number == 4

    def test_a_used_version_is_not_purged(self, services: Services, store: BlobStore) -> None:
        _three_versions(services, store)
        make_asset(services, "set")
        publish(services, store, "DEMO/assets/set", depends=[f"{MODEL}@v003"])
        _set(services, 3, "archived")
        with pytest.raises(InUse, match="set/model@v001"):
            services.versions.purge(f"{MODEL}@v003")
        assert services.versions.get(f"{MODEL}@v003").status == "archived"
