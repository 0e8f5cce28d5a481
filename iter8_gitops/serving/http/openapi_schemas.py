"""The JSON Schemas (draft 2020-12) of the HTTP API's bodies, by name."""

from __future__ import annotations

from iter8_gitops.core.arguments import MAX_APPLICATION, MAX_METRIC_NAME, MAX_TRANSACTION, MAX_USER
from iter8_gitops.core.attributes import MAX_ATTRIBUTE_NAME, MAX_ATTRIBUTE_TEXT, MAX_ATTRIBUTES
from iter8_gitops.core.targeting import Reason
from iter8_gitops.serving.batches import MAX_DECISIONS
from iter8_gitops.serving.http.openapi_parts import (
    BOOLEAN,
    COUNT,
    NUMBER,
    STRING,
    TIME,
    Schema,
    list_of,
    object_of,
    or_null,
    reference,
    text,
)
from iter8_gitops.serving.reports import MAX_VALUES
from iter8_gitops.spec.metric import MAX_MAGNITUDE
from iter8_gitops.spec.readiness import ReadinessState


def _batch_of(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1, "maxItems": MAX_DECISIONS}


APPLICATION = text(MAX_APPLICATION, "namespace/name of a routemap; without a slash, a name in `default`")
USER = text(MAX_USER, "who is asking; any text without control characters")
ATTRIBUTES: Schema = {
    "type": "object",
    "description": "what rules of targeting compare, by name",
    "propertyNames": {"minLength": 1, "maxLength": MAX_ATTRIBUTE_NAME},
    "maxProperties": MAX_ATTRIBUTES,
    "additionalProperties": {"type": ["string", "boolean", "number"], "maxLength": MAX_ATTRIBUTE_TEXT},
}

_VERSION: dict[str, Schema] = {
    "index": COUNT,
    "name": STRING,
    "weight": {**COUNT, "description": "in force; 0 while the version is not available"},
    "declaredWeight": COUNT,
    "available": BOOLEAN,
    "settled": BOOLEAN,
    "signature": {**STRING, "description": "digest of the content that last settled"},
    "reason": STRING,
    "message": STRING,
    "stalled": {**BOOLEAN, "description": "not ready within its progress deadline"},
    "progressingSince": {**TIME, "description": "null while it is not on its way"},
    "progressDeadlineSeconds": NUMBER,
}

_ROUTEMAP: dict[str, Schema] = {
    "application": STRING,
    "source": STRING,
    "path": {**STRING, "description": "of the file within its source"},
    "revision": {**STRING, "description": "the revision it last changed at"},
    "weights": list_of(COUNT),
    "conditions": list_of(reference("Condition")),
    "versions": list_of(reference("Version")),
    "problems": list_of(reference("Problem")),
    "stale": BOOLEAN,
    "staleReason": STRING,
}

_HISTOGRAM = list_of(
    object_of({"Version": STRING, "Bucket": STRING, "Value": COUNT}, "How many fall between two bounds.")
)
_SUMMARY = list_of(
    object_of(
        {"Version": COUNT, "Count": COUNT, "Mean": NUMBER, "StdDev": NUMBER, "Min": NUMBER, "Max": NUMBER},
        "One version; StdDev is the population's.",
    )
)

SCHEMAS: dict[str, Schema] = {
    "Error": object_of(
        {"title": STRING, "description": STRING, "field": {"type": ["string", "null"]}},
        "Why a request was refused, and which part of it is wrong (null when no one part is).",
    ),
    "Recommendation": object_of(
        {
            "application": STRING,
            "versionNumber": {**COUNT, "description": "0 is the primary"},
            "versionName": STRING,
            "signature": {**STRING, "description": 'digest of its content, "" before any has settled'},
            "stale": {**BOOLEAN, "description": "answered from a state that could not be renewed"},
            "reason": {"type": "string", "enum": [reason.value for reason in Reason]},
            "rule": {"type": ["string", "null"], "description": "the name of the rule that decided"},
        },
        "The version that a user gets, and why.",
    ),
    "Lookup": {
        **object_of({"application": APPLICATION, "user": USER, "attributes": ATTRIBUTES}, "One question."),
        "required": ["application", "user"],
    },
    "LookupProduct": {
        **object_of(
            {"applications": _batch_of(APPLICATION), "users": _batch_of(USER), "attributes": ATTRIBUTES},
            "The same question for every user in every application; at most "
            f"{MAX_DECISIONS} in all, answered for all users of the first application, then of the second, and so on.",
        ),
        "required": ["applications", "users"],
    },
    "Lookups": object_of({"lookups": _batch_of(reference("Lookup"))}, "Many questions, answered in their order."),
    "Answers": object_of(
        {
            "answers": list_of(
                {
                    "oneOf": [
                        reference("Recommendation"),
                        object_of({"error": reference("Error")}, "Its application is not known."),
                    ]
                }
            )
        },
        "One answer per question.",
    ),
    "Measurement": {
        **object_of(
            {
                "application": APPLICATION,
                "user": USER,
                "name": text(MAX_METRIC_NAME, "of the metric"),
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
    "Accepted": object_of({"accepted": {"type": "integer", "minimum": 1}}, "This many are durable."),
    "Problem": object_of(
        {
            "file": {**STRING, "description": '"" when it is not in a file'},
            "line": {**COUNT, "description": "from 1; 0 when unknown"},
            "column": {**COUNT, "description": "from 1; 0 when unknown"},
            "message": STRING,
            "hint": STRING,
            "application": {"type": ["string", "null"]},
        },
        "Something that a person must fix.",
    ),
    "Condition": object_of(
        {"type": STRING, "status": BOOLEAN, "reason": STRING, "message": STRING, "since": COUNT},
        "A condition in the manner of Kubernetes: `Ready`, `Reconciling` or `Stalled`. `since` is in Unix seconds.",
    ),
    "Version": object_of(_VERSION, "One version now."),
    "Resource": object_of(
        {
            "group": STRING,
            "kind": STRING,
            "namespace": STRING,
            "name": STRING,
            "state": {"type": "string", "enum": [state.value for state in ReadinessState]},
            "servable": {**BOOLEAN, "description": "something answers requests"},
            "reason": STRING,
            "message": STRING,
        },
        "The verdict on one Kubernetes object of a version.",
    ),
    "VersionInFull": object_of(
        {
            **_VERSION,
            "exposedUsers": {**COUNT, "description": "distinct users who were given its present content"},
            "resources": list_of(reference("Resource")),
        },
        "One version with its resources.",
    ),
    "History": object_of(
        {
            "application": STRING,
            "entries": list_of(reference("HistoryEntry")),
            "next": {"type": ["integer", "null"], "description": "ask for older ones with it as `before`"},
        },
        "Some of what happened to an application, newest first.",
    ),
    "HistoryEntry": object_of(
        {
            "id": COUNT,
            "at": {"type": "string", "format": "date-time"},
            "reason": {**STRING, "description": "such as VersionAvailable, WeightsChanged, ContentChanged, Promoted"},
            "message": STRING,
            "warning": BOOLEAN,
            "version": {"type": ["integer", "null"], "description": "index; null for the routemap as a whole"},
            "source": STRING,
            "revision": {**STRING, "description": "that its source was at"},
            "author": {**STRING, "description": "of that revision, where known"},
        },
        "One change.",
    ),
    "Reception": object_of(
        {"result": {"type": "string", "enum": ["accepted", "ignored", "repeated"]}, "description": STRING},
        "What became of a webhook.",
    ),
    "Route": object_of(
        {"template": STRING, "group": STRING, "kind": STRING, "namespace": STRING, "name": STRING},
        "An object rendered from a routing template.",
    ),
    "Routemap": object_of(_ROUTEMAP, "One routemap in short."),
    "RoutemapInFull": object_of(
        {
            **_ROUTEMAP,
            "versions": list_of(reference("VersionInFull")),
            "salt": STRING,
            "targeting": reference("TargetingOutline"),
            "epoch": {**COUNT, "description": "moves whenever the assignment of users changes"},
            "plan": reference("Plan"),
            "ramp": or_null(reference("Ramp")),
            "promotion": or_null(reference("Promotion")),
            "routes": list_of(reference("Route")),
        },
        "One routemap in full.",
    ),
    "TargetingOutline": object_of(
        {
            "overrides": object_of(
                {"users": COUNT, "digest": {**STRING, "description": 'of all of them, "" for none'}},
                "Users with a version of their own, who are not named.",
            ),
            "holdout": {
                "type": "number",
                "minimum": 0,
                "maximum": 1,
                "description": "share of users who stay on the primary",
            },
            "rules": list_of(reference("TargetingRule")),
        },
        "Who gets what, not at random: overrides go first, then the holdout, then rules.",
    ),
    "TargetingRule": object_of(
        {
            "name": STRING,
            "when": {
                "type": "object",
                "description": "attribute -> the texts of which it must have one; all must match",
                "additionalProperties": list_of(STRING),
            },
            "version": {**COUNT, "description": "index"},
        },
        "The first rule that matches decides.",
    ),
    "Source": object_of(
        {
            "name": STRING,
            "location": STRING,
            "result": {
                "type": "string",
                "enum": ["applied", "problems", "failing", "waiting"],
                "description": "whether all that it holds at `revision` is in force",
            },
            "routemaps": {**COUNT, "description": "in force that came from it"},
            "revision": STRING,
            "author": {**STRING, "description": "of the revision, where known"},
            "readAt": TIME,
            "failingSince": TIME,
            "message": STRING,
            "problems": list_of(reference("Problem")),
        },
        "Where routemaps are read.",
    ),
    "Sources": object_of({"sources": list_of(reference("Source"))}, "Every source."),
    "Routemaps": object_of(
        {
            "routemaps": list_of(reference("Routemap")),
            "sources": list_of(reference("Source")),
            "problems": list_of(reference("Problem")),
            "stale": BOOLEAN,
            "staleReason": STRING,
            "sequence": COUNT,
        },
        "The whole board.",
    ),
    "Dashboard": {
        "type": "object",
        "description": "Metric name -> its tables, as Iter8's Grafana panels read them.",
        "additionalProperties": object_of(
            {
                "HistogramsOverTransactions": _HISTOGRAM,
                "HistogramsOverUsers": _HISTOGRAM,
                "SummaryOverTransactions": _SUMMARY,
                "SummaryOverUsers": _SUMMARY,
            },
            "One metric.",
        ),
    },
    "Health": object_of({"status": {"const": "ok"}}, "Alive."),
    "Readiness": object_of(
        {
            "status": {"type": "string", "enum": ["ready", "waiting"]},
            "stale": BOOLEAN,
            "staleReason": STRING,
            "sequence": COUNT,
            "routemaps": COUNT,
        },
        "Whether lookups can be answered, and from how fresh a state.",
    ),
}
