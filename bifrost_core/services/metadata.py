"""Metadata of versions, held against the project's JSON Schema."""

from __future__ import annotations

import json
from typing import Any, Callable, Optional

from bifrost_core.errors import InvalidRequest

__all__ = ["METADATA_LIMIT", "check_metadata", "check_schema"]

METADATA_LIMIT = 256 * 1024
"""Most bytes of a version's metadata as JSON: it is for finding and sorting, files belong into representations."""


def check_schema(schema: Optional[dict[str, Any]]) -> None:
    """Refuse what is no JSON Schema, and one that refers to itself without end.

    Raises:
        InvalidRequest: it is none.
    """
    if not schema:
        return
    from fastjsonschema import JsonSchemaValueException

    try:
        _run(_compile(_rules()), schema)
    except JsonSchemaValueException as exc:
        raise InvalidRequest(
            f"The metadata schema is no JSON Schema: {exc.message.replace('data', 'schema', 1)}.", hint=_SCHEMA_HINT
        ) from exc
    try:
        _run(_compile(schema), {})
    except JsonSchemaValueException:
        # No metadata at all need not fit.
        return


def check_metadata(metadata: dict[str, Any], schema: Optional[dict[str, Any]]) -> None:
    """Refuse metadata that is too large or does not fit the project's schema.

    Raises:
        InvalidRequest: the message names the field.
    """
    if _size(metadata) > METADATA_LIMIT:
        raise InvalidRequest(
            f"The metadata is larger than {METADATA_LIMIT // 1024} KiB.",
            hint="Publish large data as a file of its own.",
        )
    if not schema:
        return
    from fastjsonschema import JsonSchemaValueException

    try:
        _run(_compile(schema), metadata)
    except JsonSchemaValueException as exc:
        raise InvalidRequest(
            f"The metadata does not fit this project: {exc.message.replace('data', 'metadata', 1)}.",
            hint="`bifrost project show` prints the schema.",
            details={"path": list(exc.path)[1:], "rule": exc.rule},
        ) from exc


_SCHEMA_HINT = "https://json-schema.org/understanding-json-schema tells how one is written."


def _size(metadata: dict[str, Any]) -> int:
    try:
        return len(json.dumps(metadata))
    except RecursionError as exc:
        raise InvalidRequest("The metadata is nested too deeply.", hint="Write it with fewer levels.") from exc


def _compile(schema: dict[str, Any]) -> Callable[[Any], Any]:
    import fastjsonschema

    try:
        validate: Callable[[Any], Any] = fastjsonschema.compile(schema, use_default=False, handlers=_NoRemote())
    except InvalidRequest:
        raise
    except RecursionError as exc:
        raise InvalidRequest("The metadata schema is nested too deeply.", hint="Write it with fewer levels.") from exc
    except Exception as exc:  # made of odd rules, the code that it writes fails in any way: re.error, KeyError, ...
        raise InvalidRequest(f"The metadata schema is no JSON Schema: {exc}.", hint=_SCHEMA_HINT) from exc
    return validate


def _run(validate: Callable[[Any], Any], data: Any) -> None:
    """Hold data against a schema.

    Raises:
        JsonSchemaValueException: it does not fit.
        InvalidRequest: the schema itself cannot be worked with.
    """
    from fastjsonschema import JsonSchemaValueException

    try:
        validate(data)
    except JsonSchemaValueException:
        raise
    except RecursionError as exc:
        raise InvalidRequest(
            "The metadata schema refers to itself without end, or what is checked is nested too deeply.",
            hint="`$ref` must not lead back to itself for the same value.",
        ) from exc
    except Exception as exc:  # see _compile: a rule that the value meets may be no rule
        raise InvalidRequest(f"The metadata schema cannot be used: {exc}.", hint=_SCHEMA_HINT) from exc


class _NoRemote(dict[str, Callable[[str], Any]]):
    """Refuses every address that a schema refers to, whatever its scheme."""

    def __contains__(self, scheme: object) -> bool:
        return True

    def __missing__(self, scheme: str) -> Callable[[str], Any]:
        return _refuse_remote


def _refuse_remote(address: str) -> Any:
    raise InvalidRequest(f"The metadata schema refers to “{address}”.", hint="Write everything into the schema itself.")


def _rules() -> dict[str, Any]:
    """Return what every JSON Schema of the drafts 4, 6 and 7 fits."""
    schema, text, count, number = {"$ref": "#"}, {"type": "string"}, {"$ref": "#/definitions/count"}, {"type": "number"}
    several = {"type": "array", "minItems": 1, "items": schema}
    named = {"type": "object", "additionalProperties": schema}
    texts = {"type": "array", "items": text}
    kinds: dict[str, tuple[str, ...]] = {
        "schema": ("additionalItems", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"),
        "text": ("$id", "id", "$schema", "$ref", "title", "description", "format", "pattern"),
        "count": ("maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"),
        "number": ("maximum", "minimum"),
        "limit": ("exclusiveMaximum", "exclusiveMinimum"),
        "named": ("definitions", "properties", "patternProperties"),
        "several": ("allOf", "anyOf", "oneOf"),
    }
    forms = {"schema": schema, "text": text, "count": count, "number": number, "named": named, "several": several}
    forms["limit"] = {"type": ["number", "boolean"]}
    return {
        "definitions": {"count": {"type": "integer", "minimum": 0}},
        "type": ["object", "boolean"],
        "properties": {
            **{word: forms[kind] for kind, kept in kinds.items() for word in kept},
            "multipleOf": {"type": "number", "exclusiveMinimum": 0},
            "items": {"anyOf": [schema, several]},
            "required": texts,
            "enum": {"type": "array"},
            "uniqueItems": {"type": "boolean"},
            "type": {"anyOf": [text, {**texts, "minItems": 1}]},
            "dependencies": {"type": "object", "additionalProperties": {"anyOf": [schema, texts]}},
        },
    }
