"""The JSON Schemas of analyses."""

from __future__ import annotations

from typing import get_args

from iter8_gitops.core.analysis.values import Finding, Method, Role, VerdictName
from iter8_gitops.core.statistics.sample_ratio import SampleRatioState
from iter8_gitops.serving.analyses import QUANTILES
from iter8_gitops.serving.http.openapi_parts import (
    COUNT,
    NUMBER,
    STRING,
    Schema,
    list_of,
    object_of,
    or_null,
    reference,
)

_NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
_COUNT_OR_NULL: Schema = {"type": ["integer", "null"], "minimum": 0}
_INTERVAL = object_of({"lower": _NUMBER_OR_NULL, "upper": _NUMBER_OR_NULL}, "Both null: nothing can be said yet.")
_DISTRIBUTION = object_of(
    {
        "count": COUNT,
        "mean": NUMBER,
        "minimum": NUMBER,
        "maximum": NUMBER,
        **{key: {**_NUMBER_OR_NULL, "description": "to 1%"} for key in QUANTILES},
    },
    "How values are distributed, over all epochs of the present content.",
)


def _one_of(alternatives: object) -> Schema:
    return {"type": "string", "enum": list(get_args(alternatives))}


ANALYSIS_SCHEMAS: dict[str, Schema] = {
    "Trend": object_of(
        {
            "application": STRING,
            "experiment": {**COUNT, "description": "when it began, in Unix seconds"},
            "points": list_of(
                object_of(
                    {
                        "at": {"type": "string", "format": "date-time"},
                        "users": {**list_of(COUNT), "description": "who came to each version first"},
                        "verdict": _one_of(VerdictName),
                        "lifts": list_of(
                            object_of(
                                {
                                    "metric": STRING,
                                    "version": COUNT,
                                    "lift": _NUMBER_OR_NULL,
                                    "lower": _NUMBER_OR_NULL,
                                    "upper": _NUMBER_OR_NULL,
                                },
                                "A candidate against the primary, as shares: 0.02 is 2% more.",
                            )
                        ),
                    },
                    "One look.",
                )
            ),
        },
        "How the present experiment went: at most some 200 looks, evenly spread; the last one is the present.",
    ),
    "Analysis": object_of(
        {
            "application": STRING,
            "versions": list_of(object_of({"index": COUNT, "name": STRING, "weight": COUNT}, "A version.")),
            "elapsedSeconds": {**NUMBER, "description": "since the present contents began to be compared"},
            "experiment": {**COUNT, "description": "when that was, in Unix seconds"},
            "verdict": reference("Verdict"),
            "candidates": {**list_of(reference("Verdict")), "description": "a verdict on each candidate"},
            "sampleRatio": object_of(
                {
                    "state": _one_of(SampleRatioState),
                    "logEvidence": _NUMBER_OR_NULL,
                    "newcomers": list_of(COUNT),
                    "expected": list_of(NUMBER),
                },
                "Whether users came to the versions as the weights say.",
            ),
            "metrics": list_of(reference("MetricAnalysis")),
        },
        "What is known. It holds at every look, but `chanceToBeat`, `chanceToBeBest` and `expectedLoss`.",
    ),
    "Verdict": object_of(
        {
            "name": _one_of(VerdictName),
            "versions": list_of(COUNT),
            "reason": STRING,
            "usersLeft": {**_COUNT_OR_NULL, "description": "about how many more are needed"},
            "secondsLeft": {**_NUMBER_OR_NULL, "description": "about how long that takes"},
        },
        "What is known, of which versions (indexes), and why.",
    ),
    "MetricAnalysis": object_of(
        {
            "name": STRING,
            "role": _one_of(Role),
            "goal": STRING,
            "type": STRING,
            "denominator": STRING,
            "margin": {**_NUMBER_OR_NULL, "description": "the relative change that matters"},
            "versions": list_of(reference("VersionAnalysis")),
        },
        "One metric.",
    ),
    "VersionAnalysis": object_of(
        {
            "version": COUNT,
            "users": COUNT,
            "mean": _NUMBER_OR_NULL,
            "comparison": or_null(reference("Comparison")),
            "chanceToBeBest": _NUMBER_OR_NULL,
            "expectedLoss": _NUMBER_OR_NULL,
            "perUser": or_null(_DISTRIBUTION),
            "perTransaction": or_null(_DISTRIBUTION),
        },
        "One version in one metric.",
    ),
    "Comparison": object_of(
        {
            "method": _one_of(Method),
            "alpha": NUMBER,
            "difference": _NUMBER_OR_NULL,
            "differenceInterval": _INTERVAL,
            "lift": {**_NUMBER_OR_NULL, "description": "0.02 is 2% more than the primary"},
            "liftInterval": _INTERVAL,
            "logEvidence": _NUMBER_OR_NULL,
            "pValue": _NUMBER_OR_NULL,
            "finding": _one_of(Finding),
            "detectableLift": _NUMBER_OR_NULL,
            "usersLeft": _COUNT_OR_NULL,
            "secondsLeft": _NUMBER_OR_NULL,
            "chanceToBeat": _NUMBER_OR_NULL,
        },
        "A candidate against the primary.",
    ),
}
