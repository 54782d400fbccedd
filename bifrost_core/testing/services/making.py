"""Small makers for contract tests: a project, an asset, a published version."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from bifrost_core.models.asset import Asset, AssetCreate
from bifrost_core.models.base import new_id
from bifrost_core.models.dependency import Dependency
from bifrost_core.models.files import File, Representation
from bifrost_core.models.project import Project, ProjectCreate
from bifrost_core.models.publish import PublishBegin, PublishCommit
from bifrost_core.models.shot import Shot, ShotCreate
from bifrost_core.models.version import Version
from bifrost_core.operations.catalogue import Services
from bifrost_core.storage.port import BlobStore

__all__ = ["make_asset", "make_project", "make_shot", "publish", "stored_file"]


def make_project(services: Services, code: str = "DEMO", **fields: Any) -> Project:
    """Create a project."""
    return services.projects.create(ProjectCreate(code=code, **fields))


def make_asset(services: Services, name: str = "hero", project: str = "DEMO", **fields: Any) -> Asset:
    """Create an asset."""
    return services.assets.create(AssetCreate(project=project, name=name, **fields))


def make_shot(
    services: Services, name: str = "sh010", sequence: str = "sq010", project: str = "DEMO", **fields: Any
) -> Shot:
    """Create a shot."""
    return services.shots.create(ShotCreate(project=project, sequence=sequence, name=name, **fields))


def stored_file(store: BlobStore, name: str, content: bytes) -> File:
    """Store bytes and return them as a file of a representation."""
    stored = store.put(io.BytesIO(content))
    return File(name=name, size=stored.size, sha256=stored.sha256)


def publish(
    services: Services,
    store: BlobStore,
    entity: str = "DEMO/assets/hero",
    product: str = "model",
    files: Optional[Mapping[str, Mapping[str, bytes]]] = None,
    *,
    depends: Sequence[str] = (),
    token: Optional[str] = None,
    product_type: Optional[str] = None,
    task: Optional[str] = None,
    **commit: Any,
) -> Version:
    """Publish a version.

    Args:
        services: where to.
        store: where the bytes go.
        entity: path or id of the entity.
        product: name of the product.
        files: name and bytes of each file of each representation; by default one file with content of its own.
        depends: references of the versions it uses.
        token: the idempotency token; by default a new one.
        product_type: type of a new product.
        task: type of the task.
        **commit: further fields of the commit.
    """
    files = files or {"usd": {f"{product}.usda": new_id().encode()}}
    token = token or new_id()
    services.publishes.begin(
        PublishBegin(token=token, entity=entity, product=product, product_type=product_type, task=task)
    )
    representations = tuple(
        Representation(name=name, files=tuple(stored_file(store, *item) for item in contents.items()))
        for name, contents in files.items()
    )
    dependencies = tuple(Dependency(reference=reference) for reference in depends)
    return services.publishes.commit(
        PublishCommit(token=token, representations=representations, dependencies=dependencies, **commit)
    )
