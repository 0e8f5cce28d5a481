"""What JSON Schemas (draft 2020-12) of the HTTP API are built from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
BOOLEAN: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TIME: Schema = {"type": ["string", "null"], "format": "date-time"}


def reference(name: str) -> Schema:
    """A reference to the schema of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


def object_of(properties: Mapping[str, Schema], description: str) -> Schema:
    """An object that has exactly `properties`."""
    return {
        "type": "object",
        "description": description,
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def list_of(items: Schema) -> Schema:
    """A list of `items`."""
    return {"type": "array", "items": items}


def or_null(schema: Schema) -> Schema:
    """`schema`, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def text(limit: int, description: str) -> Schema:
    """A text that is not empty, of at most `limit` characters."""
    return {"type": "string", "minLength": 1, "maxLength": limit, "description": description}
