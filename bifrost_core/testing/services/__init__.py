"""The contract of the operations: what every implementation of the interfaces must do, direct or remote.

An implementation binds the whole suite with two fixtures::

    class TestMyServices(ServicesContract):
        @pytest.fixture
        def services(self): ...   # an empty library's Services

        @pytest.fixture
        def store(self): ...      # the BlobStore behind them
"""

from __future__ import annotations

from bifrost_core.testing.services.dependencies import DependenciesContract
from bifrost_core.testing.services.entities import EntitiesContract
from bifrost_core.testing.services.events import EventsContract
from bifrost_core.testing.services.projects import ProjectsContract
from bifrost_core.testing.services.publishes import PublishesContract
from bifrost_core.testing.services.search import SearchContract
from bifrost_core.testing.services.tasks import TasksContract
from bifrost_core.testing.services.users import UsersContract
from bifrost_core.testing.services.versions import VersionsContract

__all__ = ["ServicesContract"]


class ServicesContract(
    ProjectsContract,
    EntitiesContract,
    TasksContract,
    UsersContract,
    PublishesContract,
    VersionsContract,
    DependenciesContract,
    EventsContract,
    SearchContract,
):
    """Every operation, on one implementation."""
