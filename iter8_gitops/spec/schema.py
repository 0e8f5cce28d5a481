"""What the spec of a routemap may contain: shapes and single values. Rules that span values are in `checks`,
what stands around a spec in `manifests`.

Field names are those of the documents in snake case. Keys with the value null count as absent, as
they do in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from iter8_gitops.spec import names
from iter8_gitops.spec.durations import DURATION_HINT, DURATION_PATTERN, parse_duration
from iter8_gitops.spec.routemap import PROGRESS_DEADLINE
from iter8_gitops.spec.wording import abridged, kind_of

MAX_VERSIONS = 100
MAX_WEIGHT = 2**31 - 1
LEAST_DEADLINE = 1.0
"""Seconds."""
LONGEST_VERSION_NAME = 253
"""Characters; the name is for people, who also see it in terminals: it must be printable."""


def only(valid: Callable[[str], bool], what: str, hint: Callable[[str], str]) -> AfterValidator:
    """A check of a text. Its message continues the sentence that begins with the path of the value."""

    def check(value: str) -> str:
        if not valid(value):
            said = f"is no valid {what}: `{abridged(value)}`"
            raise PydanticCustomError("rule", "{said}", {"said": said, "hint": hint(value)})
        return value

    return AfterValidator(check)


def looks(pattern: str, hint: str, longest: int | None = None) -> WithJsonSchema:
    """What a JSON Schema can say of a text: the whole of it matches `pattern`. Editors show `hint` when it does not."""
    # In Python's expressions `$` also matches before a last line break.
    said = {"type": "string", "pattern": f"^(?:{pattern})$(?!\\n)", "patternErrorMessage": hint}
    return WithJsonSchema(said if longest is None else {**said, "maxLength": longest})


_API_VERSION_HINT = "write group/version, such as apps/v1"
_KIND_HINT = "write it as manifests do, such as Deployment"
_VERSION_NAME_HINT = "use printable characters"

Name = Annotated[
    str,
    only(names.is_name, "name", names.name_hint),
    looks(names.NAME_PATTERN, names.NAME_RULE, names.LONGEST_NAME),
]
Namespace = Annotated[
    str,
    only(names.is_namespace, "namespace", names.namespace_hint),
    looks(names.NAMESPACE_PATTERN, names.NAMESPACE_RULE, names.LONGEST_NAMESPACE),
]
ApiVersion = Annotated[
    str,
    only(names.is_api_version, "API version", lambda _: _API_VERSION_HINT),
    looks(names.API_VERSION_PATTERN, _API_VERSION_HINT, names.LONGEST_API_VERSION),
]
Kind = Annotated[
    str,
    only(names.is_kind, "kind", lambda _: _KIND_HINT),
    looks(names.KIND_PATTERN, _KIND_HINT, names.LONGEST_KIND),
]
VersionName = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_VERSION_NAME),
    only(str.isprintable, "name", lambda _: _VERSION_NAME_HINT),
    # Of what is not printable, expressions that every editor knows can name the control characters.
    looks(r"[^\u0000-\u001f\u007f-\u009f]+", _VERSION_NAME_HINT, LONGEST_VERSION_NAME),
]


def _seconds(value: Any) -> float:
    seconds = parse_duration(value) if isinstance(value, str) else None
    if seconds is None:
        text = isinstance(value, str)
        said = f"is no duration: `{abridged(value)}`" if text else f"must be text, not {kind_of(value)}"
        raise PydanticCustomError("rule", "{said}", {"said": said, "hint": DURATION_HINT})
    return seconds


def _some_time(seconds: float) -> float:
    if seconds < LEAST_DEADLINE:
        said = f"must be at least {LEAST_DEADLINE:g}s"
        raise PydanticCustomError("rule", "{said}", {"said": said, "hint": "write a duration such as 10m"})
    return seconds


Duration = Annotated[float, BeforeValidator(_seconds), looks(DURATION_PATTERN, DURATION_HINT)]
"""Seconds; documents write them as Go does."""

Deadline = Annotated[Duration, AfterValidator(_some_time)]


class Strict(BaseModel):
    """No conversions, no unknown keys. Keys in `ignored` are allowed and dropped."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)
    ignored: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _without_absent(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        known = set(cls.keys())
        return {
            key: value
            for key, value in data.items()
            if key not in cls.ignored and (value is not None or key not in known)
        }

    @classmethod
    def keys(cls) -> list[str]:
        """The keys that mean something, as documents write them."""
        return [field.alias or name for name, field in cls.model_fields.items()]


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


class AssignmentSpec(Strict):
    """How users are spread over versions."""

    salt: str = Field(default="", description="A new value assigns all users anew, on purpose.", examples=["2026-11"])


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
