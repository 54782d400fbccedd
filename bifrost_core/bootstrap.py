"""The front door: from a URL to a library. The only place that chooses implementations.

An embedded library is a folder::

    LIBRARY/library.db     the database (SQLite); on a local disk, never on a share
    LIBRARY/store/         the blobs and manifests, unless `bifrost init --store` put them elsewhere
    LIBRARY/view/          versions as a tree that people can read
"""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Optional
from urllib.parse import unquote, urlsplit

from sqlalchemy import select

from bifrost_core.database.engine import Database
from bifrost_core.database.tables import LibraryRow
from bifrost_core.errors import (
    BifrostError,
    ConfigurationError,
    Conflict,
    DatabaseUnavailable,
    NotFound,
    StorageReadOnly,
    StorageUnavailable,
)
from bifrost_core.models.base import new_id, utc_now
from bifrost_core.models.upkeep import HealthReport, RecoverReport
from bifrost_core.operations.catalogue import Services
from bifrost_core.services.assets import LocalAssets
from bifrost_core.services.context import Context
from bifrost_core.services.dependencies import LocalDependencies
from bifrost_core.services.events import LocalEvents
from bifrost_core.services.manifests import PREFIX
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
        NotFound: there is no library, or only its store.
        SchemaOutOfDate: it was made by another release.
        DatabaseUnavailable: its folder may not be read.
        ConfigurationError: the location is not understood, or is a file.
    """
    root = _folder(location)
    database = _found_database(root, settings)
    try:
        _check_content(database, root)
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
            _check_content(database, root)
            url = _store_url(database)
            database.check_revision()
        except BifrostError as exc:
            troubles.append(("library" if database is None else "database", exc))
            database = None
        try:
            if database is not None or url != _DEFAULT_STORE or _is_open_folder(root / "store"):
                store = open_store(url, root, workers=settings.workers)
        except BifrostError as exc:
            troubles.append(("store", exc))
        there = root if _is_open_folder(root) else None
        return health(Patient(settings.user_login, there, root / _VIEW_NAME, database, store, tuple(troubles)))


def create_library(location: str, settings: Settings, *, store: Optional[str] = None) -> Library:
    """Make a library, or bring one that is there up to date.

    Args:
        location: the folder, made if need be.
        settings: as for :func:`connect`.
        store: URL of the blob store; by default a folder inside the library.

    Raises:
        Conflict: the library is new, but its store holds what another, or its own lost database, has published.
        ConfigurationError: there is a library with another store already, or the location is a file.
        StorageReadOnly: the folder cannot be made or written.
        DatabaseUnavailable: the folder may not be read.
    """
    root = _folder(location)
    _check_place(root)
    _make_folder(root)
    _check_unused(root, store or _DEFAULT_STORE, settings)
    return _made_library(root, settings, store)


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
        DatabaseUnavailable: the folder may not be read.
    """
    from bifrost_core.services.restoring.recovery import recover, set_database_aside

    root = _folder(location)
    _check_place(root)
    url = store or _DEFAULT_STORE
    source = open_store(url, root)
    _make_folder(root)
    set_database_aside(root / DATABASE_NAME, force=force)
    with _made_library(root, settings, url) as library:
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


def _check_place(root: Path) -> None:
    """Refuse a file, and a folder that one may not look into; it need not be there."""
    if not _is_file(root / DATABASE_NAME) and _is_file(root):
        raise ConfigurationError(
            f"{root} is a file, not the folder of a library.",
            hint=f"Name the folder of a library: the one with {DATABASE_NAME} in it.",
            details={"library": str(root)},
        )


def _make_folder(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StorageReadOnly(
            f"The folder {root} cannot be made: {exc.strerror}.",
            hint=f"Ask for write permission on the folder {root.parent}, or choose another.",
        ) from exc


def _made_library(root: Path, settings: Settings, store: Optional[str]) -> Library:
    from bifrost_core.database.schema import upgrade

    database = Database.on_file(root / DATABASE_NAME, busy_timeout=settings.busy_timeout)
    try:
        upgrade(database)
        return _library(root, database, _settled_store(database, root, store, settings.workers), settings)
    except BaseException:
        database.close()
        raise


def _check_unused(root: Path, url: str, settings: Settings) -> None:
    """Refuse a store with manifests for a new library, which would show none of what they tell."""
    if _is_file(root / DATABASE_NAME):
        with closing(_found_database(root, settings)) as database:
            if _known_store(database) is not None:
                return
    if _holds_manifests(url, root):
        own = url == _DEFAULT_STORE
        raise Conflict(
            f"The store {root / 'store' if own else url} holds the files of a library already.",
            hint=f"If that library's database is lost, `bifrost --library {root} recover{'' if own else ' ' + url}` "
            "rebuilds it. If the library is in use, name an empty store with --store for the new one.",
            details={"library": str(root), "store": url},
        )


def _holds_manifests(url: str, root: Path) -> bool:
    try:
        store = open_store(url, root)
    except StorageUnavailable:
        return False
    return next(iter(store.documents.list(PREFIX)), None) is not None


def _mode(path: Path) -> int:
    """Return what is at a path; 0 when nothing is."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except PermissionError as exc:
        raise DatabaseUnavailable(
            f"You may not look into the folder {path.parent}.",
            hint=f"Ask for permission to read and write the folder {path.parent}, and to enter those around it.",
            details={"path": str(path)},
        ) from exc
    except OSError as exc:
        raise DatabaseUnavailable(f"{path} cannot be reached: {exc.strerror}.", details={"path": str(path)}) from exc


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(_mode(path))


def _is_open_folder(path: Path) -> bool:
    return os.path.isdir(path) and os.access(path, os.R_OK | os.X_OK)  # noqa: PTH112 - answers where it may not look


def _found_database(root: Path, settings: Settings) -> Database:
    _check_place(root)
    path = root / DATABASE_NAME
    if not _is_file(path):
        raise _no_library(root)
    return Database.on_file(path, busy_timeout=settings.busy_timeout)


def _check_content(database: Database, root: Path) -> None:
    """Refuse a database that was never filled beside a store that was: making it anew would hide what there is."""
    if _known_store(database) is None and _holds_manifests(_DEFAULT_STORE, root):
        raise _no_library(root)


def _no_library(root: Path) -> NotFound:
    if stat.S_ISDIR(_mode(root / "store")):
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
    if not database.revision():
        return None
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
