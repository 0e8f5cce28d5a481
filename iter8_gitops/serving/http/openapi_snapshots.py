"""The OpenAPI description of what clients need who evaluate by themselves: snapshots, events and exposures."""

from __future__ import annotations

import msgspec
from msgspec.json import schema_components

from iter8_gitops.core.arguments import MAX_SIGNATURE
from iter8_gitops.core.wire import CONTROLLER_AGE_HEADER, WireApplication, WireNews, WireSource
from iter8_gitops.serving.http.openapi_parts import Schema, reference
from iter8_gitops.serving.http.openapi_requests import APPLICATION, USER
from iter8_gitops.serving.reports import COHORTS, MAX_VALUES

_HEADERS: Schema = {
    "ETag": {"description": "the state of the board; ask with it in `If-None-Match`", "schema": {"type": "string"}},
    CONTROLLER_AGE_HEADER: {
        "description": "seconds since the controller was last heard of; absent when it never was",
        "schema": {"type": "number"},
    },
}
_SECOND: Schema = {"type": ["integer", "null"], "minimum": 0, "description": "the present one when left out"}
_EXPOSURES: dict[str, Schema] = {
    "ReportedExposure": {
        "type": "object",
        "description": "A user was given a version.",
        "properties": {
            "application": APPLICATION,
            "user": USER,
            "version": {"type": "integer", "minimum": 0, "description": "its index"},
            "signature": {
                "type": ["string", "null"],
                "maxLength": MAX_SIGNATURE,
                "description": "of its content; the present one when left out",
            },
            "epoch": _SECOND,
            "experiment": _SECOND,
            "cohort": {"enum": list(COHORTS), "description": "why the user got the version"},
        },
        "required": ["application", "user", "version"],
        "additionalProperties": False,
    },
    "ReportedExposures": {
        "type": "array",
        "items": reference("ReportedExposure"),
        "minItems": 1,
        "maxItems": MAX_VALUES,
    },
}


def snapshot_schemas() -> dict[str, Schema]:
    """The schemas of a snapshot, which are those of the values themselves, and of exposures, by name."""
    _, made = schema_components([WireNews, WireApplication, WireSource], ref_template="#/components/schemas/{name}")
    found: dict[str, Schema] = msgspec.json.decode(msgspec.json.encode(made))  # arrays instead of tuples
    news = found["WireNews"]
    # They are read one by one, so that a long document does not keep others waiting.
    news["properties"]["applications"]["items"] = reference("WireApplication")
    news["properties"]["sources"] = {"type": "array", "items": reference("WireSource")}
    return {**{name: schema for name, schema in found.items() if name != "WireNews"}, "Snapshot": news, **_EXPOSURES}


def snapshot_details(operation: Schema) -> Schema:
    """`operation` with what it says of parameters and headers."""
    operation["responses"]["200"]["headers"] = _HEADERS
    operation["responses"]["304"] = {"description": "Nothing has changed", "headers": _HEADERS}
    return {
        **operation,
        "description": "For clients who evaluate by themselves. With `since` and `board`, what is new since then, or "
        "everything, with `complete`, when that cannot be told. `no-cache`: ask with `If-None-Match`.",
        "parameters": [
            _query("since", {"type": "integer", "minimum": 0, "description": "`sequence` of the answer before"}),
            _query("board", {"type": "string", "description": "`board` of the answer before"}),
            _query("detail", {"enum": ["full"], "description": "for servers that follow this one"}),
        ],
    }


def snapshot_events_operation(operation: Schema) -> Schema:
    """`operation` with what it says of events."""
    return {
        **operation,
        "description": "An event `snapshot` comes at once and whenever the sequence moves, `alive` while the "
        "controller is; the data of both is an object with `board`, `sequence` and `controllerAge` (seconds, or null). "
        "Comments keep the connection alive.",
    }


def _query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema}
