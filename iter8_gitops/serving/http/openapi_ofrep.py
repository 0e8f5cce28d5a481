"""The OpenAPI description of the OpenFeature Remote Evaluation Protocol, as far as it is served here."""

from __future__ import annotations

from iter8_gitops.core.arguments import MAX_USER
from iter8_gitops.core.targeting import Reason
from iter8_gitops.serving.http.openapi_parts import Schema, reference

_JSON = "application/json"
_STRING: Schema = {"type": "string"}
_CONTEXT: Schema = {
    "type": "object",
    "description": "Texts, booleans and numbers in it are attributes; other values are passed over.",
    "properties": {
        "targetingKey": {"type": "string", "minLength": 1, "maxLength": MAX_USER, "description": "the user"}
    },
    "required": ["targetingKey"],
}
_CODES = ["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "GENERAL", "FLAG_NOT_FOUND"]
_REFUSALS = {
    400: "The body or the context cannot be used",
    405: "Not the method of this route",
    413: "The body is too large",
    415: "The body is not declared as JSON, or is compressed",
    500: "Nothing was published yet, or a defect of the server",
}

OFREP_SCHEMAS: dict[str, Schema] = {
    "Evaluation": {
        "type": "object",
        "description": "What a user gets of an application.",
        "properties": {
            "key": {**_STRING, "description": "the application: as it was asked for, in full where all are told"},
            "value": {"type": "integer", "minimum": 0, "description": "the number of the version; 0 is the primary"},
            "variant": {**_STRING, "description": "the name of the version"},
            "reason": {
                "enum": ["STATIC", "SPLIT", "TARGETING_MATCH"],
                "description": "one version takes all traffic; at random; an override, the holdout or a rule decides",
            },
            "metadata": {
                "type": "object",
                "properties": {
                    "application": _STRING,
                    "signature": _STRING,
                    "epoch": {"type": "integer", "minimum": 0},
                    "experiment": {"type": "integer", "minimum": 0},
                    "cohort": {"enum": [reason.cohort for reason in Reason], "description": '"" at random'},
                    "stale": {"type": "boolean"},
                    "rule": {**_STRING, "description": "its name, where one decides"},
                },
                "required": ["application", "signature", "epoch", "experiment", "cohort", "stale"],
                "additionalProperties": False,
            },
        },
        "required": ["key", "value", "variant", "reason", "metadata"],
        "additionalProperties": False,
    },
    "Evaluations": {
        "type": "object",
        "description": "What a user gets of every application.",
        "properties": {
            "flags": {"type": "array", "items": reference("Evaluation")},
            "metadata": {
                "type": "object",
                "properties": {"stale": {"type": "boolean"}},
                "required": ["stale"],
                "additionalProperties": False,
            },
            "eventStreams": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "type": {"const": "sse"},
                        "endpoint": {
                            "type": "object",
                            "properties": {"requestUri": _STRING},
                            "required": ["requestUri"],
                            "additionalProperties": False,
                        },
                        "inactivityDelaySec": {"type": "integer", "minimum": 1},
                    },
                    "required": ["type", "endpoint", "inactivityDelaySec"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["flags", "metadata", "eventStreams"],
        "additionalProperties": False,
    },
    "EvaluationError": {
        "type": "object",
        "description": "Why there is no evaluation. `key` is there when one flag was asked for.",
        "properties": {"key": _STRING, "errorCode": {"enum": _CODES}, "errorDetails": _STRING},
        "required": ["errorCode", "errorDetails"],
        "additionalProperties": False,
    },
}


def ofrep_paths() -> dict[str, Schema]:
    """The operations, by path."""
    return {
        "/ofrep/v1/evaluate/flags/{key}": {"post": _flag()},
        "/ofrep/v1/evaluate/flags": {"post": _flags()},
        "/ofrep/v1/events": {"get": _events()},
    }


def _flag() -> Schema:
    operation = _operation("evaluateFlag", "OFREP: which version of an application a user gets", "Evaluation")
    operation["responses"]["404"] = _refusal("No such application")
    return {
        **operation,
        "description": "Records that the user was given the version, as a lookup does.",
        "parameters": [
            {
                "name": "key",
                "in": "path",
                "required": True,
                "schema": _STRING,
                "description": "namespace/name; the slash may be written as %2F",
            }
        ],
    }


def _flags() -> Schema:
    operation = _operation("evaluateFlags", "OFREP: which version of every application a user gets", "Evaluations")
    etag = {"ETag": {"schema": _STRING, "description": "names this answer to this context"}}
    operation["responses"]["200"]["headers"] = etag
    operation["responses"]["304"] = {"description": "The answer is the one that `If-None-Match` names", "headers": etag}
    return {
        **operation,
        "description": "Records nothing, unless `exposures` asks for it: nobody sees every application.",
        "parameters": [
            _query("namespace", _STRING, "of the applications; all without it"),
            _query("exposures", {"enum": ["true", "false"]}, "record that the user was given all that is told"),
            _query("flagConfigEtag", _STRING, "`etag` of the event that made the caller ask; no 304 when it differs"),
            {"name": "If-None-Match", "in": "header", "required": False, "schema": _STRING},
        ],
    }


def _events() -> Schema:
    problem = {"content": {_JSON: {"schema": reference("Error")}}}
    return {
        "operationId": "flagEvents",
        "summary": "OFREP: when to evaluate flags again",
        "description": "An event `message` comes at once, unless `Last-Event-ID` names the present state, and whenever "
        'what users get may have changed; its data is `{"type": "refetchEvaluation", "etag": ..}`. Comments keep the '
        "connection alive.",
        "responses": {
            "200": {"description": "Events, as they come", "content": {"text/event-stream": {"schema": _STRING}}},
            "405": {"description": _REFUSALS[405], **problem},
            "500": {"description": "A defect of the server", **problem},
            "503": {"description": "Nothing was published yet, or too many listen", **problem},
        },
    }


def _operation(name: str, summary: str, schema: str) -> Schema:
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {
            "required": True,
            "content": {
                _JSON: {"schema": {"type": "object", "properties": {"context": _CONTEXT}, "required": ["context"]}}
            },
        },
        "responses": {
            "200": {"description": "Done", "content": {_JSON: {"schema": reference(schema)}}},
            **{str(status): _refusal(description) for status, description in _REFUSALS.items()},
        },
    }


def _refusal(description: str) -> Schema:
    return {"description": description, "content": {_JSON: {"schema": reference("EvaluationError")}}}


def _query(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}
