"""Plugins' answers in the form in which the core asks for them."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.core.availability import Inspection, Related
from iter8_gitops.core.reconcile import Tools
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.readiness import Readiness
from iter8_gitops.spec.resource import Resource


@dataclass(frozen=True, slots=True)
class Judgement:
    """An inspection, and the plugin (`package:name`) whose verdict it is; "" when no plugin has a rule."""

    inspection: Inspection
    plugin: str


def judge(plugins: Plugins, resource: Resource, related: Related) -> Judgement:
    """What `plugins` say of an object. `related` is what can be seen of the objects that it depends on."""
    verdict = plugins.readiness(resource, related)
    content = plugins.signature_content(resource, related)
    if content.error:
        # Without knowing its content, nothing could be credited to it: the version must not take traffic.
        return Judgement(Inspection(Readiness.unknown("PluginError", content.error), content.value), content.plugin)
    return Judgement(Inspection(verdict.readiness, content.value), verdict.plugin)


def tools(plugins: Plugins, kinds: KindTable) -> Tools:
    """The callables that `reconcile` needs, answered by `plugins`."""
    return Tools(
        inspect=lambda resource, related: judge(plugins, resource, related).inspection,
        render=plugins.render,
        short_names=kinds.short_names(),
        relate=plugins.related_resources,
    )
