"""What the spec of a routemap may contain: shapes and single values. Rules that span values are in `checks`,
what stands around a spec in `manifests`, the sections about the experiment in `experiment`.

Field names are those of the documents in snake case. Keys with the value null count as absent, as
they do in Kubernetes.
"""

from __future__ import annotations

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from iter8_gitops.spec.experiment import (
    MAX_METRICS,
    MAX_RAMP_STEPS,
    AssignmentSpec,
    MetricSpec,
    Promotion,
    PromotionSpec,
    RampStepSpec,
)
from iter8_gitops.spec.fields import ApiVersion, Deadline, Kind, Name, Namespace, Strict, VersionName
from iter8_gitops.spec.routemap import PROGRESS_DEADLINE

MAX_VERSIONS = 100
MAX_WEIGHT = 2**31 - 1

NAME_THE_KIND = "write gvrShort, or apiVersion and kind"
_STATED: JsonDict = {"type": "string"}
_NOT_STATED: JsonDict = {"pattern": "(?!)", "patternErrorMessage": NAME_THE_KIND}
"""No text matches. Editors would suggest to write null if that stood here, and tell of `not` without saying why."""

_BY_SHORT_NAME: JsonDict = {
    "errorMessage": NAME_THE_KIND,
    "required": ["gvrShort"],
    "properties": {"gvrShort": _STATED, "apiVersion": _NOT_STATED, "kind": _NOT_STATED},
}
_BY_KIND: JsonDict = {
    "errorMessage": NAME_THE_KIND,
    "required": ["apiVersion", "kind"],
    "properties": {"gvrShort": _NOT_STATED, "apiVersion": _STATED, "kind": _STATED},
}
"""The two ways to name a kind, as JSON Schemas; `checks` has them in words."""


class ResourceSpec(Strict):
    """A resource that a version consists of, named by `gvrShort` or by `apiVersion` and `kind`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_BY_SHORT_NAME, _BY_KIND]})

    gvr_short: str | None = Field(
        default=None,
        description="The short name of its kind. For a kind that has none, write apiVersion and kind instead.",
        examples=["deploy", "svc", "isvc", "cm", "vs", "httproute"],
    )
    api_version: ApiVersion | None = Field(
        default=None,
        description="The API group and version of its kind, beside kind and instead of gvrShort.",
        examples=["apps/v1", "serving.kserve.io/v1beta1"],
    )
    kind: Kind | None = Field(
        default=None,
        description="Its kind as manifests write it, beside apiVersion and instead of gvrShort.",
        examples=["Deployment", "InferenceService"],
    )
    name: Name = Field(description="The name of the object.", examples=["checkout"])
    namespace: Namespace | None = Field(
        default=None, description="The namespace of the object; by default the routemap's.", examples=["shop"]
    )


class VersionSpec(Strict):
    """One version: its resources, its share of users against the other versions' weights, and how long it may take."""

    name: VersionName | None = Field(
        default=None,
        description="What people call this version; by default v0, v1, .. by its place. Names must differ.",
        examples=["stable", "candidate"],
    )
    resources: list[ResourceSpec] = Field(
        min_length=1,
        description="The Kubernetes objects that this version consists of. It takes traffic while all of them exist, "
        'carry the label iter8.tools/watch: "true" and can answer.',
    )
    weight: int = Field(
        default=1,
        ge=0,
        le=MAX_WEIGHT,
        description="Its share of the users, against the other versions' weights. 0 takes no traffic. The annotation "
        "iter8.tools/weight of its first resource overrides it.",
        examples=[90],
    )
    progress_deadline: Deadline = Field(
        default=PROGRESS_DEADLINE,
        description="How long it may stay on its way before it is reported as stalled, at least 1s.",
        examples=["10m", "1h30m", "45s"],
    )


class TemplateSpec(Strict):
    """A routing template; `gvrShort` says which kind it renders.

    `forceConflicts` takes over fields that another manager of the rendered object holds.
    """

    gvr_short: str | None = Field(
        default=None,
        description="The short name of the kind that it renders; when it is stated, anything else is a problem.",
        examples=["httproute", "vs"],
    )
    template: str = Field(
        min_length=1,
        description="The text that renders one Kubernetes object. A Go template sees .Weights, .Versions, .Name, "
        ".Namespace, .Labels and .Annotations; a Jinja2 template the same names without the dot.",
    )
    engine: str = Field(
        default="go",
        min_length=1,
        max_length=63,
        description="The template language: go, jinja2, or one that a plugin brings.",
        examples=["go", "jinja2"],
    )
    force_conflicts: bool = Field(
        default=False,
        description="Whether fields of the rendered object that another manager holds are taken over.",
    )


class RoutemapSpec(Strict):
    """The spec, the same in both forms."""

    versions: list[VersionSpec] = Field(
        min_length=1,
        max_length=MAX_VERSIONS,
        description="The versions of the application. The first is the primary: it gets everything when no version "
        "with a weight can answer.",
    )
    routing_templates: dict[str, TemplateSpec] = Field(
        default={},
        description="Templates by name; each renders one Kubernetes object from the weights in force.",
        json_schema_extra={"propertyNames": {"minLength": 1}},
    )
    assignment: AssignmentSpec = Field(default=AssignmentSpec(), description="How users are spread over versions.")
    metrics: list[MetricSpec] = Field(
        default=[],
        max_length=MAX_METRICS,
        description="The metrics that versions are judged by.",
    )
    ramp: list[RampStepSpec] = Field(
        default=[],
        max_length=MAX_RAMP_STEPS,
        description="Steps by which candidates get users. While a ramp is declared, the weights of the versions only "
        "say how candidates share what the step gives them.",
        examples=[[{"weight": 5, "hold": "10m"}, {"weight": 50, "hold": "24h"}]],
    )
    promotion: Promotion = Field(
        default=PromotionSpec(), description="Who promotes a candidate, and what must be known before."
    )
