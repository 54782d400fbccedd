"""Operations of a publish: begin, (upload,) commit."""

from __future__ import annotations

from abc import ABC, abstractmethod

from bifrost_core.models.publish import Publish, PublishBegin, PublishCommit
from bifrost_core.models.version import Version
from bifrost_core.operations.declaration import operation

__all__ = ["Publishes"]


class Publishes(ABC):
    """The way of files into a version. Between begin and commit the client puts the files into the blob store."""

    @operation("POST", "/publishes", permission="publish")
    @abstractmethod
    def begin(self, request: PublishBegin) -> Publish:
        """Announce a publish; until it is committed, aborted or expired, no clean-up takes its uploads.

        The same token again returns the same publish; if that is committed, its version.

        Raises:
            NotFound: there is no such entity, or no such task on it.
            Conflict: the token was used for another product, or the project or entity is archived.
        """

    @operation("GET", "/publishes/{token}", permission="publish")
    @abstractmethod
    def get(self, token: str) -> Publish:
        """Return a publish by its token.

        Raises:
            NotFound: there is none.
        """

    @operation("POST", "/publishes/commit", permission="publish")
    @abstractmethod
    def commit(self, request: PublishCommit) -> Version:
        """Make the version: number, files, dependencies and event appear in one transaction, or none of them.

        The same token again returns the same version.

        Raises:
            BlobNotFound: a file is not in the store; ``details["missing"]`` lists the digests to put again.
            InvalidRequest: metadata does not fit the project's schema, or a status is unknown.
            PublishRejected: the paths would be too long, or the dependencies would form a cycle.
            Conflict: the publish was aborted.
        """

    @operation("DELETE", "/publishes/{token}", permission="publish")
    @abstractmethod
    def abort(self, token: str) -> None:
        """Give a publish up; what it uploaded is left to the clean-up. Aborting twice is no error.

        Raises:
            Conflict: it is committed already.
        """
