"""`bifrost doctor`: what is wrong with a library and its machine, or will go wrong, and what to do about it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Callable, Optional

from bifrost_core.database.engine import Database
from bifrost_core.errors import BifrostError
from bifrost_core.models.upkeep import HealthFinding, HealthLevel, HealthReport
from bifrost_core.services.maintenance.database_health import DatabaseHealth
from bifrost_core.services.maintenance.store_health import StoreHealth, free_space
from bifrost_core.services.maintenance.view_health import ViewHealth
from bifrost_core.storage.port import BlobStore

__all__ = ["Patient", "health"]

_log = logging.getLogger(__name__)
_Check = Callable[[], Iterable[HealthFinding]]


@dataclass(frozen=True)
class Patient:
    """What there is of a library: one that cannot be opened lacks something.

    Attributes:
        login: tells who asks; it may raise.
        root: its folder.
        view: the folder of its view.
        database: of this release, and readable.
        store: open.
        troubles: why something is not there, by the name of the check that would look at it.
    """

    login: Callable[[], str]
    root: Optional[Path] = None
    view: Optional[Path] = None
    database: Optional[Database] = None
    store: Optional[BlobStore] = None
    troubles: tuple[tuple[str, BifrostError], ...] = ()


def health(patient: Patient) -> HealthReport:
    """Check everything that there is; a check that fails is itself a finding.

    Nothing is changed; for a moment there are small files in the store and in the view.
    """
    checks = (
        *(("settings", _settings), ("user", lambda: _user(patient)), ("python", _python)),
        *_checks_of_troubles(patient),
        *_checks_of_database(patient),
        *_checks_of_store(patient),
        *_checks_of_view(patient),
    )
    return HealthReport(findings=tuple(finding for name, check in checks for finding in _carried_out(name, check)))


def _checks_of_troubles(patient: Patient) -> Iterator[tuple[str, _Check]]:
    for name, error in patient.troubles:
        yield name, partial(_problem, name, error)


def _checks_of_database(patient: Patient) -> Iterator[tuple[str, _Check]]:
    if patient.root is not None and patient.database is not None:
        database = DatabaseHealth(patient.database, patient.root)
        yield "sqlite", database.sqlite
        yield "database", database.state
        yield "database place", database.place
        yield "manifests", database.manifests
        yield "publishes", database.publishes


def _checks_of_store(patient: Patient) -> Iterator[tuple[str, _Check]]:
    if patient.store is not None:
        store = StoreHealth(patient.store)
        yield "store", store.answers
        yield "clock", partial(store.clock, patient.database)


def _checks_of_view(patient: Patient) -> Iterator[tuple[str, _Check]]:
    if patient.root is None or patient.view is None:
        return
    yield "free space", partial(free_space, patient.root, patient.store)
    view = ViewHealth(patient.view, patient.root)
    yield "view", view.writable
    if patient.store is not None:
        yield "links", partial(view.links, patient.store)
    yield "long paths", view.long_paths
    yield "letter case", view.letter_case


def _carried_out(name: str, check: _Check) -> Iterator[HealthFinding]:
    try:
        yield from check()
    except BifrostError as exc:
        yield from _problem(name, exc)
    except Exception as exc:  # noqa: BLE001 - whoever asks what is wrong wants an answer, whatever is wrong
        _log.debug("the check of %s failed", name, exc_info=True)
        yield HealthFinding(
            check=name,
            level=HealthLevel.PROBLEM,
            message=f"This could not be checked: {exc}",
            hint="Correct what the message says; if it says nothing to you, report it.",
        )


def _problem(name: str, error: BifrostError) -> Iterator[HealthFinding]:
    hint = error.hint or "Correct what the message says, then run `bifrost doctor` again."
    yield HealthFinding(check=name, level=HealthLevel.PROBLEM, message=error.message, hint=hint)


def _settings() -> Iterator[HealthFinding]:
    from bifrost_core.settings import load_settings, settings_path

    path = settings_path()
    load_settings()
    where = f"read from {path}" if path.is_file() else f"the defaults; {path} does not exist"
    yield HealthFinding(check="settings", level=HealthLevel.OK, message=where)


def _user(patient: Patient) -> Iterator[HealthFinding]:
    yield HealthFinding(check="user", level=HealthLevel.OK, message=f"changes are recorded as {patient.login()}")


def _python() -> Iterator[HealthFinding]:
    import platform

    import bifrost_core

    yield HealthFinding(
        check="python",
        level=HealthLevel.OK,
        message=f"Bifrost {bifrost_core.__version__}, Python {platform.python_version()}, {platform.platform()}",
    )
