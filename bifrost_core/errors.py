"""Every error that Bifrost raises, in one tree.

::

    BifrostError
      + InvalidRequest
      + NotFound
      + Conflict
      |   - AlreadyExists
      |   - StaleWrite
      |   - VersionSealed
      |   - InUse
      + NotAuthenticated
      + PermissionDenied
      + PublishRejected
      |   - SourceChanged
      + StorageError
      |   - BlobNotFound
      |   - BlobCorrupt
      |   - StorageUnavailable
      |   - StorageFull
      |   - StorageReadOnly
      + DatabaseError
      |   - SchemaOutOfDate
      |   - DatabaseUnavailable
      + RemoteError
      |   - ServerUnavailable
      |   - IncompatibleServer
      + HostError
      |   - UnsupportedByHost
      |   - SceneNotSaved
      |   - ExportFailed
      |   - ImportFailed
      + ConfigurationError
      + Cancelled
      + InternalError

Each class has a stable ``code`` (part of the API: never renamed, never used again for something else) and
says with ``retryable`` whether the same call may succeed later without a change. Each instance has a
``message`` that tells an artist what happened, a ``hint`` that says what to do, and ``details`` for programs.
:meth:`BifrostError.to_wire` and :func:`from_wire` carry an error through JSON and back to the same class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Optional

__all__ = [
    "AlreadyExists",
    "BifrostError",
    "BlobCorrupt",
    "BlobNotFound",
    "Cancelled",
    "ConfigurationError",
    "Conflict",
    "DatabaseError",
    "DatabaseUnavailable",
    "ExportFailed",
    "HostError",
    "ImportFailed",
    "InUse",
    "IncompatibleServer",
    "InternalError",
    "InvalidRequest",
    "NotAuthenticated",
    "NotFound",
    "PermissionDenied",
    "PublishRejected",
    "RemoteError",
    "SceneNotSaved",
    "SchemaOutOfDate",
    "ServerUnavailable",
    "SourceChanged",
    "StaleWrite",
    "StorageError",
    "StorageFull",
    "StorageReadOnly",
    "StorageUnavailable",
    "UnsupportedByHost",
    "VersionSealed",
    "all_errors",
    "from_wire",
]


class BifrostError(Exception):
    """The root of all errors that cross a boundary of Bifrost.

    Args:
        message: what happened, in one sentence for an artist.
        hint: what to do about it; the class's own hint when left out.
        details: facts for programs; must be JSON.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    default_hint: ClassVar[str] = ""

    def __init__(
        self, message: str, *, hint: Optional[str] = None, details: Optional[Mapping[str, Any]] = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint
        self.details: dict[str, Any] = dict(details or {})

    def __str__(self) -> str:
        return self.message

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON form: ``code``, ``message``, ``hint``, ``details``, ``retryable``."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "details": self.details,
            "retryable": self.retryable,
        }


class InvalidRequest(BifrostError):
    """What was asked for makes no sense: a bad name, a bad reference, a missing field."""

    code = "invalid_request"


class NotFound(BifrostError):
    """The project, entity, version or other thing that was named does not exist."""

    code = "not_found"


class Conflict(BifrostError):
    """The request is at odds with what is stored."""

    code = "conflict"


class AlreadyExists(Conflict):
    """Something of that name is there already (names differ by more than letter case)."""

    code = "already_exists"


class StaleWrite(Conflict):
    """Someone else changed it since it was read."""

    code = "stale_write"
    default_hint = "Look at the present state and change it again."


class VersionSealed(Conflict):
    """A committed version's files never change."""

    code = "version_sealed"
    default_hint = "Publish a new version instead."


class InUse(Conflict):
    """It cannot be purged because something depends on it."""

    code = "in_use"


class NotAuthenticated(BifrostError):
    """The caller did not say who they are."""

    code = "not_authenticated"


class PermissionDenied(BifrostError):
    """The caller may not do that."""

    code = "permission_denied"


class PublishRejected(BifrostError):
    """The publish was refused before anything became visible; ``details`` holds the report."""

    code = "publish_rejected"


class SourceChanged(PublishRejected):
    """A file changed while it was read, so what was read is not one state of it."""

    code = "source_changed"
    retryable = True
    default_hint = "Wait until the program that writes the file has finished, then publish again."


class StorageError(BifrostError):
    """The blob store could not do what was asked."""

    code = "storage_error"


class BlobNotFound(StorageError):
    """No blob of that digest is stored."""

    code = "blob_not_found"
    default_hint = "Run `bifrost verify` to see which versions are hit."


class BlobCorrupt(StorageError):
    """The stored bytes are not the ones that were published."""

    code = "blob_corrupt"
    default_hint = "Run `bifrost verify --set-aside`, then publish the same file again: that repairs every version."


class StorageUnavailable(StorageError):
    """The store cannot be reached or does not answer; nothing was lost."""

    code = "storage_unavailable"
    retryable = True
    default_hint = "Check that the disk or share is connected, then try again."


class StorageFull(StorageError):
    """There is no space left; nothing was published."""

    code = "storage_full"
    retryable = True
    default_hint = "Free some space (`bifrost gc` shows what no version uses), then try again."


class StorageReadOnly(StorageError):
    """The store may be read but not written."""

    code = "storage_read_only"
    default_hint = "Check the permissions of the store's folder and whether the disk is mounted read-only."


class DatabaseError(BifrostError):
    """The database could not do what was asked."""

    code = "database_error"


class SchemaOutOfDate(DatabaseError):
    """The database was made by another version of Bifrost."""

    code = "schema_out_of_date"


class DatabaseUnavailable(DatabaseError):
    """The database cannot be reached, or is busy for too long; nothing was changed."""

    code = "database_unavailable"
    retryable = True
    default_hint = "Try again in a moment; `bifrost doctor` says more."


class RemoteError(BifrostError):
    """The server did not answer as expected."""

    code = "remote_error"


class ServerUnavailable(RemoteError):
    """The server cannot be reached."""

    code = "server_unavailable"
    retryable = True


class IncompatibleServer(RemoteError):
    """The server speaks another version of the protocol."""

    code = "incompatible_server"


class HostError(BifrostError):
    """The DCC could not do what was asked."""

    code = "host_error"


class UnsupportedByHost(HostError):
    """This DCC, or this version of it, has no such capability."""

    code = "unsupported_by_host"


class SceneNotSaved(HostError):
    """The scene must be saved first."""

    code = "scene_not_saved"


class ExportFailed(HostError):
    """The DCC could not write the file."""

    code = "export_failed"


class ImportFailed(HostError):
    """The DCC could not read the file."""

    code = "import_failed"


class ConfigurationError(BifrostError):
    """A setting is missing or wrong."""

    code = "configuration_error"


class Cancelled(BifrostError):
    """The work was cancelled; nothing became visible."""

    code = "cancelled"


class InternalError(BifrostError):
    """A fault in Bifrost itself; no state of the library is known to be wrong."""

    code = "internal_error"
    default_hint = "Please report this with the text that `--debug` shows."


def all_errors(root: type[BifrostError] = BifrostError) -> Iterator[type[BifrostError]]:
    """Yield ``root`` and every error class below it, parents first."""
    yield root
    for child in root.__subclasses__():
        yield from all_errors(child)


def from_wire(wire: Mapping[str, Any]) -> BifrostError:
    """Rebuild the error that :meth:`BifrostError.to_wire` described.

    An unknown code (from a newer server) becomes a plain :class:`BifrostError`; its code is kept in the details.
    """
    code = str(wire.get("code", BifrostError.code))
    classes = {error.code: error for error in all_errors()}
    given = wire.get("details")
    details = dict(given) if isinstance(given, Mapping) else {}
    if code not in classes:
        details.setdefault("code", code)
    error_class = classes.get(code, BifrostError)
    return error_class(str(wire.get("message", "")), hint=str(wire.get("hint", "")), details=details)
