"""What a routemap document may contain: shapes and single values. Rules that span values are in `checks`.

Field names are those of the documents in snake case. Keys with the value null count as absent, as
they do in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from iter8_gitops.spec import names
from iter8_gitops.spec.durations import DURATION_HINT, parse_duration
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


Name = Annotated[str, only(names.is_name, "name", names.name_hint)]
Namespace = Annotated[str, only(names.is_namespace, "namespace", names.namespace_hint)]
ApiVersion = Annotated[str, only(names.is_api_version, "API version", lambda _: "write group/version, such as apps/v1")]
Kind = Annotated[str, only(names.is_kind, "kind", lambda _: "write it as manifests do, such as Deployment")]

VersionName = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_VERSION_NAME),
    only(str.isprintable, "name", lambda _: "use printable characters"),
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


Duration = Annotated[float, BeforeValidator(_seconds)]
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
        return {key: value for key, value in data.items() if value is not None and key not in cls.ignored}

    @classmethod
    def keys(cls) -> list[str]:
        """The keys that mean something, as documents write them."""
        return [field.alias or name for name, field in cls.model_fields.items()]


class ResourceSpec(Strict):
    """A resource that a version consists of, named by `gvrShort` or by `apiVersion` and `kind`."""

    gvr_short: str | None = None
    api_version: ApiVersion | None = None
    kind: Kind | None = None
    name: Name
    namespace: Namespace | None = None


class VersionSpec(Strict):
    """One version: its resources, its share of users against the other versions' weights, and how long it may take."""

    name: VersionName | None = None
    resources: Annotated[list[ResourceSpec], Field(min_length=1)]
    weight: Annotated[int, Field(ge=0, le=MAX_WEIGHT)] = 1
    progress_deadline: Deadline = PROGRESS_DEADLINE


class TemplateSpec(Strict):
    """A routing template; `gvrShort` says which kind it renders.

    `forceConflicts` takes over fields that another manager of the rendered object holds.
    """

    gvr_short: str | None = None
    template: Annotated[str, Field(min_length=1)]
    engine: Annotated[str, Field(min_length=1, max_length=63)] = "go"
    force_conflicts: bool = False


class AssignmentSpec(Strict):
    """How users are spread over versions."""

    salt: str = ""


class RoutemapSpec(Strict):
    """The spec, the same in both forms."""

    versions: Annotated[list[VersionSpec], Field(min_length=1, max_length=MAX_VERSIONS)]
    routing_templates: dict[str, TemplateSpec] = {}
    assignment: AssignmentSpec = AssignmentSpec()


class Metadata(Strict):
    """The metadata of a routemap; what Kubernetes itself writes there is dropped."""

    ignored = frozenset(
        {
            "creationTimestamp",
            "deletionGracePeriodSeconds",
            "deletionTimestamp",
            "finalizers",
            "generateName",
            "generation",
            "managedFields",
            "ownerReferences",
            "resourceVersion",
            "selfLink",
        }
    )

    name: Name
    namespace: Namespace | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    uid: str = ""


class Manifest(Strict):
    """What stands around a spec in either form."""

    metadata: Metadata


class NativeManifest(Manifest):
    """The native form. Its spec is validated by itself, as in the other form."""

    ignored = frozenset({"status"})

    api_version: Literal["iter8.tools/v1"]
    kind: Literal["Routemap"]
    spec: Any


class ConfigMapData(Strict):
    """The data of the Iter8 form: the spec as YAML text."""

    str_spec: str


class ConfigMapManifest(Manifest):
    """The Iter8 form."""

    ignored = frozenset({"immutable", "binaryData"})

    api_version: Literal["v1"]
    kind: Literal["ConfigMap"]
    data: ConfigMapData


class ObjectMetadata(Metadata):
    """The metadata of any Kubernetes object; the rest of it does not concern us."""

    model_config = ConfigDict(extra="ignore")


class WatchedObject(Strict):
    """What an object must state so that it can be watched."""

    model_config = ConfigDict(extra="ignore")

    api_version: ApiVersion
    kind: Kind
    metadata: ObjectMetadata
