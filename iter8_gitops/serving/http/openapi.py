"""The OpenAPI 3.1 description of the HTTP API. Tests hold it against the routes and against real answers."""

from __future__ import annotations

from typing import Any

from iter8_gitops import __version__
from iter8_gitops.core.attributes import MAX_ATTRIBUTE_TEXT, MAX_ATTRIBUTES
from iter8_gitops.serving.http.openapi_analysis import ANALYSIS_SCHEMAS
from iter8_gitops.serving.http.openapi_load_tests import LOAD_TEST_SCHEMAS, load_test_paths
from iter8_gitops.serving.http.openapi_ofrep import OFREP_SCHEMAS, ofrep_paths
from iter8_gitops.serving.http.openapi_parts import Schema, reference
from iter8_gitops.serving.http.openapi_plans import PLAN_SCHEMAS
from iter8_gitops.serving.http.openapi_requests import APPLICATION, REQUEST_SCHEMAS, USER
from iter8_gitops.serving.http.openapi_schemas import SCHEMAS
from iter8_gitops.serving.http.openapi_snapshots import snapshot_details, snapshot_events_operation, snapshot_schemas
from iter8_gitops.serving.usecases import MAX_HISTORY

_JSON = "application/json"
_TEXT = "text/plain"


def openapi_document() -> dict[str, Any]:
    """The document that `/openapi.json` serves."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "iter8-gitops",
            "version": __version__,
            "summary": "Which version should this user get, right now, and how is each version doing?",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/v1/lookup": {"get": _lookup(), "post": _lookups()},
            "/v1/metrics": {"post": _write_metrics()},
            "/v1/exposures": {"post": _report_exposures()},
            "/v1/snapshot": {"get": _snapshot()},
            "/v1/snapshot/events": {"get": _snapshot_events()},
            "/v1/routemaps": {"get": _routemaps()},
            "/v1/sources": {
                "get": _operation(
                    "sources", "What became of the newest revision of each source", _JSON, reference("Sources")
                )
            },
            "/v1/routemaps/{namespace}/{name}": {"get": _routemap()},
            "/v1/routemaps/{namespace}/{name}/history": {"get": _history()},
            "/v1/routemaps/{namespace}/{name}/analysis": {"get": _analysis()},
            "/v1/routemaps/{namespace}/{name}/trend": {"get": _trend()},
            "/v1/hooks/git": {"post": _git_hook()},
            **ofrep_paths(),
            "/abnDashboard": {"get": _dashboard()},
            **load_test_paths(),
            "/metrics": {"get": _operation("scrape", "Counters and gauges for Prometheus", _TEXT, {"type": "string"})},
            "/healthz": {"get": _operation("health", "Is the process alive?", _JSON, reference("Health"))},
            "/readyz": {"get": _readiness()},
            "/openapi.json": {"get": _operation("openapi", "This document", _JSON, {"type": "object"})},
        },
        "components": {
            "schemas": SCHEMAS
            | REQUEST_SCHEMAS
            | OFREP_SCHEMAS
            | ANALYSIS_SCHEMAS
            | PLAN_SCHEMAS
            | LOAD_TEST_SCHEMAS
            | snapshot_schemas()
        },
    }


_ATTRIBUTES_IN_QUERY: Schema = {
    "name": "attributes",
    "in": "query",
    "required": False,
    "description": "What rules of targeting compare, each as `attribute.NAME=TEXT`.",
    "style": "form",
    "explode": True,
    "schema": {
        "type": "object",
        "patternProperties": {r"^attribute\.": {"type": "string", "maxLength": MAX_ATTRIBUTE_TEXT}},
        "additionalProperties": False,
        "maxProperties": MAX_ATTRIBUTES,
    },
}


def _lookup() -> Schema:
    return {
        **_operation(
            "lookup", "Which version of an application a user gets", _JSON, reference("Recommendation"), 400, 404, 503
        ),
        "description": "Records that the user was given the version. "
        "An application that is not found is tried again with `-routemap` appended.",
        "parameters": [_query("application", APPLICATION), _query("user", USER), _ATTRIBUTES_IN_QUERY],
    }


def _lookups() -> Schema:
    return {
        **_operation(
            "lookups",
            "One lookup, or many at once",
            _JSON,
            {"oneOf": [reference("Recommendation"), reference("Answers")]},
            400,
            404,
            413,
            415,
            503,
        ),
        "description": "Records that the users were given their versions. When anything of a batch cannot be used, "
        "nothing of it is recorded. An unknown application is an error of its own lookups alone.",
        "requestBody": {
            "required": True,
            "content": {
                _JSON: {"schema": {"oneOf": [reference(name) for name in ("Lookup", "Lookups", "LookupProduct")]}}
            },
        },
    }


def _write_metrics() -> Schema:
    return {
        **_operation("writeMetrics", "Report metric values", _JSON, reference("Accepted"), 400, 404, 413, 415, 503),
        "description": "All values are stored or none is; they are durable when the answer arrives.",
        "requestBody": _one_or_many("Measurement", "Measurements", "values"),
    }


def _report_exposures() -> Schema:
    return {
        **_operation(
            "reportExposures",
            "Report which versions users were given",
            _JSON,
            reference("Accepted"),
            400,
            404,
            413,
            415,
            503,
        ),
        "description": "By clients who evaluate. All are stored or none is; the same again changes nothing.",
        "requestBody": _one_or_many("ReportedExposure", "ReportedExposures", "exposures"),
    }


def _one_or_many(one: str, many: str, key: str) -> Schema:
    """A body of one item, a list of them, or an object that holds the list."""
    within = {"type": "object", "properties": {key: reference(many)}, "required": [key], "additionalProperties": False}
    return {
        "required": True,
        "content": {_JSON: {"schema": {"oneOf": [reference(one), reference(many), within]}}},
    }


def _snapshot() -> Schema:
    return snapshot_details(
        _operation("snapshot", "What assigns users, of every application", _JSON, reference("Snapshot"), 400, 503)
    )


def _snapshot_events() -> Schema:
    return snapshot_events_operation(
        _operation("snapshotEvents", "When to ask for a snapshot", "text/event-stream", {"type": "string"}, 503)
    )


def _routemaps() -> Schema:
    return _operation("routemaps", "Every routemap, every source and every problem", _JSON, reference("Routemaps"), 503)


def _routemap() -> Schema:
    return {
        **_operation("routemap", "One routemap in full", _JSON, reference("RoutemapInFull"), 400, 404, 503),
        "parameters": _names(),
    }


def _analysis() -> Schema:
    return {
        **_operation(
            "analysis", "Which version is ahead, and how sure that is", _JSON, reference("Analysis"), 400, 404, 503
        ),
        "description": "Costs the same after a thousand values and after a million. Look as often as you like.",
        "parameters": _names(),
    }


def _trend() -> Schema:
    return {
        **_operation("trend", "How the experiment went over time", _JSON, reference("Trend"), 400, 404, 503),
        "parameters": _names(),
    }


def _history() -> Schema:
    return {
        **_operation(
            "history", "What happened to an application, newest first", _JSON, reference("History"), 400, 404, 503
        ),
        "parameters": [
            *_names(),
            _query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_HISTORY, "default": 100}, required=False),
            _query("before", {"type": "integer", "description": "`next` of the answer before"}, required=False),
        ],
    }


def _names() -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in ("namespace", "name")
    ]


def _git_hook() -> Schema:
    operation = {
        **_operation(
            "gitHook",
            "Webhooks of GitHub, GitLab, Gitea and Forgejo",
            _JSON,
            reference("Reception"),
            400,
            401,
            403,
            413,
            503,
        ),
        "description": "Asks for a look at all Git sources at once. "
        "Signed as the host does, with the secret that `serve` was given.",
    }
    operation["responses"]["202"] = _response("The sources are looked at", _JSON, reference("Reception"))
    operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": {"type": "object"}}}}
    return operation


def _dashboard() -> Schema:
    """Errors are plain text here, for Iter8's clients."""
    operation = _operation("abnDashboard", "Metrics per version, for Grafana", _JSON, reference("Dashboard"))
    operation["responses"] |= {
        str(status): _response(description, _TEXT, {"type": "string"})
        for status, description in _REFUSALS.items()
        if status in {400, 405, 500, 503}
    }
    operation["parameters"] = [
        _query("application", {"type": "string", "minLength": 1, "description": "the name alone"}),
        _query("namespace", {"type": "string", "minLength": 1}),
    ]
    return operation


def _readiness() -> Schema:
    operation = _operation("readiness", "Can lookups be answered?", _JSON, reference("Readiness"))
    operation["responses"]["503"] = _response("Nothing was published yet", _JSON, reference("Readiness"))
    return operation


_REFUSALS = {
    400: "An argument is missing or wrong",
    401: "Not signed with the secret",
    403: "Not configured",
    404: "No such application",
    405: "Not the method of this route",
    413: "The body is too large",
    415: "The body is not declared as JSON, or is compressed",
    500: "A defect of the server",
    503: "Nothing was published yet, or the store cannot be used now",
}


def _operation(name: str, summary: str, media_type: str, schema: Schema, *refusals: int) -> Schema:
    """An operation with its 200 answer, and problems for `refusals` and for what any route may answer."""
    return {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": _response("Done", media_type, schema),
            **{
                str(status): _response(_REFUSALS[status], _JSON, reference("Error")) for status in (*refusals, 405, 500)
            },
        },
    }


def _response(description: str, media_type: str, schema: Schema) -> Schema:
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _query(name: str, schema: Schema, *, required: bool = True) -> Schema:
    return {"name": name, "in": "query", "required": required, "schema": schema}
