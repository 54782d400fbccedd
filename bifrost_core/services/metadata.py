"""Metadata of versions, held against the project's JSON Schema."""

from __future__ import annotations

import json
from typing import Any, Optional

from bifrost_core.errors import InvalidRequest

__all__ = ["METADATA_LIMIT", "check_metadata", "check_schema"]

METADATA_LIMIT = 256 * 1024
"""Most bytes of a version's metadata as JSON: it is for finding and sorting, files belong into representations."""


def check_schema(schema: Optional[dict[str, Any]]) -> None:
    """Refuse what is no JSON Schema.

    Raises:
        InvalidRequest: it is none.
    """
    if schema:
        _compile(schema)


def check_metadata(metadata: dict[str, Any], schema: Optional[dict[str, Any]]) -> None:
    """Refuse metadata that is too large or does not fit the project's schema.

    Raises:
        InvalidRequest: the message names the field.
    """
    if len(json.dumps(metadata)) > METADATA_LIMIT:
        raise InvalidRequest(
            f"The metadata is larger than {METADATA_LIMIT // 1024} KiB.",
            hint="Publish large data as a file of its own.",
        )
    if not schema:
        return
    from fastjsonschema import JsonSchemaValueException

    try:
        _compile(schema)(metadata)
    except JsonSchemaValueException as exc:
        raise InvalidRequest(
            f"The metadata does not fit this project: {exc.message.replace('data', 'metadata', 1)}.",
            hint="`bifrost project show` prints the schema.",
            details={"path": list(exc.path)[1:], "rule": exc.rule},
        ) from exc


def _compile(schema: dict[str, Any]) -> Any:
    import fastjsonschema

    try:
        return fastjsonschema.compile(
            schema, use_default=False, handlers=dict.fromkeys(("http", "https", "ftp", "file"), _refuse_remote)
        )
    except fastjsonschema.JsonSchemaDefinitionException as exc:
        raise InvalidRequest(f"The metadata schema is no JSON Schema: {exc}.") from exc


def _refuse_remote(address: str) -> Any:
    raise InvalidRequest(f"The metadata schema refers to “{address}”.", hint="Write everything into the schema itself.")
