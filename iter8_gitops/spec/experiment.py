"""The sections of a spec about the experiment: who gets what, what is judged, how weights rise, and who promotes.

Conventions are those of `schema`.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from iter8_gitops.spec.fields import Duration, Percentage, Strict, VersionName
from iter8_gitops.spec.routemap import MINIMUM_EFFECT, MINIMUM_RUN
from iter8_gitops.spec.wording import kind_of

MAX_RAMP_STEPS = 100
MAX_METRICS = 100
MAX_RULES = 100
MAX_OVERRIDES = 10_000
MAX_ALTERNATIVES = 1_000
LONGEST_TEXT = 256
"""Characters of a user, an attribute or a metric's name, as in requests."""

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
_SCALAR: JsonDict = {"type": ["string", "boolean", "number"]}
_NAMED: JsonDict = {"propertyNames": {"minLength": 1, "maxLength": LONGEST_TEXT}}


def _scalar(value: Any) -> Any:
    if isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    said = f"must be text, a number, true or false, not {kind_of(value)}"
    raise PydanticCustomError("rule", "{said}", {"said": said, "hint": "rules compare attributes with single values"})


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Alternatives = Annotated[
    list[Annotated[Any, BeforeValidator(_scalar)]],
    BeforeValidator(_as_list),
    Field(min_length=1, max_length=MAX_ALTERNATIVES),
    WithJsonSchema(
        {
            **_SCALAR,
            "type": ["array", "string", "boolean", "number"],
            "items": _SCALAR,
            "minItems": 1,
            "maxItems": MAX_ALTERNATIVES,
        }
    ),
]
"""One value, or several of which one must match."""


class RuleSpec(Strict):
    """A rule of targeting: users with these attributes get this version while it is available."""

    name: VersionName | None = Field(
        default=None,
        description="What people call this rule; by default rule 1, rule 2, .. by its place.",
        examples=["staff"],
    )
    when: dict[str, Alternatives] = Field(
        min_length=1,
        description="Attribute -> the value it must have, or a list of values of which it must have one. All of "
        "them must match. Callers give attributes with a lookup.",
        examples=[{"group": ["staff", "beta"]}],
        json_schema_extra=_NAMED,
    )
    version: VersionName = Field(description="The name of the version that they get.", examples=["candidate"])


class AssignmentSpec(Strict):
    """How users are spread over versions."""

    salt: str = Field(default="", description="A new value assigns all users anew, on purpose.", examples=["2026-11"])
    overrides: dict[str, VersionName] = Field(
        default={},
        max_length=MAX_OVERRIDES,
        description="User -> the name of the version that this user gets while it is available, also at weight 0.",
        examples=[{"alice": "candidate"}],
        json_schema_extra=_NAMED,
    )
    holdout: Percentage = Field(
        default=0.0,
        description="The share of users who stay on the primary for ever, whatever the weights, the salt and the rules "
        "are.",
        examples=["5%"],
        json_schema_extra={"default": "0%"},
    )
    rules: list[RuleSpec] = Field(
        default=[],
        max_length=MAX_RULES,
        description="Rules that give a version to a group of users; the first that matches decides.",
    )


class GuardrailSpec(Strict):
    """A metric that the candidate may not harm."""

    max_harm: Percentage = Field(
        description="How much worse than the primary, in per cent of it, is still accepted.", examples=["2%"]
    )


class MetricSpec(Strict):
    """A metric that versions are judged by. Metrics that are not declared are shown, and not judged."""

    name: Text = Field(description="The name that values are written under.", examples=["revenue"])
    goal: Literal["increase", "decrease"] = Field(default="increase", description="Which direction is better.")
    type: Literal["mean", "conversion", "ratio"] = Field(
        default="mean",
        description="mean: the average of each user's sum. conversion: the share of users with a sum above 0. "
        "ratio: the sum of this metric over the sum of the denominator.",
    )
    denominator: Text | None = Field(
        default=None, description="The metric that a ratio is divided by.", examples=["visits"]
    )
    guardrail: GuardrailSpec | None = Field(
        default=None, description="Makes it a guardrail: it need not improve, but may not be harmed."
    )
    minimum_effect: Percentage = Field(
        default=MINIMUM_EFFECT,
        description="The smallest relative change that matters; smaller ones count as no difference.",
        examples=["1%"],
        json_schema_extra={"default": "1%"},
    )


class RampStepSpec(Strict):
    """A step of a ramp: how many users the candidates get, and for how long."""

    weight: float = Field(ge=0, le=100, description="How many of 100 users the candidates get together.", examples=[5])
    hold: Duration | None = Field(
        default=None,
        description="How long this step lasts while nothing is wrong. Without it the ramp stays there.",
        examples=["10m", "1h30m"],
    )


Evidence = Literal["winner", "rampComplete", "approval"]
Mode = Literal["manual", "pullRequest", "commit"]


class PromotionSpec(Strict):
    """Who promotes a candidate, and what must be known before. A mode alone may stand for the whole."""

    mode: Mode = Field(
        default="manual",
        description="manual: a person does. pullRequest: the controller proposes it. commit: the controller does it.",
    )
    requires: list[Evidence] = Field(
        default=["winner"],
        max_length=3,
        description="What the controller waits for. winner: the analysis names the candidate. rampComplete: the last "
        "step of the ramp has been held. approval: a person has written its signature to `approved`.",
    )
    minimum_run: Duration = Field(
        default=MINIMUM_RUN,
        description="How long the contents must have been compared at least.",
        examples=["24h"],
    )
    approved: str = Field(
        default="",
        max_length=LONGEST_TEXT,
        description="The signature of the content that a person approves for promotion.",
        examples=["ffb75ffd61561ff7"],
    )


def as_promotion(value: Any) -> Any:
    """`promotion: commit` is short for a mapping with that mode."""
    return {"mode": value} if isinstance(value, str) else value


Promotion = Annotated[
    PromotionSpec,
    BeforeValidator(as_promotion),
    Field(json_schema_extra={"type": ["object", "string"], "pattern": "^(?:manual|pullRequest|commit)$"}),
]
