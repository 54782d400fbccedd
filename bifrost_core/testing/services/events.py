"""The contract of events."""

from __future__ import annotations

import pytest

from bifrost_core.errors import BifrostError
from bifrost_core.models.asset import AssetUpdate
from bifrost_core.models.event import EventQuery
from bifrost_core.models.version import StatusChange
from bifrost_core.operations.catalogue import Services
from bifrost_core.storage.port import BlobStore
from bifrost_core.testing.services.making import make_asset, make_project, publish

__all__ = ["EventsContract"]


class EventsContract:
    """What events promise."""

    def test_every_change_has_its_event_in_order(self, services: Services, store: BlobStore) -> None:
        make_project(services)
        make_asset(services)
        version = publish(services, store, comment="first")
        services.versions.set_status(StatusChange(version=version.id, status="approved", comment="fine"))
        services.assets.update("DEMO/assets/hero", AssetUpdate(tags=("a",)))
        events = services.events.list(EventQuery())
        assert [event.topic for event in events] == [
            "project.created", "asset.created", "version.published", "version.status_changed", "asset.updated",
        ]  # fmt: skip
        published, status = events[2], events[3]
        assert (published.subject, published.reference) == (version.id, version.reference)
        assert (published.project, published.author) == ("DEMO", version.author)
        assert published.payload["comment"] == "first"
        assert (status.payload["before"], status.payload["status"], status.payload["comment"]) == (
            "pending", "approved", "fine",
        )  # fmt: skip
        assert [event.id for event in events] == sorted({event.id for event in events})

    def test_a_reader_resumes_behind_what_it_saw(self, services: Services) -> None:
        make_project(services)
        for number in range(5):
            make_asset(services, f"a{number}")
        first = services.events.list(EventQuery(limit=4))
        rest = services.events.list(EventQuery(after=first[-1].id))
        assert [event.reference for event in first + rest][1:] == [f"DEMO/assets/a{number}" for number in range(5)]
        assert services.events.list(EventQuery(after=rest[-1].id)) == ()

    def test_events_are_filtered_by_project_and_topic(self, services: Services) -> None:
        make_project(services, "ONE")
        make_project(services, "TWO")
        make_asset(services, project="TWO")
        assert [event.reference for event in services.events.list(EventQuery(project="two"))] == [
            "TWO", "TWO/assets/hero",
        ]  # fmt: skip
        assert len(services.events.list(EventQuery(topic="project"))) == 2
        assert len(services.events.list(EventQuery(topic="asset.created"))) == 1
        assert services.events.list(EventQuery(topic="asse")) == ()

    def test_a_refused_change_has_no_event(self, services: Services) -> None:
        make_project(services)
        before = services.events.list(EventQuery())
        for code in ("DEMO", "demo"):
            with pytest.raises(BifrostError):
                make_project(services, code)
        assert services.events.list(EventQuery()) == before
