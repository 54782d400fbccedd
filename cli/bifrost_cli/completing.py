"""Completes references from the library while they are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bifrost_cli.parameters import Form
from bifrost_cli.session import Session
from bifrost_core.errors import BifrostError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from bifrost_core.operations.catalogue import Services

__all__ = ["ReferenceText", "complete_reference"]


class ReferenceText(Form):
    """A reference, or its beginning down to the asset or shot; taken as it is written, completed from the library."""

    name = "reference"

    def __init__(self, *, with_product: bool) -> None:
        self._with_product = with_product

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's signature
        """Return what the library has that begins so; nothing when it cannot be asked."""
        from click.shell_completion import CompletionItem

        session = ctx.find_object(Session)
        if session is None:
            return []
        try:
            found = complete_reference(session.library, incomplete, with_product=self._with_product)
        except BifrostError:
            return []
        finally:
            session.close()
        return [CompletionItem(word) for word in found]


def complete_reference(services: Services, text: str, *, with_product: bool) -> list[str]:
    """Return the words that ``text`` may become.

    A single one that goes on is followed further at once: shells put a space behind what is complete.
    """
    found = _next(services, text, with_product)
    while len(found) == 1 and found[0].endswith("/"):
        deeper = _next(services, found[0], with_product)
        if not deeper:
            break
        found = deeper
    return found


def _next(services: Services, text: str, with_product: bool) -> list[str]:
    project, *rest = text.split("/")
    if not rest:
        return _beginning(text, [f"{item.code}/" for item in services.projects.list() if not item.archived])
    if len(rest) == 1:
        return _beginning(text, [f"{project}/assets/", f"{project}/shots/"])
    ending = "/" if with_product else ""
    entities = _entities(services, project, rest[0].casefold() == "assets")
    found = _beginning(text, [f"{path}{ending}" for path in entities])
    if not with_product or (found and found != [text]):
        return found
    entity = text.rpartition("/")[0]
    return _beginning(text, [f"{entity}/{item.name}" for item in services.products.list(entity)])


def _entities(services: Services, project: str, assets: bool) -> list[str]:
    from bifrost_cli.entities import all_pages
    from bifrost_core.models.asset import AssetQuery
    from bifrost_core.models.query import MAXIMUM_PAGE
    from bifrost_core.models.shot import ShotQuery

    if assets:
        query = AssetQuery(project=project, limit=MAXIMUM_PAGE)
        pages = all_pages(lambda cursor: services.assets.list(query.model_copy(update={"cursor": cursor})))
        return [item.path for item in pages]
    shots = ShotQuery(project=project, limit=MAXIMUM_PAGE)
    found = all_pages(lambda cursor: services.shots.list(shots.model_copy(update={"cursor": cursor})))
    return [item.path for item in found]


def _beginning(text: str, words: list[str]) -> list[str]:
    return [word for word in words if word.casefold().startswith(text.casefold())]
