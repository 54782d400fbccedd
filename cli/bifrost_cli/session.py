"""One call of the command line: its common options, its output and its library."""

from __future__ import annotations

import sys
from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any, Optional, TypeVar

from bifrost_cli.output import Output

if TYPE_CHECKING:
    from pydantic import BaseModel

    from bifrost_core.bootstrap import Library
    from bifrost_core.settings import Settings

    _M = TypeVar("_M", bound=BaseModel)

__all__ = ["Session", "request"]


class Session:
    """What every command is given; the library is opened when it is first asked for."""

    def __init__(self) -> None:
        self.json = False
        self.quiet = False
        self.debug = False
        self.chosen_library = ""
        self._library: Optional[Library] = None

    @cached_property
    def output(self) -> Output:
        """Where the answer goes."""
        return Output(sys.stdout, sys.stderr, json=self.json, quiet=self.quiet)

    @cached_property
    def settings(self) -> Settings:
        """The settings of this user and environment."""
        from bifrost_core.settings import load_settings

        return load_settings()

    @property
    def address(self) -> str:
        """The library's URL or folder: ``--library``, else the settings and the environment, else the default."""
        if self.chosen_library:
            return self.chosen_library
        if self.settings.library:
            return self.settings.library
        from bifrost_core.settings import default_library_path

        return str(default_library_path())

    @property
    def library(self) -> Library:
        """The library, open."""
        if self._library is None:
            from bifrost_core.bootstrap import connect

            self._library = connect(self.address, self.settings)
        return self._library

    def close(self) -> None:
        """Close the library if it was opened."""
        if self._library is not None:
            self._library.close()
            self._library = None


def request(model: type[_M], *, null: Collection[str] = (), **fields: Any) -> _M:
    """Make a request of the fields that were given: None stands for "not given", except in those named by ``null``.

    Raises:
        InvalidRequest: a field is not what it must be.
    """
    from pydantic import ValidationError

    from bifrost_core.models.base import invalid_request

    try:
        return model(**{name: value for name, value in fields.items() if value is not None or name in null})
    except ValidationError as exc:
        raise invalid_request(exc) from exc
