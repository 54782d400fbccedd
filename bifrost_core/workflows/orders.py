"""What a publish is asked for, what it answers, and how it tells how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Optional, Protocol, Union

from bifrost_core.models.dependency import Dependency
from bifrost_core.models.files import File
from bifrost_core.models.project import PENDING
from bifrost_core.models.version import Version
from bifrost_core.workflows.collecting import PathLike

__all__ = ["Phase", "PublishOrder", "PublishProgress", "PublishResult", "PublishedRepresentation"]


class Phase(str, Enum):
    """What a publish is doing."""

    PREPARING = "preparing"
    STORING = "storing"
    COMMITTING = "committing"
    SHOWING = "showing"


class PublishProgress(Protocol):
    """Told how far a publish is, from any thread; it may raise ``Cancelled`` to stop it."""

    def __call__(self, done: int, total: int, phase: str, /) -> None:
        """Take note: bytes done, of how many, in which :class:`Phase`."""
        ...


@dataclass(frozen=True)
class PublishOrder:
    """What to publish, and what to say about it.

    Attributes:
        entity: path or id of the asset or shot.
        product: name of the product; the first publish makes it.
        product_type: None for the product's name.
        files: files, folders and patterns, named by their kinds.
        representations: names, each with a file, folder or pattern.
        task: type of the task that it was made for.
        comment: what is new.
        source: the work file that it was made from, as text.
        status: the status to begin with.
        metadata: plain JSON.
        depends: the versions that it uses: references, ids or dependencies.
        thumbnail: a PNG or JPEG image.
        token: the same token twice is one version; None for a new one.
    """

    entity: str
    product: str
    product_type: Optional[str] = None
    files: Sequence[PathLike] = ()
    representations: Union[Mapping[str, PathLike], Sequence[tuple[str, PathLike]]] = ()
    task: Optional[str] = None
    comment: str = ""
    source: str = ""
    status: str = PENDING
    metadata: Mapping[str, Any] = field(default_factory=dict)
    depends: Sequence[Union[str, Dependency]] = ()
    thumbnail: Optional[PathLike] = None
    token: Optional[str] = None


@dataclass(frozen=True)
class PublishedRepresentation:
    """A representation of the new version.

    Attributes:
        name: of the representation.
        files: as they are recorded, the main file first.
        paths: where each of them stands in the view, None for one that is not shown.
        pattern: of a sequence or UDIM set.
        frames: those that are there.
        missing: those that lack.
    """

    name: str
    files: tuple[File, ...]
    paths: tuple[Optional[Path], ...]
    pattern: Optional[str] = None
    frames: Optional[str] = None
    missing: Optional[str] = None


@dataclass(frozen=True)
class PublishResult:
    """What a publish made.

    Attributes:
        version: the new version, or the one that its token made before.
        representations: with the paths in the view.
        warnings: what the artist should know.
        bytes_written: of files that were not stored before.
        bytes_reused: of files whose content was stored already.
    """

    version: Version
    representations: tuple[PublishedRepresentation, ...]
    warnings: tuple[str, ...]
    bytes_written: int
    bytes_reused: int
