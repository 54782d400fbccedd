"""The contract of projects."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from bifrost_core.errors import AlreadyExists, InUse, InvalidRequest, NotFound, StaleWrite
from bifrost_core.models.project import DEFAULT_STATUSES, ProjectUpdate
from bifrost_core.operations.catalogue import Services
from bifrost_core.storage.port import BlobStore
from bifrost_core.testing.services.making import make_asset, make_project, publish

__all__ = ["ProjectsContract"]


class ProjectsContract:
    """What projects promise."""

    def test_a_created_project_is_found_by_code_and_id(self, services: Services) -> None:
        made = make_project(services, "DEMO", name="The demo", fps=25.0, width=2048, height=858)
        assert services.projects.get("DEMO") == made == services.projects.get(made.id)
        assert (made.code, made.name, made.fps, made.width, made.height) == ("DEMO", "The demo", 25.0, 2048, 858)
        assert made.statuses == DEFAULT_STATUSES
        assert abs((datetime.now(timezone.utc) - made.created).total_seconds()) < 60

    def test_a_code_is_found_in_any_letter_case(self, services: Services) -> None:
        made = make_project(services, "Démo")
        assert services.projects.get("DÉMO") == made

    def test_a_code_that_differs_only_in_case_is_refused(self, services: Services) -> None:
        make_project(services, "DEMO")
        with pytest.raises(AlreadyExists):
            make_project(services, "demo")
        assert len(services.projects.list()) == 1

    def test_projects_are_listed_by_code(self, services: Services) -> None:
        for code in ("b", "C", "a"):
            make_project(services, code)
        assert [project.code for project in services.projects.list()] == ["a", "b", "C"]

    def test_an_unknown_project_is_not_found(self, services: Services) -> None:
        with pytest.raises(NotFound, match="nowhere"):
            services.projects.get("nowhere")

    def test_an_update_changes_only_what_is_sent(self, services: Services) -> None:
        made = make_project(services, "DEMO", name="One", fps=24.0)
        changed = services.projects.update("DEMO", ProjectUpdate(fps=30.0))
        assert (changed.fps, changed.name, changed.revision) == (30.0, "One", made.revision + 1)
        assert services.projects.update("DEMO", ProjectUpdate(fps=30.0)).revision == changed.revision

    def test_an_update_of_an_old_revision_is_refused(self, services: Services) -> None:
        made = make_project(services, "DEMO")
        services.projects.update("DEMO", ProjectUpdate(name="Two", revision=made.revision))
        with pytest.raises(StaleWrite):
            services.projects.update("DEMO", ProjectUpdate(name="Three", revision=made.revision))
        assert services.projects.get("DEMO").name == "Two"

    def test_a_new_code_breaks_no_reference_by_id(self, services: Services, store: BlobStore) -> None:
        make_project(services, "OLD")
        make_asset(services, project="OLD")
        version = publish(services, store, "OLD/assets/hero")
        services.projects.update("OLD", ProjectUpdate(code="NEW"))
        assert services.versions.get(version.id).reference == "NEW/assets/hero/model@v001"
        with pytest.raises(NotFound):
            services.projects.get("OLD")

    def test_a_taken_code_is_refused(self, services: Services) -> None:
        make_project(services, "one")
        make_project(services, "two")
        with pytest.raises(AlreadyExists):
            services.projects.update("two", ProjectUpdate(code="ONE"))

    def test_statuses_must_include_the_ones_that_selectors_need(self, services: Services) -> None:
        with pytest.raises((InvalidRequest, ValueError), match="approved"):
            make_project(services, "DEMO", statuses=("pending", "archived"))

    def test_a_status_in_use_cannot_be_removed(self, services: Services, store: BlobStore) -> None:
        make_project(services, statuses=("pending", "approved", "archived", "final"))
        make_asset(services)
        publish(services, store, status="final")
        with pytest.raises(InUse, match="final"):
            services.projects.update("DEMO", ProjectUpdate(statuses=("pending", "approved", "archived")))

    def test_a_bad_metadata_schema_is_refused(self, services: Services) -> None:
        with pytest.raises(InvalidRequest):
            make_project(services, metadata_schema={"type": "nonsense"})
        with pytest.raises(InvalidRequest):
            make_project(services, metadata_schema={"$ref": "https://example.invalid/schema.json"})
