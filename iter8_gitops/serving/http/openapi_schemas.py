"""The JSON Schemas (draft 2020-12) of the HTTP API's bodies, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.core.arguments import MAX_APPLICATION, MAX_METRIC_NAME, MAX_TRANSACTION, MAX_USER
from iter8_gitops.core.attributes import MAX_ATTRIBUTE_NAME, MAX_ATTRIBUTE_TEXT, MAX_ATTRIBUTES
from iter8_gitops.core.targeting import Reason
from iter8_gitops.serving.batches import MAX_DECISIONS
from iter8_gitops.serving.reports import MAX_VALUES
from iter8_gitops.spec.metric import MAX_MAGNITUDE
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.steering import PromotionPhase, RampPhase

Schema = dict[str, Any]

_STRING: Schema = {"type": "string"}
_BOOLEAN: Schema = {"type": "boolean"}
_NUMBER: Schema = {"type": "number"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}


def reference(name: str) -> Schema:
    """A reference to the schema `name` of this module."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Mapping[str, Schema], description: str) -> Schema:
    """An object that has exactly `properties`."""
    return {
        "type": "object",
        "description": description,
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _or_null(name: str) -> Schema:
    return {"anyOf": [reference(name), {"type": "null"}]}


def _list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _batch_of(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1, "maxItems": MAX_DECISIONS}


def _text(limit: int, description: str) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": limit, "description": description}


APPLICATION = _text(MAX_APPLICATION, "namespace/name of a routemap; without a slash, a name in `default`")
USER = _text(MAX_USER, "who is asking; any text without control characters")
ATTRIBUTES: Schema = {
    "type": "object",
    "description": "what rules of targeting compare, by name",
    "propertyNames": {"minLength": 1, "maxLength": MAX_ATTRIBUTE_NAME},
    "maxProperties": MAX_ATTRIBUTES,
    "additionalProperties": {"type": ["string", "boolean", "number"], "maxLength": MAX_ATTRIBUTE_TEXT},
}

_VERSION: dict[str, Schema] = {
    "index": _COUNT,
    "name": _STRING,
    "weight": {**_COUNT, "description": "in force; 0 while the version is not available"},
    "declaredWeight": _COUNT,
    "available": _BOOLEAN,
    "settled": _BOOLEAN,
    "signature": {**_STRING, "description": "digest of the content that last settled"},
    "reason": _STRING,
    "message": _STRING,
    "stalled": {**_BOOLEAN, "description": "not ready within its progress deadline"},
    "progressingSince": {**_TIME, "description": "null while it is not on its way"},
    "progressDeadlineSeconds": _NUMBER,
}

_ROUTEMAP: dict[str, Schema] = {
    "application": _STRING,
    "source": _STRING,
    "path": {**_STRING, "description": "of the file within its source"},
    "revision": {**_STRING, "description": "the revision it last changed at"},
    "weights": _list_of(_COUNT),
    "conditions": _list_of(reference("Condition")),
    "versions": _list_of(reference("Version")),
    "problems": _list_of(reference("Problem")),
    "stale": _BOOLEAN,
    "staleReason": _STRING,
}

_HISTOGRAM = _list_of(
    _object({"Version": _STRING, "Bucket": _STRING, "Value": _COUNT}, "How many fall between two bounds.")
)
_SUMMARY = _list_of(
    _object(
        {"Version": _COUNT, "Count": _COUNT, "Mean": _NUMBER, "StdDev": _NUMBER, "Min": _NUMBER, "Max": _NUMBER},
        "One version; StdDev is the population's.",
    )
)

SCHEMAS: dict[str, Schema] = {
    "Error": _object(
        {"title": _STRING, "description": _STRING, "field": {"type": ["string", "null"]}},
        "Why a request was refused, and which part of it is wrong (null when no one part is).",
    ),
    "Recommendation": _object(
        {
            "application": _STRING,
            "versionNumber": {**_COUNT, "description": "0 is the primary"},
            "versionName": _STRING,
            "signature": {**_STRING, "description": 'digest of its content, "" before any has settled'},
            "stale": {**_BOOLEAN, "description": "answered from a state that could not be renewed"},
            "reason": {"type": "string", "enum": [reason.value for reason in Reason]},
            "rule": {"type": ["string", "null"], "description": "the name of the rule that decided"},
        },
        "The version that a user gets, and why.",
    ),
    "Lookup": {
        **_object({"application": APPLICATION, "user": USER, "attributes": ATTRIBUTES}, "One question."),
        "required": ["application", "user"],
    },
    "LookupProduct": {
        **_object(
            {"applications": _batch_of(APPLICATION), "users": _batch_of(USER), "attributes": ATTRIBUTES},
            "The same question for every user in every application; at most "
            f"{MAX_DECISIONS} in all, answered for all users of the first application, then of the second, and so on.",
        ),
        "required": ["applications", "users"],
    },
    "Lookups": _object({"lookups": _batch_of(reference("Lookup"))}, "Many questions, answered in their order."),
    "Answers": _object(
        {
            "answers": _list_of(
                {
                    "oneOf": [
                        reference("Recommendation"),
                        _object({"error": reference("Error")}, "Its application is not known."),
                    ]
                }
            )
        },
        "One answer per question.",
    ),
    "Measurement": {
        **_object(
            {
                "application": APPLICATION,
                "user": USER,
                "name": _text(MAX_METRIC_NAME, "of the metric"),
                "value": {"type": "number", "minimum": -MAX_MAGNITUDE, "maximum": MAX_MAGNITUDE},
                "transaction": {
                    "type": "string",
                    "maxLength": MAX_TRANSACTION,
                    "description": "your identifier of it, unique for the application and the metric: it counts "
                    'once, however often it is written. "" is none',
                },
            },
            "One metric value, credited to the version that the user was last given.",
        ),
        "required": ["application", "user", "name", "value"],
    },
    "Measurements": {
        "type": "array",
        "items": reference("Measurement"),
        "minItems": 1,
        "maxItems": MAX_VALUES,
    },
    "Accepted": _object({"accepted": {"type": "integer", "minimum": 1}}, "This many are durable."),
    "Problem": _object(
        {
            "file": {**_STRING, "description": '"" when it is not in a file'},
            "line": {**_COUNT, "description": "from 1; 0 when unknown"},
            "column": {**_COUNT, "description": "from 1; 0 when unknown"},
            "message": _STRING,
            "hint": _STRING,
            "application": {"type": ["string", "null"]},
        },
        "Something that a person must fix.",
    ),
    "Condition": _object(
        {"type": _STRING, "status": _BOOLEAN, "reason": _STRING, "message": _STRING, "since": _COUNT},
        "A condition in the manner of Kubernetes: `Ready`, `Reconciling` or `Stalled`. `since` is in Unix seconds.",
    ),
    "Version": _object(_VERSION, "One version now."),
    "Resource": _object(
        {
            "group": _STRING,
            "kind": _STRING,
            "namespace": _STRING,
            "name": _STRING,
            "state": {"type": "string", "enum": [state.value for state in ReadinessState]},
            "servable": {**_BOOLEAN, "description": "something answers requests"},
            "reason": _STRING,
            "message": _STRING,
        },
        "The verdict on one Kubernetes object of a version.",
    ),
    "VersionInFull": _object(
        {
            **_VERSION,
            "exposedUsers": {**_COUNT, "description": "distinct users who were given its present content"},
            "resources": _list_of(reference("Resource")),
        },
        "One version with its resources.",
    ),
    "History": _object(
        {
            "application": _STRING,
            "entries": _list_of(reference("HistoryEntry")),
            "next": {"type": ["integer", "null"], "description": "ask for older ones with it as `before`"},
        },
        "Some of what happened to an application, newest first.",
    ),
    "HistoryEntry": _object(
        {
            "id": _COUNT,
            "at": {"type": "string", "format": "date-time"},
            "reason": {**_STRING, "description": "such as VersionAvailable, WeightsChanged, ContentChanged, Promoted"},
            "message": _STRING,
            "warning": _BOOLEAN,
            "version": {"type": ["integer", "null"], "description": "index; null for the routemap as a whole"},
            "source": _STRING,
            "revision": {**_STRING, "description": "that its source was at"},
            "author": {**_STRING, "description": "of that revision, where known"},
        },
        "One change.",
    ),
    "Reception": _object(
        {"result": {"type": "string", "enum": ["accepted", "ignored", "repeated"]}, "description": _STRING},
        "What became of a webhook.",
    ),
    "Route": _object(
        {"template": _STRING, "group": _STRING, "kind": _STRING, "namespace": _STRING, "name": _STRING},
        "An object rendered from a routing template.",
    ),
    "Routemap": _object(_ROUTEMAP, "One routemap in short."),
    "RoutemapInFull": _object(
        {
            **_ROUTEMAP,
            "versions": _list_of(reference("VersionInFull")),
            "salt": _STRING,
            "targeting": reference("TargetingOutline"),
            "epoch": {**_COUNT, "description": "moves whenever the assignment of users changes"},
            "ramp": _or_null("Ramp"),
            "promotion": _or_null("Promotion"),
            "routes": _list_of(reference("Route")),
        },
        "One routemap in full.",
    ),
    "TargetingOutline": _object(
        {
            "overrides": _object(
                {"users": _COUNT, "digest": {**_STRING, "description": 'of all of them, "" for none'}},
                "Users with a version of their own, who are not named.",
            ),
            "holdout": {
                "type": "number",
                "minimum": 0,
                "maximum": 1,
                "description": "share of users who stay on the primary",
            },
            "rules": _list_of(reference("TargetingRule")),
        },
        "Who gets what, not at random: overrides go first, then the holdout, then rules.",
    ),
    "TargetingRule": _object(
        {
            "name": _STRING,
            "when": {
                "type": "object",
                "description": "attribute -> the texts of which it must have one; all must match",
                "additionalProperties": _list_of(_STRING),
            },
            "version": {**_COUNT, "description": "index"},
        },
        "The first rule that matches decides.",
    ),
    "Ramp": _object(
        {
            "step": {"type": "integer", "minimum": 1, "description": "from 1"},
            "weight": {**_NUMBER, "description": "of 100 users, what the candidates get together"},
            "phase": {"type": "string", "enum": [phase.value for phase in RampPhase]},
            "message": _STRING,
            "heldSeconds": {**_NUMBER, "description": "of this step, before `runningSince`"},
            "runningSince": {**_TIME, "description": "null while its clock stands still"},
        },
        "Where a ramp stands; null while there is none, or no candidate.",
    ),
    "Promotion": _object(
        {
            "version": {"type": ["integer", "null"], "description": "index; null while nobody has won"},
            "signature": {**_STRING, "description": "of the content that is promoted"},
            "phase": {"type": "string", "enum": [phase.value for phase in PromotionPhase]},
            "message": _STRING,
            "evidence": {**_STRING, "description": "why it is promoted"},
            "reference": {**_STRING, "description": "the commit, or the address of the pull request"},
            "attempts": {**_COUNT, "description": "that failed"},
            "tryAgainAt": _TIME,
        },
        "How far the promotion is that the policy asks for; null where a person promotes, or there is none.",
    ),
    "Source": _object(
        {
            "name": _STRING,
            "location": _STRING,
            "result": {
                "type": "string",
                "enum": ["applied", "problems", "failing", "waiting"],
                "description": "whether all that it holds at `revision` is in force",
            },
            "routemaps": {**_COUNT, "description": "in force that came from it"},
            "revision": _STRING,
            "author": {**_STRING, "description": "of the revision, where known"},
            "readAt": _TIME,
            "failingSince": _TIME,
            "message": _STRING,
            "problems": _list_of(reference("Problem")),
        },
        "Where routemaps are read.",
    ),
    "Sources": _object({"sources": _list_of(reference("Source"))}, "Every source."),
    "Routemaps": _object(
        {
            "routemaps": _list_of(reference("Routemap")),
            "sources": _list_of(reference("Source")),
            "problems": _list_of(reference("Problem")),
            "stale": _BOOLEAN,
            "staleReason": _STRING,
            "sequence": _COUNT,
        },
        "The whole board.",
    ),
    "Dashboard": {
        "type": "object",
        "description": "Metric name -> its tables, as Iter8's Grafana panels read them.",
        "additionalProperties": _object(
            {
                "HistogramsOverTransactions": _HISTOGRAM,
                "HistogramsOverUsers": _HISTOGRAM,
                "SummaryOverTransactions": _SUMMARY,
                "SummaryOverUsers": _SUMMARY,
            },
            "One metric.",
        ),
    },
    "Health": _object({"status": {"const": "ok"}}, "Alive."),
    "Readiness": _object(
        {
            "status": {"type": "string", "enum": ["ready", "waiting"]},
            "stale": _BOOLEAN,
            "staleReason": _STRING,
            "sequence": _COUNT,
            "routemaps": _COUNT,
        },
        "Whether lookups can be answered, and from how fresh a state.",
    ),
}
