"""A library in plain dictionaries: what the real one must answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Optional

from bifrost_core.models.dependency import Direction
from bifrost_core.models.names import name_key

__all__ = ["Model", "ModelEntity", "ModelProduct", "ModelProject", "ModelVersion"]


@dataclass
class ModelProject:
    id: str
    code: str
    archived: bool = False


@dataclass
class ModelEntity:
    id: str
    project: ModelProject
    type: str
    name: str
    archived: bool = False
    tasks: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Id and status by type."""

    @property
    def path(self) -> str:
        below = f"assets/{self.name}" if self.type == "asset" else f"shots/sq010/{self.name}"
        return f"{self.project.code}/{below}"


@dataclass
class ModelVersion:
    id: str
    number: int
    token: str
    contents: dict[str, bytes]
    uses: set[tuple[str, str]]
    status: str = "pending"

    @property
    def digests(self) -> set[str]:
        return {hashlib.sha256(content).hexdigest() for content in self.contents.values()}


@dataclass
class ModelProduct:
    entity: ModelEntity
    name: str
    last: int = 0
    versions: dict[int, ModelVersion] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        return f"{self.entity.path}/{self.name}"

    def selected(self, selector: str) -> Optional[ModelVersion]:
        fitting = [
            version
            for version in self.versions.values()
            if (version.status != "archived" if selector == "latest" else version.status == "approved")
        ]
        return max(fitting, key=lambda version: version.number, default=None)


class Model:
    """What a library holds, in plain dictionaries."""

    def __init__(self) -> None:
        self.projects: list[ModelProject] = []
        self.entities: list[ModelEntity] = []
        self.products: list[ModelProduct] = []
        self.order: list[tuple[ModelProduct, ModelVersion]] = []
        """All versions, in the order in which they were published."""

    def product(self, entity: ModelEntity, name: str) -> Optional[ModelProduct]:
        found = [item for item in self.products if item.entity is entity and name_key(item.name) == name_key(name)]
        return found[0] if found else None

    def home(self, version_id: str) -> tuple[ModelProduct, ModelVersion]:
        return next(item for item in self.order if item[1].id == version_id)

    def reach(self, starts: set[str], direction: Direction) -> set[str]:
        """Return what the versions use, or what uses them, over any number of steps."""
        reached: set[str] = set()
        level = set(starts)
        while level:
            if direction is Direction.UPSTREAM:
                following = {used for start in level for used, _ in self.home(start)[1].uses}
            else:
                following = {item.id for _, item in self.order if {used for used, _ in item.uses} & level}
            level = following - reached
            reached |= following
        return reached

    def leads_to(self, version_id: str, product: Optional[ModelProduct]) -> bool:
        if product is None or self.home(version_id)[0] is product:
            return False
        return any(self.home(key)[0] is product for key in self.reach({version_id}, Direction.UPSTREAM))

    def recognised(self, product: Optional[ModelProduct], digests: set[str], named: set[str]) -> set[str]:
        """Return the versions that files are known from: of the product that had them first, the newest with them."""
        origin: dict[str, ModelProduct] = {}
        newest: dict[int, ModelVersion] = {}
        for home, version in self.order:
            for digest in version.digests & digests:
                if origin.setdefault(digest, home) is home and home is not product:
                    known = newest.get(id(home))
                    newest[id(home)] = version if known is None or version.number > known.number else known
        named_products = {id(self.home(key)[0]) for key in named}
        return {
            version.id
            for home, version in newest.items()
            if home not in named_products and not self.leads_to(version.id, product)
        }
