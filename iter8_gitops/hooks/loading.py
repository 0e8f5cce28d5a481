"""Finding plugins among the installed distributions, and vetting each one before it may answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions

import pluggy

from iter8_gitops.hooks.answers import describe
from iter8_gitops.hooks.specs import PROJECT, Hooks
from iter8_gitops.hooks.versions import misfit
from iter8_gitops.spec.status import text

EXTRA = "extra"
"""Stands for the distribution of plugins that are already in hand, such as the rules of a configuration."""

FIRST_PARTY = "iter8-gitops"
"""The distribution whose plugins answer last."""

_INTERPRETER_ERRORS = (ImportError, AttributeError, SyntaxError)
"""Errors of loading a module whose text the interpreter wrote, so that it is safe and useful to show."""


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin that answers. `hooks` are the names of those that it implements, in alphabetical order."""

    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PluginFailure:
    """A plugin, or a part of one, that was left out. `message` is for its author."""

    name: str
    distribution: str
    message: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that could be loaded. `load` imports it and may raise anything."""

    name: str
    distribution: str
    version: str
    load: Callable[[], object]

    @classmethod
    def of(cls, name: str, plugin: object) -> Candidate:
        """A plugin that is already in hand."""
        return cls(name, EXTRA, "", lambda: plugin)

    @property
    def identity(self) -> str:
        """`distribution:name`, which is unique, and how messages name the plugin."""
        return f"{self.distribution}:{self.name}"

    @property
    def first_party(self) -> bool:
        """True for the plugins that come with this project."""
        return self.distribution == FIRST_PARTY


class PluginRefusedError(Exception):
    """A plugin is not built as the hooks require. Stays inside this package."""


def installed_candidates() -> tuple[list[Candidate], list[PluginFailure]]:
    """Every entry point of the group, and the distributions whose entry points cannot be read."""
    candidates: list[Candidate] = []
    failures: list[PluginFailure] = []
    seen: set[str] = set()
    for distribution in distributions():
        name = distribution.name or "unknown"
        # A distribution that is on the path twice counts once: the first one shadows the other.
        if name in seen:
            continue
        seen.add(name)
        try:
            candidates.extend(_candidates(distribution, name))
        except Exception as error:  # noqa: BLE001 - somebody else's metadata may be broken in any way
            failures.append(PluginFailure("", name, f"its entry points cannot be read: {describe(error)}"))
    return candidates, failures


def new_manager() -> pluggy.PluginManager:
    """A plugin manager that knows the hooks, without plugins."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    return manager


def register(manager: pluggy.PluginManager, candidate: Candidate) -> LoadedPlugin | PluginFailure:
    """Load, vet and register one plugin. One that fails leaves no trace in `manager`."""
    try:
        plugin = candidate.load()
        # First of all, because hooks of another version make other checks fail, with messages that mislead.
        if problem := misfit(plugin, candidate.distribution):
            raise PluginRefusedError(problem)
        hooks = _vet(plugin, candidate.identity)
        manager.register(plugin, candidate.identity)
    except (PluginRefusedError, pluggy.PluginValidationError) as error:
        message = text(str(error))
    except _INTERPRETER_ERRORS as error:
        message = f"it cannot be loaded: {type(error).__name__}: {text(str(error))}"
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything while it is imported
        message = f"it cannot be loaded: {describe(error)}"
    else:
        return LoadedPlugin(candidate.name, candidate.distribution, candidate.version, hooks)
    return PluginFailure(candidate.name, candidate.distribution, message)


def _vet(plugin: object, identity: str) -> tuple[str, ...]:
    """The names of the hooks that `plugin` implements, as found by a manager that is then thrown away."""
    trial = new_manager()
    trial.register(plugin, identity)
    callers = trial.get_hookcallers(plugin) or []
    try:
        trial.check_pending()
    except pluggy.PluginValidationError as error:
        unknown = ", ".join(sorted(caller.name for caller in callers if not caller.has_spec()))
        known = ", ".join(sorted(name for name in vars(Hooks) if not name.startswith("_")))
        message = f"there is no hook named {unknown}; the hooks are {known}"
        raise PluginRefusedError(message) from error
    for caller in callers:
        if any(implementation.wrapper or implementation.hookwrapper for implementation in caller.get_hookimpls()):
            message = f"its {caller.name} is a hook wrapper, which is not supported; return a value instead"
            raise PluginRefusedError(message)
    if not callers:
        raise PluginRefusedError("it implements no hook; mark its functions with iter8_gitops.hooks.hookimpl")
    return tuple(sorted(caller.name for caller in callers))


def _candidates(distribution: Distribution, name: str) -> Iterator[Candidate]:
    if f"[{PROJECT}]" not in (distribution.read_text("entry_points.txt") or ""):
        return
    for entry_point in distribution.entry_points:
        if entry_point.group == PROJECT:
            yield Candidate(entry_point.name, name, distribution.version or "", entry_point.load)
