"""The plugins as the rest of the project sees them: questions go in, checked answers come out.

No plugin's exception gets past here (`answers.call` catches it). It never falls through to the next
plugin either, because a rule that broke is not a rule that does not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeGuard, TypeVar

import pluggy

from iter8_gitops.contracts.cluster import ClusterRequest, OpenedCluster
from iter8_gitops.contracts.git_host import GitHost, GitHostRequest
from iter8_gitops.contracts.metric_store import MetricStore, MetricStoreRequest
from iter8_gitops.contracts.notifier import Notifier, NotifierSettings
from iter8_gitops.contracts.source import Source, SourceRequest
from iter8_gitops.errors import ConfigurationError, TemplateError
from iter8_gitops.hooks import answers
from iter8_gitops.hooks.answers import Answer, Content, Verdict
from iter8_gitops.hooks.loading import (
    EXTRA,
    FIRST_PARTY,
    Candidate,
    LoadedPlugin,
    PluginFailure,
    installed_candidates,
    new_manager,
    register,
)
from iter8_gitops.hooks.stores import CheckedMetricStore
from iter8_gitops.spec.readiness import Readiness
from iter8_gitops.spec.resource import Resource, ResourceId, ResourceKind

_Opened = TypeVar("_Opened")
_NOTHING: Mapping[ResourceId, Resource] = MappingProxyType({})


class Plugins:
    """Every loaded plugin behind one typed front. It does not change once built; threads may share it."""

    def __init__(self, candidates: Sequence[Candidate], failures: Sequence[PluginFailure] = ()) -> None:
        """Load and register `candidates`. One that fails is left out, and listed after `failures`."""
        manager = new_manager()
        # pluggy asks the last registered first, and other people's plugins go before ours.
        in_order = sorted(candidates, key=lambda candidate: (not candidate.first_party, candidate.identity))
        outcomes = [register(manager, candidate) for candidate in in_order]
        self._loaded = tuple(outcome for outcome in outcomes if isinstance(outcome, LoadedPlugin))
        refused = (outcome for outcome in outcomes if isinstance(outcome, PluginFailure))
        self._failures: tuple[PluginFailure, ...] = (*failures, *refused)
        self._related_resources = _call_order(manager.hook.related_resources)
        self._readiness = _call_order(manager.hook.readiness)
        self._signature_content = _call_order(manager.hook.signature_content)
        self._render_template = _call_order(manager.hook.render_template)
        self._open_source = _call_order(manager.hook.open_source)
        self._open_cluster = _call_order(manager.hook.open_cluster)
        self._open_metric_store = _call_order(manager.hook.open_metric_store)
        self._open_notifier = _call_order(manager.hook.open_notifier)
        self._open_git_host = _call_order(manager.hook.open_git_host)
        self._kinds: tuple[ResourceKind, ...] = ()
        for implementation in _call_order(manager.hook.resource_kinds):
            self._add_kinds(answers.call(implementation, {}))

    @classmethod
    def load(cls, *, entry_points: bool = True, extra: Mapping[str, object] | None = None) -> Plugins:
        """Load the installed plugins, and `extra` ones (name -> module or object) as if installed.

        Never raises because of a plugin.
        """
        candidates, unreadable = installed_candidates() if entry_points else ([], [])
        candidates += [Candidate.of(name, plugin) for name, plugin in (extra or {}).items()]
        return cls(candidates, unreadable)

    @property
    def loaded(self) -> tuple[LoadedPlugin, ...]:
        """The plugins that answer."""
        return self._loaded

    @property
    def failures(self) -> tuple[PluginFailure, ...]:
        """The plugins, or parts of them, that were left out, and why."""
        return self._failures

    def kinds(self) -> tuple[ResourceKind, ...]:
        """The kinds of all plugins, in call order."""
        return self._kinds

    def related_resources(self, resource: Resource) -> frozenset[ResourceId]:
        """What must be seen beside `resource`. Of a plugin that breaks here nothing; `readiness` then says so."""
        asked = (answers.call(implementation, {"resource": resource}) for implementation in self._related_resources)
        return frozenset(wanted for answer in asked for wanted in answers.resource_ids(answer)) - {resource.id}

    def readiness(self, resource: Resource, related: Mapping[ResourceId, Resource] = _NOTHING) -> Verdict:
        """The first verdict on `resource`. A plugin that breaks makes it `unknown`; nothing is raised."""
        for implementation in self._related_resources:
            answered = answers.call(implementation, {"resource": resource})
            if flaw := answers.related_flaw(answered):
                return Verdict(Readiness.unknown(answers.PLUGIN_ERROR, flaw), answered.plugin)
        answer = answers.first(self._readiness, {"resource": resource, "related": related})
        if answer is None:
            message = f"no plugin has a rule for {resource.id.kind} of API group {resource.id.group!r}"
            return Verdict(Readiness.unknown("NoRule", message), "")
        return answers.verdict(answer)

    def signature_content(self, resource: Resource, related: Mapping[ResourceId, Resource] = _NOTHING) -> Content:
        """The first answer to what of `resource` is content. A plugin that breaks sets `error`."""
        answer = answers.first(self._signature_content, {"resource": resource, "related": related})
        if answer is None:
            return Content({}, "", f"no plugin says what of {resource.id.kind} is content")
        return answers.content(answer)

    def render(self, engine: str, template: str, data: Mapping[str, Any]) -> str:
        """The text of a routing template. Whatever goes wrong is a `TemplateError`."""
        answer = answers.first(self._render_template, {"engine": engine, "template": template, "data": data})
        if answer is None:
            message = f"no plugin renders templates of the engine {engine!r}"
            raise TemplateError(message)
        return answers.rendered(answer)

    def open_source(self, request: SourceRequest) -> Source:
        """The source that `request` means. Whatever goes wrong is a `ConfigurationError`."""
        unknown = "no plugin knows locations of this form"
        return self._opened(self._open_source, {"request": request}, answers.is_source, "a Source", unknown)

    def open_cluster(self, request: ClusterRequest) -> OpenedCluster:
        """The cluster backend that `request` means. Whatever goes wrong is a `ConfigurationError`."""
        known = "'kubernetes', 'manifests', 'manifests:DIR', the path of a directory, or the backend of a plugin"
        unknown = f"--cluster {request.backend!r} is not known; use {known}"
        return self._opened(self._open_cluster, {"request": request}, answers.is_cluster, "an OpenedCluster", unknown)

    def open_metric_store(self, request: MetricStoreRequest) -> MetricStore:
        """The metric store that `request` means. Whatever goes wrong is a `ConfigurationError`."""
        unknown = f"no plugin knows metric stores of the form {request.url.partition(':')[0]}:"
        asked = {"request": request}
        store, plugin = self._opened_by(
            self._open_metric_store, asked, answers.is_metric_store, "a MetricStore", unknown
        )
        return CheckedMetricStore(store, plugin)

    def open_notifier(self, settings: NotifierSettings) -> Notifier:
        """The notifier that `settings` mean. Whatever goes wrong is a `ConfigurationError`."""
        unknown = f"no plugin knows notifiers of the type {settings.type!r}"
        return self._opened(self._open_notifier, {"settings": settings}, answers.is_notifier, "a Notifier", unknown)

    def open_git_host(self, request: GitHostRequest) -> GitHost:
        """The host of repositories that `request` means. Whatever goes wrong is a `ConfigurationError`."""
        if request.type:
            unknown = f"--host-type {request.type!r} is not known; use github, gitlab, gitea, or that of a plugin"
        else:
            unknown = f"what kind of host {request.host} is cannot be told; say so with --host-type"
        return self._opened(self._open_git_host, {"request": request}, answers.is_git_host, "a GitHost", unknown)

    def _opened(
        self,
        implementations: tuple[pluggy.HookImpl, ...],
        asked: Mapping[str, object],
        is_one: Callable[[object], TypeGuard[_Opened]],
        what: str,
        unknown: str,
    ) -> _Opened:
        """What the first plugin that knows what is `asked` opens; `unknown` is said when none does."""
        return self._opened_by(implementations, asked, is_one, what, unknown)[0]

    def _opened_by(
        self,
        implementations: tuple[pluggy.HookImpl, ...],
        asked: Mapping[str, object],
        is_one: Callable[[object], TypeGuard[_Opened]],
        what: str,
        unknown: str,
    ) -> tuple[_Opened, str]:
        """As `_opened`, and the plugin that opened it."""
        answer = answers.first(implementations, asked)
        if answer is None:
            left_out = [f"{each.name} of {each.distribution} ({each.message})" for each in self._failures]
            message = f"{unknown}; left out: {', '.join(left_out)}" if left_out else unknown
            raise ConfigurationError(message)
        return answers.opened(answer, is_one, what), answer.plugin

    def _add_kinds(self, answer: Answer) -> None:
        listed = answers.kinds(answer)
        if isinstance(listed, str):
            distribution, _, name = answer.plugin.partition(":")
            self._failures = (*self._failures, PluginFailure(name, distribution, listed))
        else:
            self._kinds = (*self._kinds, *listed)


def _call_order(hook: pluggy.HookCaller) -> tuple[pluggy.HookImpl, ...]:
    """pluggy's order, but for two ends: what a person configured in front, and a first-party fallback at the back.

    The fallback answers whatever it is asked, so that what comes after it, even others' `trylast`, would never be
    asked at all.
    """
    asked_first = list(reversed(hook.get_hookimpls()))
    return tuple(sorted(asked_first, key=lambda each: (not _is_configured(each), _is_fallback(each))))


def _is_configured(implementation: pluggy.HookImpl) -> bool:
    return implementation.tryfirst and implementation.plugin_name.startswith(f"{EXTRA}:")


def _is_fallback(implementation: pluggy.HookImpl) -> bool:
    return implementation.trylast and implementation.plugin_name.startswith(f"{FIRST_PARTY}:")
