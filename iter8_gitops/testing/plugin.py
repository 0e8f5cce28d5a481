"""The plugin that a suite is about, loaded and vetted as the controller would."""

from __future__ import annotations

from typing import Any

from iter8_gitops.hooks import PluginFailure, Plugins
from iter8_gitops.hooks.answers import Answer, call
from iter8_gitops.hooks.loading import Candidate, new_manager, register
from iter8_gitops.testing.checks import check


class PluginUnderTest:
    """One plugin alone. Unlike `Plugins` it keeps what was raised, so that the author sees the traceback."""

    def __init__(self, plugin: object) -> None:
        manager = new_manager()
        outcome = register(manager, Candidate.of("plugin", plugin))
        check(not isinstance(outcome, PluginFailure), f"the plugin cannot be loaded: {_message(outcome)}")
        callers = manager.get_hookcallers(plugin) or []
        self._implementations = {caller.name: caller.get_hookimpls()[0] for caller in callers}

    def has(self, hook: str) -> bool:
        """Whether the plugin implements `hook`."""
        return hook in self._implementations

    def ask(self, hook: str, **arguments: Any) -> Answer:
        """What the plugin answers, or raises; an answer of None when it does not implement `hook`."""
        implementation = self._implementations.get(hook)
        return call(implementation, arguments) if implementation is not None else Answer("plugin")


class PluginContract:
    """What every plugin keeps, whatever it is for. The suites for kinds of plugins build on this."""

    plugin: object
    """The module, or the object, that the entry point refers to."""

    @classmethod
    def loaded(cls) -> PluginUnderTest:
        """The plugin, loaded; fails the running test when it cannot be."""
        check(hasattr(cls, "plugin"), f"{cls.__name__} needs an attribute `plugin`: the module of the plugin")
        return PluginUnderTest(cls.plugin)

    @classmethod
    def plugins(cls) -> Plugins:
        """The plugin alone, as the rest of iter8-gitops sees plugins."""
        check(hasattr(cls, "plugin"), f"{cls.__name__} needs an attribute `plugin`: the module of the plugin")
        return Plugins.load(entry_points=False, extra={"plugin": cls.plugin})

    def test_the_plugin_can_be_loaded(self) -> None:
        """As the controller loads it: its hooks exist, their arguments too, and the version of the hooks fits."""
        failures = self.plugins().failures
        check(not failures, f"the plugin is left out: {'; '.join(failure.message for failure in failures)}")


def _message(outcome: object) -> str:
    return outcome.message if isinstance(outcome, PluginFailure) else ""
