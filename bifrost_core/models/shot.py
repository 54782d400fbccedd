"""Shots: stretches of a sequence, with their frames."""

from __future__ import annotations

from typing import Annotated, Optional

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from bifrost_core.models.base import Request
from bifrost_core.models.entity import Description, Entity, EntityUpdate, Tags
from bifrost_core.models.names import EpisodeName, ProjectCode, SequenceName, ShotName
from bifrost_core.models.query import DEFAULT_PAGE, Limit

__all__ = ["Frame", "Handles", "Shot", "ShotCreate", "ShotQuery", "ShotUpdate"]

Frame = Annotated[int, Field(ge=-1_000_000, le=100_000_000)]
Handles = Annotated[int, Field(ge=0, le=10_000)]
FrameRate = Annotated[float, Field(gt=0, le=1000)]


def _check_order(first: Optional[int], last: Optional[int]) -> None:
    if first is not None and last is not None and last < first:
        raise PydanticCustomError(
            "frames", "the last frame {last} is before the first frame {first}", {"first": first, "last": last}
        )


class Shot(Entity):
    """A shot of a project."""

    episode: Optional[EpisodeName]
    sequence: SequenceName
    name: ShotName
    first_frame: Optional[Frame] = Field(description="without handles")
    last_frame: Optional[Frame] = Field(description="included; without handles")
    handles: Handles = Field(description="frames before the first and after the last")
    fps: FrameRate = Field(description="frames per second: the shot's own or else the project's")


class ShotCreate(Request):
    """What a new shot needs."""

    project: ProjectCode
    episode: Optional[EpisodeName] = None
    sequence: SequenceName
    name: ShotName
    first_frame: Optional[Frame] = None
    last_frame: Optional[Frame] = None
    handles: Handles = 0
    fps: Optional[FrameRate] = Field(default=None, description="null: the project's")
    description: Description = ""
    tags: Tags = ()

    @model_validator(mode="after")
    def _frames_are_in_order(self) -> ShotCreate:
        _check_order(self.first_frame, self.last_frame)
        return self


class ShotUpdate(EntityUpdate):
    """What may change on a shot; a field left out stays as it is."""

    episode: Optional[EpisodeName] = None
    sequence: Optional[SequenceName] = None
    name: Optional[ShotName] = None
    first_frame: Optional[Frame] = None
    last_frame: Optional[Frame] = None
    handles: Optional[Handles] = None
    fps: Optional[FrameRate] = None

    @model_validator(mode="after")
    def _frames_are_in_order(self) -> ShotUpdate:
        _check_order(self.first_frame, self.last_frame)
        return self


class ShotQuery(Request):
    """Which shots to list, by episode, sequence and name."""

    project: ProjectCode
    episode: Optional[EpisodeName] = None
    sequence: Optional[SequenceName] = None
    tag: Optional[str] = None
    archived: Optional[bool] = Field(default=False, description="null: both")
    with_products: bool = Field(default=False, description="each shot with its products and their newest versions")
    cursor: Optional[str] = None
    limit: Limit = DEFAULT_PAGE
