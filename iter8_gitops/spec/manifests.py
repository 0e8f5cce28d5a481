"""What stands around the spec of a routemap, in either form, and what any other object must state."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from iter8_gitops.spec.fields import ApiVersion, Kind, Name, Namespace, Strict


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

    name: Name = Field(
        description="The name of the routemap. Callers ask for the application namespace/name.", examples=["checkout"]
    )
    namespace: Namespace | None = Field(
        default=None,
        description="The namespace of the routemap; by default the one that its resources name, or else `default`.",
        examples=["shop"],
    )
    labels: dict[str, str] = Field(default={}, description="Labels; routing templates see them. Values are text.")
    annotations: dict[str, str] = Field(
        default={}, description="Annotations; routing templates see them. Values are text."
    )
    uid: str = Field(default="", description="Written by Kubernetes.", json_schema_extra={"doNotSuggest": True})


class Manifest(Strict):
    """What stands around a spec in either form."""

    metadata: Metadata = Field(description="What the routemap is called.")


class NativeManifest(Manifest):
    """The native form. Its spec is validated by itself, as in the other form."""

    ignored = frozenset({"status"})

    api_version: Literal["iter8.tools/v1"] = Field(description="The API version of this form.")
    kind: Literal["Routemap"] = Field(description="The kind of this form.")
    spec: Any = Field(description="The versions of the application, and how traffic is routed among them.")


class ConfigMapData(Strict):
    """The data of the Iter8 form: the spec as YAML text."""

    str_spec: str = Field(
        description="The spec of the routemap, as YAML text: versions, routingTemplates, assignment. Its contents are "
        "not checked here but by `iter8-gitops validate`."
    )


class ConfigMapManifest(Manifest):
    """The Iter8 form."""

    ignored = frozenset({"immutable", "binaryData"})

    api_version: Literal["v1"] = Field(description="The API version of ConfigMaps.")
    kind: Literal["ConfigMap"] = Field(description="Iter8's routemaps are ConfigMaps.")
    data: ConfigMapData = Field(description="The routemap.")


class ObjectMetadata(Metadata):
    """The metadata of any Kubernetes object; the rest of it does not concern us."""

    model_config = ConfigDict(extra="ignore")


class WatchedObject(Strict):
    """What an object must state so that it can be watched."""

    model_config = ConfigDict(extra="ignore")

    api_version: ApiVersion
    kind: Kind
    metadata: ObjectMetadata
