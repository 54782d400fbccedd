"""The file format of project archives: a ZIP that any program opens, and that is trusted in nothing.

::

    bifrost.json         what this is: format, project, counts, references of used versions of other projects
    manifests.jsonl      one manifest a line, its name and a tab before it: users, project, entities, versions
    blobs/<sha256>       the files' bytes, as they are: media does not get smaller
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bifrost_core.models.names import ProjectCode

__all__ = ["BLOB", "BLOCK", "FORMAT", "HEADER", "KIND", "MANIFESTS", "ArchiveHeader"]

FORMAT = 1
KIND = "bifrost project"
HEADER = "bifrost.json"
MANIFESTS = "manifests.jsonl"
BLOB = re.compile(r"blobs/([0-9a-f]{64})")
BLOCK = 1 << 20


def _check_kind(kind: str) -> str:
    if kind != KIND:
        raise ValueError("it is something else")
    return kind


class ArchiveHeader(BaseModel):
    """What an archive says about itself."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Annotated[str, AfterValidator(_check_kind)] = KIND
    format: int = Field(default=FORMAT, ge=1)
    project_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    code: ProjectCode
    outside: dict[str, str] = Field(description="references of used versions of other projects, by id")
