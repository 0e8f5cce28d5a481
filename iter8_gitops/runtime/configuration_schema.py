"""What Iter8's configuration may contain."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from iter8_gitops.runtime.notifier_configuration import NotifierDocument
from iter8_gitops.runtime.promotion_configuration import PromotionDocument
from iter8_gitops.runtime.source_configuration import SourceDocument
from iter8_gitops.spec import names
from iter8_gitops.spec.fields import Duration, Kind, Strict, only

Group = Annotated[
    str,
    only(lambda text: not text or names.is_name(text), "API group", lambda _: 'write it as in apiVersion; "" is core'),
]
ApiVersion = Annotated[
    str,
    only(lambda text: "/" not in text and names.is_api_version(text), "version", lambda _: "write v1, v1beta1 or such"),
]
Plural = Annotated[
    str, only(names.is_namespace, "resource", lambda _: "write the plural in lower case, such as deployments")
]
NotEmpty = Annotated[str, Field(min_length=1)]


class TypeDocument(Strict):
    """A resource type as Iter8 writes it, with `Kind` besides for types that no plugin knows, and its rule.

    Of the rule only types of values are looked at here; its texts are compiled elsewhere.
    """

    group: Group = Field(default="", alias="Group")
    version: ApiVersion = Field(alias="Version")
    resource: Plural = Field(alias="Resource")
    kind: Kind | None = Field(default=None, alias="Kind")
    conditions: list[NotEmpty] = Field(default_factory=list)
    ready: NotEmpty | None = Field(
        default=None,
        description="An expression in CEL over metadata, spec, status and object: ready when it is true.",
        examples=["status.phase == 'Running'"],
    )
    failed: NotEmpty | None = Field(
        default=None, description="CEL, asked before ready: true when the object will not get there without a change."
    )
    servable: NotEmpty | None = Field(
        default=None, description="CEL: whether something answers while the object is not ready; by default, ready."
    )
    message: NotEmpty | None = Field(
        default=None, description="CEL that gives text: what to tell people while the object is not ready."
    )
    override: bool = Field(
        default=False,
        description="Whether this rule goes before those of plugins and the check of status.observedGeneration.",
    )
    ignore: list[NotEmpty] = Field(
        default_factory=list,
        description="JSONPaths to parts of the spec that are no content, for the signature.",
        examples=[["spec.workers[*].replicas"]],
    )


class ConfigurationDocument(Strict):
    """The keys that mean something here; others are dropped."""

    resource_types: dict[str, TypeDocument] = Field(default_factory=dict)
    default_resync: Duration | None = None
    cluster_scoped: bool | None = None
    notifiers: list[NotifierDocument] = Field(default_factory=list)
    sources: list[SourceDocument] = Field(default_factory=list)
    promotion: PromotionDocument | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_unknown(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        known = cls.keys()
        return {key: value for key, value in data.items() if key in known}

    @classmethod
    def unknown_keys(cls, data: dict[str, Any]) -> list[str]:
        """The keys of `data` that are dropped, sorted."""
        return sorted(set(data).difference(cls.keys()))
