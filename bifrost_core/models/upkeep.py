"""What verification, clean-up, recovery, health checks and archives report."""

from __future__ import annotations

from enum import Enum
from typing import Optional

from pydantic import Field

from bifrost_core.models.base import Model, Timestamp
from bifrost_core.models.dependency import VersionLabel
from bifrost_core.models.files import Digest

__all__ = [
    "ArchiveReport",
    "BlobSummary",
    "Damage",
    "DamagedBlob",
    "GarbageReport",
    "HealthFinding",
    "HealthLevel",
    "HealthReport",
    "RecoverReport",
    "VerifyReport",
]


class Damage(str, Enum):
    """What is wrong with a blob."""

    MISSING = "missing"
    CORRUPT = "corrupt"
    UNREADABLE = "unreadable"
    """The disk or the system refused to read it; its bytes may still be right."""


class DamagedBlob(Model):
    """A blob that is not what was published, and whom that hits."""

    sha256: Digest
    damage: Damage
    versions: tuple[VersionLabel, ...]
    files: tuple[str, ...] = Field(description="names of the files, as published")
    views: tuple[str, ...] = Field(default=(), description="files of the view that show the damaged bytes")
    set_aside: str = Field(default="", description="where the damaged bytes were moved, if they were")


class VerifyReport(Model):
    """The result of reading stored blobs again."""

    blobs: int = Field(description="how many were checked")
    size: int = Field(description="bytes read")
    damaged: tuple[DamagedBlob, ...]
    missing_manifests: tuple[VersionLabel, ...] = Field(
        default=(), description="versions that `bifrost recover` would not bring back; `bifrost gc --apply` mends that"
    )


class BlobSummary(Model):
    """A blob in the store."""

    sha256: Digest
    size: int
    stored: Timestamp


class GarbageReport(Model):
    """What no version uses, and whether it was removed."""

    applied: bool
    blobs: tuple[BlobSummary, ...]
    size: int = Field(description="bytes of those blobs")
    temporary: int = Field(description="left-over temporary files")
    publishes: int = Field(description="abandoned publishes")
    views: int = Field(description="folders of the view that belong to no version any more")
    kept_views: tuple[str, ...] = Field(
        default=(), description="such folders that stay, because somebody changed files in them"
    )
    manifests: int = Field(default=0, description="manifests that were still to be written, or were lost")
    documents: int = Field(default=0, description="manifests left over from purged versions")
    unknown: int = Field(
        default=0, description="manifests of versions that the database does not know; the files that they name stay"
    )


class HealthLevel(str, Enum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class HealthFinding(Model):
    """The result of one check."""

    check: str
    level: HealthLevel
    message: str
    hint: str = ""


class HealthReport(Model):
    """All findings of `bifrost doctor`."""

    findings: tuple[HealthFinding, ...]

    @property
    def worst(self) -> HealthLevel:
        """The worst level among the findings."""
        order = list(HealthLevel)
        return max((finding.level for finding in self.findings), key=order.index, default=HealthLevel.OK)


class RecoverReport(Model):
    """What was rebuilt from the manifests."""

    projects: int
    entities: int
    versions: int
    users: int
    skipped: tuple[str, ...] = Field(description="documents that could not be read, and why")
    missing_blobs: tuple[Digest, ...] = Field(description="files that manifests name but the store lacks")


class ArchiveReport(Model):
    """What an export wrote or an import read."""

    project: str
    path: Optional[str] = Field(description="the archive")
    entities: int
    versions: int
    blobs: int
    size: int = Field(description="bytes of the blobs")
    skipped: tuple[str, ...] = Field(default=(), description="what was left out of an import, and why")
