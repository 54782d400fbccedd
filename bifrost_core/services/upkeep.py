"""Upkeep of a library: verification, clean-up, health, and projects as archives."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from bifrost_core.models.upkeep import ArchiveReport, GarbageReport, HealthReport, VerifyReport
from bifrost_core.services.context import Context
from bifrost_core.storage.port import Progress
from bifrost_core.storage.views import View

__all__ = ["GRACE_HOURS", "Upkeep"]

GRACE_HOURS = 1.0
"""What is younger the clean-up spares, unless it is told otherwise."""


class Upkeep:
    """What whoever looks after a library does; each method loads what it needs when it is called.

    Args:
        context: the library.
        view: its view.
        root: its folder.
    """

    def __init__(self, context: Context, view: View, root: Path) -> None:
        self._context = context
        self._view = view
        self._root = root

    def verify(
        self,
        project: Optional[str] = None,
        *,
        sample: Optional[float] = None,
        set_aside: bool = False,
        progress: Optional[Progress] = None,
    ) -> VerifyReport:
        """Read stored files again."""
        from bifrost_core.services.maintenance.verification import verify

        return verify(self._context, self._view, project, sample=sample, set_aside=set_aside, progress=progress)

    def collect_garbage(self, *, apply: bool = False, grace_hours: float = GRACE_HOURS) -> GarbageReport:
        """Find or remove what no version uses."""
        from bifrost_core.services.maintenance.garbage import collect_garbage

        return collect_garbage(self._context, self._view, apply=apply, grace_hours=grace_hours)

    def health(self) -> HealthReport:
        """Look for what is wrong or will go wrong."""
        from bifrost_core.services.maintenance.health import Patient, health

        context = self._context
        return health(
            Patient(
                login=lambda: context.login,
                root=self._root,
                view=self._view.root,
                database=context.database,
                store=context.store,
            )
        )

    def export_project(self, project: str, path: Path, *, progress: Optional[Progress] = None) -> ArchiveReport:
        """Write a project into an archive."""
        from bifrost_core.services.restoring.exporting import export_project

        return export_project(self._context, project, path, progress=progress)

    def import_project(
        self, path: Path, *, code: Optional[str] = None, progress: Optional[Progress] = None
    ) -> ArchiveReport:
        """Read a project from an archive."""
        from bifrost_core.services.restoring.importing import import_project

        return import_project(self._context, path, code=code, progress=progress)
