"""Plugins' answers in the form in which the core asks for them."""

from __future__ import annotations

from iter8_gitops.core.availability import Inspect, Inspection, Related
from iter8_gitops.core.reconcile import Tools
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.readiness import Readiness
from iter8_gitops.spec.resource import Resource


def tools(plugins: Plugins, kinds: KindTable) -> Tools:
    """The callables that `reconcile` needs, answered by `plugins`."""
    return Tools(
        inspect=_inspect_with(plugins),
        render=plugins.render,
        short_names=kinds.short_names(),
        relate=plugins.related_resources,
    )


def _inspect_with(plugins: Plugins) -> Inspect:
    def inspect(resource: Resource, related: Related) -> Inspection:
        readiness = plugins.readiness(resource, related).readiness
        content = plugins.signature_content(resource, related)
        if content.error:
            # Without knowing its content, nothing could be credited to it: the version must not take traffic.
            readiness = Readiness.unknown("PluginError", content.error)
        return Inspection(readiness, content.value)

    return inspect
