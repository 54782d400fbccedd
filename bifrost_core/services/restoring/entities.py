"""Assets and shots from manifests, with their products, their tasks and the memory of purged versions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bifrost_core.database.tables import EntityRow, ProductRow, ProjectRow, PurgedRow, TaskRow, VersionRow
from bifrost_core.models.names import name_key
from bifrost_core.services.maintenance.presence import values_by
from bifrost_core.services.restoring.documents import EntityDocument
from bifrost_core.services.restoring.restored import Restored

__all__ = ["EntityRestorer"]


class EntityRestorer:
    """Adds the documents of entities to a database."""

    def __init__(self, session: Session, result: Restored) -> None:
        self._session = session
        self._result = result

    def add(self, batch: Collection[EntityDocument]) -> None:
        """Add what is new of some entities."""
        entities = {item.entities.id: item for item in self._accepted(batch)}
        self._add_products(entities)
        self._add_tasks(entities)
        self._add_purged(entities)

    def _accepted(self, batch: Collection[EntityDocument]) -> list[EntityDocument]:
        """Insert new entities; return those documents whose entity is there now."""
        items = [(item, item.entities, item.entities.path_in("PROJECT").key) for item in batch]
        projects = values_by(self._session, (ProjectRow.id,), ProjectRow.id, [(row.project_id,) for _, row, _ in items])
        homes = values_by(self._session, (EntityRow.id,), EntityRow.project_id, [(row.id,) for _, row, _ in items])
        columns = (EntityRow.project_id, EntityRow.path_key)
        paths = values_by(self._session, columns, EntityRow.id, [(row.project_id, key) for _, row, key in items])
        accepted: list[EntityDocument] = []
        rows: list[dict[str, Any]] = []
        for item, entity, key in items:
            home = homes.get((entity.id,))
            if (entity.project_id,) not in projects:
                self._refuse(f"“{key}” ({entity.id}) belongs to a project that is not there")
            elif home is not None and home != entity.project_id:
                self._refuse(f"“{key}” ({entity.id}) is in another project here")
            elif home is None and paths.get((entity.project_id, key), entity.id) != entity.id:
                self._refuse(f"“{key}” ({entity.id}) has the name of another one")
            else:
                accepted.append(item)
                if home is None:
                    rows.append(self._row(item, key))
                homes[(entity.id,)], paths[(entity.project_id, key)] = entity.project_id, entity.id
        self._insert(EntityRow, rows)
        self._result.added["entities"] += len(rows)
        return accepted

    def _row(self, item: EntityDocument, path_key: str) -> dict[str, Any]:
        entity = item.entities
        keys = {"path_key": path_key, "kind_key": name_key(entity.kind)}
        return {**entity.model_dump(), "tags": list(entity.tags), **keys, **self._result.counters}

    def _add_products(self, entities: Mapping[str, EntityDocument]) -> None:
        items = [
            (product, (entity_id, name_key(product.name)))
            for entity_id, item in entities.items()
            for product in item.products
        ]
        homes = values_by(self._session, (ProductRow.id,), ProductRow.entity_id, [(item.id,) for item, _ in items])
        columns = (ProductRow.entity_id, ProductRow.name_key)
        names = values_by(self._session, columns, ProductRow.id, [key for _, key in items])
        rows: list[dict[str, Any]] = []
        for product, key in items:
            home = homes.get((product.id,))
            taken = home is None and names.get(key, product.id) != product.id
            if taken or home not in (None, key[0]):
                self._refuse(f"the product “{product.name}” ({product.id}) has the name or the id of another one")
                continue
            if home is None:
                rows.append({**product.model_dump(), "entity_id": key[0], "name_key": key[1], "last_number": 0})
            homes[(product.id,)], names[key] = key[0], product.id
            self._result.products.add(product.id)
        self._insert(ProductRow, rows)

    def _add_tasks(self, entities: Mapping[str, EntityDocument]) -> None:
        """Add tasks; one of a type that is there already is the same work, whatever its id."""
        tasks = {(entity_id, name_key(task.type)): task for entity_id, item in entities.items() for task in item.tasks}
        ids = values_by(self._session, (TaskRow.id,), TaskRow.id, [(task.id,) for task in tasks.values()])
        types = values_by(self._session, (TaskRow.entity_id, TaskRow.type_key), TaskRow.id, tasks)
        rows: list[dict[str, Any]] = []
        for key, task in tasks.items():
            if key not in types and (task.id,) not in ids:
                places = {"entity_id": key[0], "type_key": key[1]}
                rows.append({**task.model_dump(), "assignees": list(task.assignees), **places})
                ids[(task.id,)] = task.id
        self._insert(TaskRow, rows)

    def _add_purged(self, entities: Mapping[str, EntityDocument]) -> None:
        """Add the memory of purged versions, save of those that live on here."""
        purged = {row.version_id: row for item in entities.values() for row in item.purged}
        keys = [(version_id,) for version_id in purged]
        known = values_by(self._session, (PurgedRow.version_id,), PurgedRow.number, keys)
        alive = values_by(self._session, (VersionRow.id,), VersionRow.number, keys)
        products = [(row.product_id,) for row in purged.values()]
        homes = values_by(self._session, (ProductRow.id,), ProductRow.entity_id, products)
        rows = [
            row.model_dump()
            for version_id, row in purged.items()
            if (version_id,) not in known and (version_id,) not in alive and homes.get((row.product_id,)) in entities
        ]
        self._insert(PurgedRow, rows)

    def _insert(self, table: type[Any], rows: list[dict[str, Any]]) -> None:
        if rows:
            self._session.execute(insert(table), rows)

    def _refuse(self, why: str) -> None:
        self._result.conflicts.append(why)
