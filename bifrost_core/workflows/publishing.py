"""Publishing: collect the files, announce them, store them, commit; then show them in the view.

Until the commit nothing is visible, and whatever stops the work before it gives the publish up. Once committed, the
version stands: a view that cannot be written is a warning.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, TypeVar, Union

from pydantic import BaseModel, ValidationError

from bifrost_core.errors import BifrostError, BlobNotFound, Cancelled, NotFound, SourceChanged, from_wire
from bifrost_core.models.base import invalid_request
from bifrost_core.models.dependency import Dependency
from bifrost_core.models.files import File, Representation
from bifrost_core.models.publish import Publish, PublishBegin, PublishCommit, PublishState
from bifrost_core.models.version import ResolveRequest, Version
from bifrost_core.operations.catalogue import Services
from bifrost_core.storage.port import BlobStore, Source, Stored
from bifrost_core.workflows.bundles import file_size
from bifrost_core.workflows.collecting import Collection, LocalRepresentation, collect
from bifrost_core.workflows.orders import (
    Phase,
    PublishedRepresentation,
    PublishOrder,
    PublishProgress,
    PublishResult,
)
from bifrost_core.workflows.viewing import show

if TYPE_CHECKING:
    from bifrost_core.storage.views import View

__all__ = ["Phase", "PublishOrder", "PublishProgress", "PublishResult", "PublishedRepresentation", "publish"]

_M = TypeVar("_M", bound=BaseModel)


def publish(
    services: Services,
    store: BlobStore,
    order: PublishOrder,
    *,
    view: Optional[View] = None,
    progress: Optional[PublishProgress] = None,
) -> PublishResult:
    """Publish files as a new version.

    Raises:
        InvalidRequest: a file is not there, or something in the order makes no sense.
        NotFound: the entity, the task or a dependency does not exist.
        SourceChanged: a file changed while it was read.
        StorageError: the store could not take the files.
        PublishRejected: the version may not be made so.
        Cancelled: the progress said so before the commit; nothing became visible.
    """
    meter = _Meter(progress)
    token = uuid.uuid4().hex if order.token is None else order.token
    done_before = _made_before(services, order, token)
    if done_before is not None:
        return _result(done_before, (), (), view, meter)
    meter.enter(Phase.PREPARING, 0)
    collection = collect(order.files, order.representations, order.thumbnail)
    dependencies, unresolved = _dependencies(services, order.depends, collection.references)
    warnings = (*collection.warnings, *unresolved)
    sizes = {path: file_size(path) for item in collection.representations for _, path in item.files}
    begun = services.publishes.begin(_begin_request(order, token, sizes.values()))
    if begun.state is PublishState.COMMITTED:
        return _result(_version_of(services, begun), (), warnings, view, meter)
    upload = _Upload(store, sizes, frozenset(begun.known_sizes), meter)
    with _given_up_on_failure(services, token):
        meter.enter(Phase.STORING, sum(sizes.values()))
        upload.put(list(sizes))
        meter.enter(Phase.COMMITTING, sum(sizes.values()), done=True)
        version = _commit(services, upload, _commit_request(order, token, collection, upload.stored, dependencies))
    return _result(version, upload.stored.values(), warnings, view, meter)


@contextlib.contextmanager
def _given_up_on_failure(services: Services, token: str) -> Iterator[None]:
    """Give the publish up whatever stops it, Ctrl-C too: then the clean-up need not wait until it expires."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(BifrostError):
            services.publishes.abort(token)
        raise


class _Meter:
    """Adds up what threads report and passes it on."""

    def __init__(self, progress: Optional[PublishProgress]) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._phase = Phase.PREPARING
        self._done = 0
        self._total = 0

    def enter(self, phase: Phase, total: int, *, done: bool = False) -> None:
        with self._lock:
            self._phase, self._total, self._done = phase, total, total if done else 0
        self.add(0)

    def add(self, size: int) -> None:
        with self._lock:
            # Reading and writing one file may both count, and a file may grow.
            self._done = min(self._done + size, self._total)
            done, total, phase = self._done, self._total, self._phase
        if self._progress is not None:
            self._progress(done, total, phase.value)


class _Upload:
    """Puts files into the store and remembers what each became."""

    def __init__(self, store: BlobStore, sizes: Mapping[Path, int], known: frozenset[int], meter: _Meter) -> None:
        self._store = store
        self._sizes = sizes
        self._known = known
        self._meter = meter
        self.stored: dict[Path, Stored] = {}

    def put(self, paths: Sequence[Path]) -> None:
        sources = [Source(path, probably_stored=self._sizes[path] in self._known) for path in paths]
        self.stored.update(zip(paths, self._store.put_files(sources, progress=self._meter.add)))

    def put_again(self, digests: Iterable[str]) -> bool:
        """Put the files of these digests once more; return False if there are none.

        Raises:
            SourceChanged: a file is not what it was.
        """
        wanted = set(digests)
        before = {path: stored for path, stored in self.stored.items() if stored.sha256 in wanted}
        self.put(list(before))
        for path, stored in before.items():
            if self.stored[path].sha256 != stored.sha256:
                raise SourceChanged(f"“{path}” changed during the publish.", details={"path": str(path)})
            self.stored[path] = stored
        return bool(before)


def _made_before(services: Services, order: PublishOrder, token: str) -> Optional[Version]:
    """Return the version that the order's own token made already: its files need not be there any more."""
    if order.token is None:
        return None
    request = _begin_request(order, token, ())
    try:
        if services.publishes.get(token).state is not PublishState.COMMITTED:
            return None
    except NotFound:
        return None
    # The same token for another product is refused here.
    return _version_of(services, services.publishes.begin(request))


def _version_of(services: Services, publish: Publish) -> Version:
    if publish.version is None:
        raise NotFound(
            f"The version of the publish “{publish.token}” was purged.",
            hint="Publish without that token, or with a new one.",
            details={"token": publish.token},
        )
    return services.versions.get(publish.version)


def _dependencies(
    services: Services, depends: Sequence[Union[str, Dependency]], references: Sequence[str]
) -> tuple[tuple[Dependency, ...], tuple[str, ...]]:
    """Return the dependencies, pinned, and a warning for each that a file names but that does not exist.

    Raises:
        BifrostError: a dependency that the order names has no version; the error says why.
    """
    named = [item if isinstance(item, Dependency) else Dependency(reference=item) for item in depends]
    found_in_files = [Dependency(reference=text) for text in references]
    if not named and not found_in_files:
        return (), ()
    request = _checked(ResolveRequest, references=tuple(item.reference for item in (*named, *found_in_files)))
    pinned: dict[tuple[str, str], Dependency] = {}
    warnings = []
    for index, (item, answer) in enumerate(zip((*named, *found_in_files), services.versions.resolve(request))):
        if answer.version is not None:
            pinned[answer.version.id, item.kind] = Dependency(reference=answer.version.id, kind=item.kind)
        elif index < len(named):
            raise from_wire(answer.error or {})
        else:
            warnings.append(f"A file names {item.reference}, which cannot be found; it is not recorded.")
    return tuple(pinned.values()), tuple(warnings)


def _begin_request(order: PublishOrder, token: str, sizes: Iterable[int]) -> PublishBegin:
    return _checked(
        PublishBegin,
        token=token,
        entity=order.entity,
        product=order.product,
        product_type=order.product_type,
        task=order.task,
        sizes=tuple(sizes),
    )


def _commit_request(
    order: PublishOrder,
    token: str,
    collection: Collection,
    stored: Mapping[Path, Stored],
    dependencies: tuple[Dependency, ...],
) -> PublishCommit:
    return _checked(
        PublishCommit,
        token=token,
        representations=tuple(_representation(item, stored) for item in collection.representations),
        comment=order.comment,
        source=order.source,
        status=order.status,
        metadata=dict(order.metadata),
        dependencies=dependencies,
    )


def _representation(local: LocalRepresentation, stored: Mapping[Path, Stored]) -> Representation:
    return _checked(
        Representation,
        name=local.name,
        files=tuple(File(name=name, size=stored[path].size, sha256=stored[path].sha256) for name, path in local.files),
        pattern=local.pattern,
        frames=local.frames,
        missing=local.missing,
    )


def _checked(model: type[_M], **values: Any) -> _M:
    try:
        return model(**values)
    except ValidationError as exc:
        raise invalid_request(exc) from exc


def _commit(services: Services, upload: _Upload, request: PublishCommit) -> Version:
    """Commit; what a clean-up took at the last moment is put again, once."""
    try:
        return services.publishes.commit(request)
    except BlobNotFound as exc:
        if not upload.put_again(exc.details.get("missing", ())):
            raise
        return services.publishes.commit(request)


def _result(
    version: Version, stored: Iterable[Stored], warnings: Sequence[str], view: Optional[View], meter: _Meter
) -> PublishResult:
    stored = tuple(stored)
    shown: list[PublishedRepresentation] = []
    problems: list[str] = []
    for item in version.representations:
        paths: tuple[Optional[Path], ...] = (None,) * len(item.files)
        # After a first problem (a full disk, no permission, no patience) the others are not tried.
        if view is not None and not problems:
            try:
                meter.enter(Phase.SHOWING, item.size)
                paths = show(view, version, item, progress=meter.add)
            except Cancelled:
                problems.append("The version is published; its readable files were not made, since you cancelled.")
            except BifrostError as exc:
                problems.append(f"The version is published; its readable files were not made: {exc.message}")
        shown.append(PublishedRepresentation(item.name, item.files, paths, item.pattern, item.frames, item.missing))
    return PublishResult(
        version=version,
        representations=tuple(shown),
        warnings=(*warnings, *problems),
        bytes_written=sum(item.size for item in stored if not item.was_known),
        bytes_reused=sum(item.size for item in stored if item.was_known),
    )
