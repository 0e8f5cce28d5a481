"""The JSON Schemas of questions and measurements, and of the answers to them."""

from __future__ import annotations

from iter8_gitops.core.arguments import MAX_APPLICATION, MAX_METRIC_NAME, MAX_TRANSACTION, MAX_USER
from iter8_gitops.core.attributes import MAX_ATTRIBUTE_NAME, MAX_ATTRIBUTE_TEXT, MAX_ATTRIBUTES
from iter8_gitops.core.targeting import Reason
from iter8_gitops.serving.batches import MAX_DECISIONS
from iter8_gitops.serving.http.openapi_parts import (
    BOOLEAN,
    COUNT,
    STRING,
    Schema,
    list_of,
    object_of,
    reference,
    text,
)
from iter8_gitops.serving.reports import MAX_VALUES
from iter8_gitops.spec.metric import MAX_MAGNITUDE


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

REQUEST_SCHEMAS: dict[str, Schema] = {
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
}
