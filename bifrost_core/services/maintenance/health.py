"""`bifrost doctor`: what is wrong with a library and its machine, or will go wrong, and what to do about it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Callable

from bifrost_core.errors import BifrostError
from bifrost_core.models.upkeep import HealthFinding, HealthLevel, HealthReport
from bifrost_core.services.context import Context
from bifrost_core.services.maintenance.database_health import DatabaseHealth
from bifrost_core.services.maintenance.store_health import StoreHealth
from bifrost_core.storage.views import View

__all__ = ["health"]

_log = logging.getLogger(__name__)
_Check = Callable[[], Iterable[HealthFinding]]


def health(context: Context, view: View, root: Path) -> HealthReport:
    """Check everything; a check that fails is itself a finding.

    Nothing is changed; for a moment there are small files in the store and in the view.

    Args:
        context: the library.
        view: its view.
        root: its folder.
    """
    database = DatabaseHealth(context, root)
    store = StoreHealth(context, view, root)
    checks: tuple[tuple[str, _Check], ...] = (
        ("settings", _settings),
        ("user", lambda: _user(context)),
        ("python", _python),
        ("sqlite", database.sqlite),
        ("database", database.state),
        ("database place", database.place),
        ("manifests", database.manifests),
        ("publishes", database.publishes),
        ("store", store.answers),
        ("links", store.links),
        ("free space", store.free_space),
        ("long paths", store.long_paths),
        ("letter case", store.letter_case),
        ("clock", store.clock),
    )
    return HealthReport(findings=tuple(finding for name, check in checks for finding in _carried_out(name, check)))


def _carried_out(name: str, check: _Check) -> Iterator[HealthFinding]:
    try:
        yield from check()
    except BifrostError as exc:
        yield HealthFinding(check=name, level=HealthLevel.PROBLEM, message=exc.message, hint=exc.hint)
    except Exception as exc:  # noqa: BLE001 - whoever asks what is wrong wants an answer, whatever is wrong
        _log.debug("the check of %s failed", name, exc_info=True)
        yield HealthFinding(
            check=name,
            level=HealthLevel.PROBLEM,
            message=f"This could not be checked: {exc}",
            hint="Correct what the message says; if it says nothing to you, report it.",
        )


def _settings() -> Iterator[HealthFinding]:
    from bifrost_core.settings import load_settings, settings_path

    path = settings_path()
    load_settings()
    where = f"read from {path}" if path.is_file() else f"the defaults; {path} does not exist"
    yield HealthFinding(check="settings", level=HealthLevel.OK, message=where)


def _user(context: Context) -> Iterator[HealthFinding]:
    yield HealthFinding(check="user", level=HealthLevel.OK, message=f"changes are recorded as {context.login}")


def _python() -> Iterator[HealthFinding]:
    import platform

    import bifrost_core

    yield HealthFinding(
        check="python",
        level=HealthLevel.OK,
        message=f"Bifrost {bifrost_core.__version__}, Python {platform.python_version()}, {platform.platform()}",
    )
