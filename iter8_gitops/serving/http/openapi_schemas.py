"""The JSON Schemas (draft 2020-12) of routemaps and of all around them, by name."""

from __future__ import annotations

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
)
from iter8_gitops.spec.readiness import ReadinessState

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
