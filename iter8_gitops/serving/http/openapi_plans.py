"""The JSON Schemas of plans: how a routemap is judged, raised and promoted, and where that stands."""

from __future__ import annotations

from iter8_gitops.serving.http.openapi_parts import COUNT, NUMBER, STRING, TIME, Schema, list_of, object_of
from iter8_gitops.spec.steering import PromotionPhase, RampPhase

_NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}

PLAN_SCHEMAS: dict[str, Schema] = {
    "Plan": object_of(
        {
            "metrics": list_of(
                object_of(
                    {
                        "name": STRING,
                        "goal": {"type": "string", "enum": ["increase", "decrease"]},
                        "type": {"type": "string", "enum": ["mean", "conversion", "ratio"]},
                        "denominator": STRING,
                        "maxHarm": {**_NUMBER_OR_NULL, "description": "of a guardrail, as a share"},
                        "minimumEffect": {**NUMBER, "description": "the relative change that matters"},
                    },
                    "A metric that versions are judged by.",
                )
            ),
            "ramp": list_of(
                object_of(
                    {
                        "weight": {**NUMBER, "description": "of 100 users, what the candidates get together"},
                        "holdSeconds": {**_NUMBER_OR_NULL, "description": "null: until the routemap is changed"},
                    },
                    "A step.",
                )
            ),
            "promotion": object_of(
                {
                    "mode": {"type": "string", "enum": ["manual", "pullRequest", "commit"]},
                    "requires": list_of({"type": "string", "enum": ["winner", "rampComplete", "approval"]}),
                    "minimumRunSeconds": NUMBER,
                    "approved": {**STRING, "description": "the signature that a person approves"},
                },
                "Who promotes.",
            ),
        },
        "What the routemap says of metrics, ramp and promotion.",
    ),
    "Ramp": object_of(
        {
            "step": {"type": "integer", "minimum": 1, "description": "from 1"},
            "weight": {**NUMBER, "description": "of 100 users, what the candidates get together"},
            "phase": {"type": "string", "enum": [phase.value for phase in RampPhase]},
            "message": STRING,
            "signatures": {**list_of(STRING), "description": "of the candidates that it was begun for"},
            "heldSeconds": {**NUMBER, "description": "of this step, before `runningSince`"},
            "runningSince": {**TIME, "description": "null while its clock stands still"},
        },
        "Where a ramp stands; null while there is none, or no candidate.",
    ),
    "Promotion": object_of(
        {
            "version": {"type": ["integer", "null"], "description": "index; null while nobody has won"},
            "signature": {**STRING, "description": "of the content that is promoted"},
            "phase": {"type": "string", "enum": [phase.value for phase in PromotionPhase]},
            "message": STRING,
            "evidence": {**STRING, "description": "why it is promoted"},
            "reference": {**STRING, "description": "the commit, or the address of the pull request"},
            "attempts": {**COUNT, "description": "that failed"},
            "tryAgainAt": TIME,
        },
        "How far the promotion is that the policy asks for; null where a person promotes, or there is none.",
    ),
}
