"""Libraries of any size for measurements: rows written in bulk, the same ones each time.

The shape is a production's: projects of assets and shots, a few products on each, most with few versions and some
with very many, comments and authors with common and rare words, and versions that use earlier ones.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from bifrost_core.database.engine import Database
from bifrost_core.database.tables import (
    Base,
    DependencyRow,
    EntityRow,
    EventRow,
    FileRow,
    ProductRow,
    ProjectRow,
    RepresentationRow,
    UserRow,
    VersionRow,
)
from bifrost_core.models.names import name_key
from bifrost_core.models.project import DEFAULT_STATUSES
from bifrost_core.services.searching.indexing import rebuild_index

__all__ = ["AUTHORS", "PROJECTS", "RARE_AUTHOR", "RARE_WORD", "fill"]

PROJECTS = ("DEMO", "NORTH", "REEF", "PILOT")
AUTHORS = tuple(f"artist{number:02d}" for number in range(40))
RARE_AUTHOR = "visitor"
RARE_WORD = "zeppelin"
_START = datetime(2023, 1, 2, 8, tzinfo=timezone.utc)
_KINDS = ("character", "prop", "environment", "vehicle", "fx")
_PRODUCTS = {"asset": ("model", "rig", "lookdev", "groom", "sim"), "shot": ("animation", "layout", "lighting", "comp")}
_TASKS = {
    "model": "modeling", "rig": "rigging", "lookdev": "lookdev", "groom": "grooming", "sim": "simulation",
    "animation": "animation", "layout": "layout", "lighting": "lighting", "comp": "compositing",
}  # fmt: skip
_NOUNS = (
    "hero", "villain", "lamp", "crate", "barrel", "door", "tower", "bridge", "engine", "ship", "crystal",
    "lantern", "wagon", "cloak", "sword", "shield", "tree", "rock", "cliff", "river", "castle", "market",
    "temple", "harbor", "wheel", "rope", "anchor", "mask", "helmet", "dragon", "wolf", "raven", "horse", "cat",
    "robot", "drone",
)  # fmt: skip
_ADJECTIVES = (
    "old", "broken", "golden", "small", "large", "dark", "frozen", "burnt", "mossy", "royal", "rusty", "clean",
    "proxy", "young",
)  # fmt: skip
_NOTES = (
    "fixed the eyes", "new uv layout", "client notes", "first pass", "blocking", "better silhouette", "final polish",
    "retopology of the hands", "shader look approved by lead", "cleaned the hierarchy", "scale corrected",
    "weights painted again", "render test", "cache exported", "named after the guide",
)  # fmt: skip
_TAGS = ("main", "background", "crowd", "hires", "reuse", "sequel", "stunt")


def fill(database: Database, assets: int, products_per_asset: int, versions: int, *, indexed: bool = True) -> None:
    """Fill a database that has the tables and nothing in them.

    Args:
        database: the library's database.
        assets: how many assets and shots, together; a fifth are shots.
        products_per_asset: how many products each of them has, at most 4.
        versions: how many versions there are in all; at least one per product.
        indexed: make the search entries too.
    """
    chance = random.Random(20240229)
    with database.writing() as session:
        session.execute(insert(UserRow), list(_users()))
        projects = list(_projects())
        session.execute(insert(ProjectRow), projects)
        _write(session, _rows(chance, projects, assets, products_per_asset, versions))
        _tell(session)
    if indexed:
        with database.writing() as session:
            rebuild_index(session)


def _write(session: Session, rows: Iterator[tuple[type[Base], dict[str, Any]]]) -> None:
    order: tuple[type[Base], ...] = (EntityRow, ProductRow, VersionRow, RepresentationRow, FileRow, DependencyRow)
    while True:
        part = list(itertools.islice(rows, 50_000))
        if not part:
            return
        for table in order:
            values = [row for kind, row in part if kind is table]
            if values:
                session.execute(insert(table), values)


def _tell(session: Session) -> None:
    """Add the events of the publishes, in their order."""
    published = (
        select(
            literal("version.published"), VersionRow.created, EntityRow.project_id, VersionRow.id,
            ProjectRow.code + "/assets/" + EntityRow.name + "/" + ProductRow.name, VersionRow.author,
            literal({"status": "pending"}, EventRow.payload.type),
        )
        .join(ProductRow, ProductRow.id == VersionRow.product_id)
        .join(EntityRow, EntityRow.id == ProductRow.entity_id)
        .join(ProjectRow, ProjectRow.id == EntityRow.project_id)
        .order_by(VersionRow.created)
    )  # fmt: skip
    columns = ["topic", "time", "project_id", "subject", "reference", "author", "payload"]
    session.execute(insert(EventRow).from_select(columns, published))


def _id(kind: int, number: int) -> str:
    return f"{kind:02x}{number:030x}"


def _users() -> Iterator[dict[str, Any]]:
    for number, login in enumerate((*AUTHORS, RARE_AUTHOR)):
        yield {
            "id": _id(1, number), "login": login, "login_key": name_key(login), "name": "", "email": "",
            "active": True, "revision": 1, "created": _START, "changed": 1, "written": 1,
        }  # fmt: skip


def _projects() -> Iterator[dict[str, Any]]:
    for number, code in enumerate(PROJECTS):
        yield {
            "id": _id(2, number), "code": code, "code_key": name_key(code), "name": code.title(), "fps": 24.0,
            "width": 1920, "height": 1080, "statuses": list(DEFAULT_STATUSES), "metadata_schema": None,
            "archived": False, "revision": 1, "created": _START, "created_by": AUTHORS[0], "changed": 1, "written": 1,
        }  # fmt: skip


def _rows(
    chance: random.Random, projects: list[dict[str, Any]], entities: int, products: int, versions: int
) -> Iterator[tuple[type[Base], dict[str, Any]]]:
    counts = _version_counts(chance, entities * products, versions)
    clock = _clock(versions + entities)
    library = _Numbers()
    for number in range(entities):
        project = projects[number * len(projects) // entities]
        entity = _entity(chance, number, project["id"], next(clock))
        yield EntityRow, entity
        for name in _PRODUCTS[entity["type"]][:products]:
            yield from _product(chance, library, entity, name, next(counts), clock)


def _clock(steps: int) -> Iterator[datetime]:
    """Yield times through three years; they pass by, whatever is published when."""
    for step in itertools.count():
        yield _START + timedelta(days=1000) * ((step * 7919) % steps / steps)


def _version_counts(chance: random.Random, products: int, versions: int) -> Iterator[int]:
    """Yield how many versions each product has: most few, some very many, ``versions`` in all."""
    weights = [chance.paretovariate(1.3) for _ in range(products)]
    share = max(versions - products, 0) / sum(weights)
    given = [1 + int(weight * share) for weight in weights]
    for index in range(versions - sum(given)):
        given[index % products] += 1
    return iter(given)


class _Numbers:
    """Numbers for rows, and the version made last, for others to use."""

    def __init__(self) -> None:
        self.products = 0
        self.versions = 0


def _entity(chance: random.Random, number: int, project: str, time: datetime) -> dict[str, Any]:
    noun, adjective = chance.choice(_NOUNS), chance.choice(_ADJECTIVES)
    is_shot = number % 5 == 4
    name = f"sh{number:06d}0" if is_shot else f"{noun}{adjective.title()}{number:05d}"
    name = "hero" if number == 0 else f"{RARE_WORD}_{number}" if number % 4999 == 17 and not is_shot else name
    sequence = f"sq{number // 100:05d}" if is_shot else None
    kind = "shot" if is_shot else chance.choice(_KINDS)
    path = f"shots/{sequence}/{name}" if is_shot else f"assets/{name}"
    return {
        "id": _id(3, number), "project_id": project, "type": "shot" if is_shot else "asset",
        "path_key": "/".join(name_key(part) for part in path.split("/")), "name": name, "kind": kind,
        "kind_key": name_key(kind), "episode": None, "sequence": sequence, "first_frame": 1001 if is_shot else None,
        "last_frame": 1100 if is_shot else None, "handles": 0, "fps": None,
        "description": f"a {adjective} {noun}", "tags": chance.sample(_TAGS, chance.choice((0, 0, 1, 2))),
        "archived": number % 50 == 49, "revision": 1, "created": time, "created_by": AUTHORS[0],
        "changed": 1, "written": 1,
    }  # fmt: skip


def _product(
    chance: random.Random, library: _Numbers, entity: dict[str, Any], name: str, count: int, clock: Iterator[datetime]
) -> Iterator[tuple[type[Base], dict[str, Any]]]:
    library.products += 1
    product = _id(4, library.products)
    times = sorted(itertools.islice(clock, count))
    rows = [_version(chance, library, product, name, index + 1, time) for index, time in enumerate(times)]
    live = [row["id"] for row in rows if row["status"] != "archived"]
    approved = [row["id"] for row in rows if row["status"] == "approved"]
    yield ProductRow, {
        "id": product, "entity_id": entity["id"], "name": name, "name_key": name, "type": name, "last_number": count,
        "latest_id": live[-1] if live else None, "approved_id": approved[-1] if approved else None,
        "created": times[0],
    }  # fmt: skip
    for row in rows:
        yield VersionRow, row
        yield from _files(row["id"])
        used = _used(chance, row["id"])
        if used:
            yield DependencyRow, {"user_id": row["id"], "used_id": used, "kind": "reference"}


def _version(
    chance: random.Random, library: _Numbers, product: str, name: str, number: int, time: datetime
) -> dict[str, Any]:
    library.versions += 1
    status = chance.choices(DEFAULT_STATUSES, (40, 15, 25, 15, 5))[0]
    rare = library.versions % 9973 == 42
    return {
        "id": _id(5, library.versions), "product_id": product, "number": number, "status": status,
        "author": RARE_AUTHOR if rare else chance.choice(AUTHORS), "comment": chance.choice(_NOTES),
        "source": f"work/{name}.blend", "task": _TASKS[name], "fields": {"software": "blender", "polygons": number},
        "created": time, "changed": 1, "written": 1,
    }  # fmt: skip


def _files(version: str) -> Iterator[tuple[type[Base], dict[str, Any]]]:
    number = int(version[2:], 16)
    yield RepresentationRow, {
        "id": number, "version_id": version, "position": 0, "name": "usd", "name_key": "usd", "pattern": None,
        "frames": None, "missing": None,
    }  # fmt: skip
    yield FileRow, {
        "id": number, "representation_id": number, "position": 0, "name": "file.usd", "size": number * 1000,
        "sha256": f"{number:064x}",
    }  # fmt: skip


def _used(chance: random.Random, version: str) -> Optional[str]:
    """Return an earlier version that this one uses, or none."""
    number = int(version[2:], 16)
    return _id(5, chance.randrange(1, number)) if number > 10 and number % 3 == 0 else None
