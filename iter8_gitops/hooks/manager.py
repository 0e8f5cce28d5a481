"""The plugins as the rest of the project sees them: questions go in, checked answers come out.

No plugin's exception gets past here (`answers.call` catches it). It never falls through to the next
plugin either, because a rule that broke is not a rule that does not apply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pluggy

from iter8_gitops.errors import TemplateError
from iter8_gitops.hooks import answers
from iter8_gitops.hooks.answers import Answer, Content, Verdict
from iter8_gitops.hooks.loading import (
    FIRST_PARTY,
    Candidate,
    LoadedPlugin,
    PluginFailure,
    installed_candidates,
    new_manager,
    register,
)
from iter8_gitops.spec.readiness import Readiness
from iter8_gitops.spec.resource import Resource, ResourceKind


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
        self._readiness = _call_order(manager.hook.readiness)
        self._signature_content = _call_order(manager.hook.signature_content)
        self._render_template = _call_order(manager.hook.render_template)
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

    def readiness(self, resource: Resource) -> Verdict:
        """The first verdict on `resource`. A plugin that breaks makes it `unknown`; nothing is raised."""
        answer = _first(self._readiness, {"resource": resource})
        if answer is None:
            message = f"no plugin has a rule for {resource.id.kind} of API group {resource.id.group!r}"
            return Verdict(Readiness.unknown("NoRule", message), "")
        return answers.verdict(answer)

    def signature_content(self, resource: Resource) -> Content:
        """The first answer to what of `resource` is content. A plugin that breaks sets `error`."""
        answer = _first(self._signature_content, {"resource": resource})
        if answer is None:
            return Content({}, "", f"no plugin says what of {resource.id.kind} is content")
        return answers.content(answer)

    def render(self, engine: str, template: str, data: Mapping[str, Any]) -> str:
        """The text of a routing template. Whatever goes wrong is a `TemplateError`."""
        answer = _first(self._render_template, {"engine": engine, "template": template, "data": data})
        if answer is None:
            message = f"no plugin renders templates of the engine {engine!r}"
            raise TemplateError(message)
        return answers.rendered(answer)

    def _add_kinds(self, answer: Answer) -> None:
        listed = answers.kinds(answer)
        if isinstance(listed, str):
            distribution, _, name = answer.plugin.partition(":")
            self._failures = (*self._failures, PluginFailure(name, distribution, listed))
        else:
            self._kinds = (*self._kinds, *listed)


def _call_order(hook: pluggy.HookCaller) -> tuple[pluggy.HookImpl, ...]:
    """pluggy's order, except that a first-party fallback comes after everything, even others' `trylast`.

    It answers whatever it is asked, so that what comes after it would never be asked at all.
    """
    asked_first = list(reversed(hook.get_hookimpls()))
    return tuple(sorted(asked_first, key=_is_fallback))


def _is_fallback(implementation: pluggy.HookImpl) -> bool:
    return implementation.trylast and implementation.plugin_name.startswith(f"{FIRST_PARTY}:")


def _first(implementations: tuple[pluggy.HookImpl, ...], arguments: Mapping[str, object]) -> Answer | None:
    for implementation in implementations:
        answer = answers.call(implementation, arguments)
        if answer.given:
            return answer
    return None
