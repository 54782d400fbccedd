"""The front door: from a URL to a library. The only place that chooses implementations.

An embedded library is a folder::

    LIBRARY/library.db     the database (SQLite); on a local disk, never on a share
    LIBRARY/store/         the blobs and manifests, unless `bifrost init --store` put them elsewhere
    LIBRARY/view/          versions as a tree that people can read
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Optional
from urllib.parse import unquote, urlsplit

from sqlalchemy import select

from bifrost_core.database.engine import Database
from bifrost_core.database.tables import LibraryRow
from bifrost_core.errors import BifrostError, ConfigurationError, NotFound, StorageReadOnly
from bifrost_core.models.base import new_id, utc_now
from bifrost_core.models.upkeep import HealthReport, RecoverReport
from bifrost_core.operations.catalogue import Services
from bifrost_core.services.assets import LocalAssets
from bifrost_core.services.context import Context
from bifrost_core.services.dependencies import LocalDependencies
from bifrost_core.services.events import LocalEvents
from bifrost_core.services.products import LocalProducts
from bifrost_core.services.projects import LocalProjects
from bifrost_core.services.publishes import LocalPublishes
from bifrost_core.services.search import LocalSearch
from bifrost_core.services.shots import LocalShots
from bifrost_core.services.tasks import LocalTasks
from bifrost_core.services.upkeep import Upkeep
from bifrost_core.services.users import LocalUsers
from bifrost_core.services.versions import LocalVersions
from bifrost_core.settings import Settings, default_library_path
from bifrost_core.storage.port import BlobStore
from bifrost_core.storage.registry import open_store
from bifrost_core.storage.views import View

__all__ = ["DATABASE_NAME", "Library", "connect", "create_library", "diagnose", "local_services", "recover_library"]

DATABASE_NAME = "library.db"
_VIEW_NAME = "view"
_DEFAULT_STORE = "file:store"


@dataclass(frozen=True)
class Library(Services):
    """A library: every operation, the store, the view, and upkeep. Close it when done; it is a context manager."""

    url: str
    root: Path
    store: BlobStore
    view: View
    upkeep: Upkeep
    database: Database

    def close(self) -> None:
        """Close the connections."""
        self.database.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


def connect(location: str, settings: Settings) -> Library:
    """Open a library.

    Args:
        location: a folder, or ``sqlite:///`` and a folder; empty for the user's own library.
        settings: who asks, and how long to wait.

    Raises:
        NotFound: there is no library.
        SchemaOutOfDate: it was made by another release.
        ConfigurationError: the location is not understood.
    """
    root = _folder(location)
    database = _found_database(root, settings)
    try:
        database.check_revision()
        return _library(root, database, open_store(_store_url(database), root, workers=settings.workers), settings)
    except BaseException:
        database.close()
        raise


def diagnose(location: str, settings: Settings) -> HealthReport:
    """Check a library, also one that cannot be opened: then what there is of it. Nothing is raised, all is a finding.

    Args:
        location: as for :func:`connect`.
        settings: as for :func:`connect`.
    """
    from bifrost_core.services.maintenance.health import Patient, health

    troubles: list[tuple[str, BifrostError]] = []
    try:
        root = _folder(location)
    except BifrostError as exc:
        return health(Patient(settings.user_login, troubles=(("library", exc),)))
    with ExitStack() as stack:
        database: Optional[Database] = None
        store: Optional[BlobStore] = None
        url = _DEFAULT_STORE
        try:
            database = stack.enter_context(closing(_found_database(root, settings)))
            url = _store_url(database)
            database.check_revision()
        except BifrostError as exc:
            troubles.append(("library" if database is None else "database", exc))
            database = None
        try:
            if database is not None or url != _DEFAULT_STORE or (root / "store").is_dir():
                store = open_store(url, root, workers=settings.workers)
        except BifrostError as exc:
            troubles.append(("store", exc))
        there = root if root.is_dir() else None
        return health(Patient(settings.user_login, there, root / _VIEW_NAME, database, store, tuple(troubles)))


def create_library(location: str, settings: Settings, *, store: Optional[str] = None) -> Library:
    """Make a library, or bring one that is there up to date.

    Args:
        location: the folder, made if need be.
        settings: as for :func:`connect`.
        store: URL of the blob store; by default a folder inside the library.

    Raises:
        ConfigurationError: there is a library with another store already.
        StorageReadOnly: the folder cannot be made or written.
    """
    from bifrost_core.database.schema import upgrade

    root = _folder(location)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StorageReadOnly(f"The folder {root} cannot be made: {exc.strerror}.", hint="Choose another.") from exc
    database = Database.on_file(root / DATABASE_NAME, busy_timeout=settings.busy_timeout)
    try:
        upgrade(database)
        return _library(root, database, _settled_store(database, root, store, settings.workers), settings)
    except BaseException:
        database.close()
        raise


def recover_library(
    location: str, settings: Settings, *, store: Optional[str] = None, force: bool = False
) -> RecoverReport:
    """Rebuild the database of a library from the manifests in its store.

    Args:
        location: the library's folder.
        settings: as for :func:`connect`.
        store: URL of the store; by default the one inside the library's folder.
        force: whether a database with content may be moved aside.

    Raises:
        Conflict: there is a database with content, and no ``force``.
    """
    from bifrost_core.services.restoring.recovery import recover, set_database_aside

    root = _folder(location)
    url = store or _DEFAULT_STORE
    source = open_store(url, root)
    set_database_aside(root / DATABASE_NAME, force=force)
    with create_library(location, settings, store=url) as library:
        return recover(Context(library.database, source, settings.user_login()))


def local_services(context: Context) -> dict[str, object]:
    """Return every noun's implementation on a database."""
    return {
        "projects": LocalProjects(context),
        "assets": LocalAssets(context),
        "shots": LocalShots(context),
        "tasks": LocalTasks(context),
        "products": LocalProducts(context),
        "versions": LocalVersions(context),
        "publishes": LocalPublishes(context),
        "dependencies": LocalDependencies(context),
        "events": LocalEvents(context),
        "search": LocalSearch(context),
        "users": LocalUsers(context),
    }


def _library(root: Path, database: Database, store: BlobStore, settings: Settings) -> Library:
    context = Context(database, store, settings.user_login())
    view = View(root / _VIEW_NAME, store)
    return Library(
        **local_services(context),  # type: ignore[arg-type]
        url=f"sqlite:///{root.as_posix()}",
        root=root,
        store=store,
        view=view,
        upkeep=Upkeep(context, view, root),
        database=database,
    )


def _folder(location: str) -> Path:
    if not location:
        return default_library_path()
    scheme = urlsplit(location).scheme.lower()
    if scheme == "sqlite":
        path = Path(unquote(location[len("sqlite:///") :]))
    elif len(scheme) > 1:  # one letter is a drive of Windows
        raise ConfigurationError(
            f"A library at “{scheme}:” is not supported by this release.", hint="Name a folder, or sqlite:///FOLDER."
        )
    else:
        path = Path(location)
    path = path.expanduser()
    return (path.parent if path.name == DATABASE_NAME else path).resolve()


def _found_database(root: Path, settings: Settings) -> Database:
    path = root / DATABASE_NAME
    if not path.is_file():
        raise _no_library(root)
    return Database.on_file(path, busy_timeout=settings.busy_timeout)


def _no_library(root: Path) -> NotFound:
    if (root / "store").is_dir():
        return NotFound(
            f"The library in {root} has lost its database.",
            hint=f"`bifrost --library {root} recover` rebuilds it from the store.",
            details={"library": str(root)},
        )
    return NotFound(
        f"There is no library in {root} yet.",
        hint=f"`bifrost init {root}` makes one; --library or BIFROST_AMS_LIBRARY names another.",
        details={"library": str(root)},
    )


def _store_url(database: Database) -> str:
    url = _known_store(database)
    if url is None:
        raise ConfigurationError("The library was not made to its end.", hint="Run `bifrost init` on it again.")
    return url


def _known_store(database: Database) -> Optional[str]:
    with database.reading() as session:
        return session.scalar(select(LibraryRow.value).where(LibraryRow.key == "store"))


def _settled_store(database: Database, root: Path, wanted: Optional[str], workers: int) -> BlobStore:
    """Return the library's store; only a new library has it made.

    A store that should be there and is not (a disk that is not mounted) must never become an empty new one.
    """
    known = _known_store(database)
    if known is not None:
        if wanted is not None and wanted != known:
            raise ConfigurationError(f"The library keeps its files in {known} already.", hint="Leave --store out.")
        return open_store(known, root, workers=workers)
    url = wanted or _DEFAULT_STORE
    store = open_store(url, root, create=True, workers=workers)
    with database.writing() as session:
        for key, value in (("id", new_id()), ("created", utc_now().isoformat()), ("store", url)):
            session.merge(LibraryRow(key=key, value=value))
    return store
