"""The OpenAPI description of load tests. As for the dashboard of A/B/n tests, errors are plain text."""

from __future__ import annotations

from iter8_gitops.core.arguments import MAX_APPLICATION
from iter8_gitops.serving.http.openapi_parts import (
    BOOLEAN,
    COUNT,
    NUMBER,
    STRING,
    Schema,
    list_of,
    object_of,
    or_null,
    reference,
    text,
)

_REFUSALS = {
    400: "An argument is missing or wrong, or the test is unknown",
    405: "Not the method of this route",
    500: "A defect of the server",
    503: "The results cannot be used now",
}
_TOO_LARGE = {413: "The body is too large"}
_COUNTS: Schema = {"type": ["object", "null"], "additionalProperties": COUNT}
_BARS = or_null(
    list_of(object_of({"Version": STRING, "Bucket": STRING, "Value": COUNT}, "How many requests took so long (ms)."))
)
_STATISTICS = object_of(
    {"Count": COUNT, "Mean": NUMBER, "StdDev": NUMBER, "Min": NUMBER, "Max": NUMBER}, "Durations in milliseconds."
)
_RESULT = object_of(
    {
        "Name": STRING,
        "Namespace": STRING,
        "Revision": COUNT,
        "Start time": STRING,
        "Completed tasks": COUNT,
        "Failure": BOOLEAN,
        "Insights": {"type": "null"},
        "Iter8 version": STRING,
    },
    "What is known of the test as a whole.",
)


def _endpoints(properties: dict[str, Schema], description: str) -> Schema:
    return {"type": "object", "additionalProperties": object_of(properties, description)}


def _dashboard(endpoints: Schema) -> Schema:
    return object_of({"Endpoints": endpoints, "ExperimentResult": _RESULT}, "A load test, for Grafana.")


LOAD_TEST_SCHEMAS: dict[str, Schema] = {
    "HttpLoadTest": _dashboard(
        _endpoints(
            {
                "Durations": _BARS,
                "Statistics": _STATISTICS,
                "Error durations": _BARS,
                "Error statistics": _STATISTICS,
                "Return codes": _COUNTS,
            },
            "One URL.",
        )
    ),
    "GrpcLoadTest": _dashboard(
        _endpoints(
            {
                "Durations": _BARS,
                "Statistics": object_of({"Count": COUNT, "ErrorCount": COUNT}, "Calls."),
                "Status codes": _COUNTS,
            },
            "One method.",
        )
    ),
}


def load_test_paths() -> dict[str, dict[str, Schema]]:
    """The paths by template, as an OpenAPI document has them."""
    return {
        "/httpDashboard": {"get": _get("httpDashboard", "A load test over HTTP, for Grafana", "HttpLoadTest")},
        "/grpcDashboard": {"get": _get("grpcDashboard", "A load test over gRPC, for Grafana", "GrpcLoadTest")},
        "/testResult": {"put": _put()},
    }


def _get(name: str, summary: str, schema: str) -> Schema:
    done: Schema = {"description": "Done", "content": {"application/json": {"schema": reference(schema)}}}
    return {"operationId": name, "summary": summary, "parameters": _names(), "responses": _responses(done, _REFUSALS)}


def _put() -> Schema:
    return {
        "operationId": "testResult",
        "summary": "Keep the result of a load test",
        "description": "As Iter8's tasks `http` and `grpc` send it. It takes the place of an earlier one of the test.",
        "parameters": _names(),
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": _responses({"description": "It is durable"}, _REFUSALS | _TOO_LARGE),
    }


def _responses(done: Schema, refusals: dict[int, str]) -> Schema:
    described = {
        str(status): {"description": said, "content": {"text/plain": {"schema": STRING}}}
        for status, said in refusals.items()
    }
    return {"200": done, **described}


def _names() -> list[Schema]:
    return [
        {"name": name, "in": "query", "required": True, "schema": text(MAX_APPLICATION, said)}
        for name, said in (("namespace", "of the test"), ("test", "its name"))
    ]
