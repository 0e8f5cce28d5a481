"""Plugin hooks: their specifications, and the manager that calls them.

A plugin needs nothing but what is exported here:

    from iter8_gitops.hooks import Readiness, Resource, hookimpl

    @hookimpl
    def readiness(resource: Resource) -> Readiness | None:
        ...

The helpers in `iter8_gitops.spec.status` and `iter8_gitops.spec.content` are for plugins as well.
"""

from iter8_gitops.errors import TemplateError
from iter8_gitops.hooks.answers import Content, Verdict
from iter8_gitops.hooks.loading import LoadedPlugin, PluginFailure
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.hooks.specs import PROJECT, Hooks, JsonValue, hookimpl
from iter8_gitops.hooks.versions import HOOKS_VERSION
from iter8_gitops.spec.readiness import Readiness, ReadinessState
from iter8_gitops.spec.resource import Resource, ResourceId, ResourceKind
from iter8_gitops.spec.status import (
    ReportedCondition,
    condition_status,
    conditions,
    count,
    early_verdict,
    integer,
    mappings,
    observed_generation_behind,
    observed_generation_current,
    text,
)

__all__ = [
    "HOOKS_VERSION",
    "PROJECT",
    "Content",
    "Hooks",
    "JsonValue",
    "LoadedPlugin",
    "PluginFailure",
    "Plugins",
    "Readiness",
    "ReadinessState",
    "ReportedCondition",
    "Resource",
    "ResourceId",
    "ResourceKind",
    "TemplateError",
    "Verdict",
    "condition_status",
    "conditions",
    "count",
    "early_verdict",
    "hookimpl",
    "integer",
    "mappings",
    "observed_generation_behind",
    "observed_generation_current",
    "text",
]
