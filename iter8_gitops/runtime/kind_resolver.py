"""Which kinds the configured resource types are: Iter8 names types by their plural, routemaps need their kind."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from iter8_gitops.contracts.cluster import FindKind
from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops.hooks.loading import FIRST_PARTY
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.runtime.condition_rules import ConditionRules
from iter8_gitops.runtime.configuration import ResourceType
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.resource import Resource, ResourceId, ResourceKind

_log = logging.getLogger(__name__)
RETRY_SECONDS = 15.0

_FALLBACK = f"{FIRST_PARTY}:generic"
"""The plugin that answers for every kind, because it has no rule for any."""


class KindResolver:
    """Knows the kind of each configured type: by its `Kind`, else from the plugins, else from the cluster.

    `plugins` are the others, without the configuration's. Without `find` there is no cluster to ask, and every kind
    must be known at once: else ConfigurationError. With it, a thread asks for those that are missing, every `retry`
    seconds until none is.

    Thread-safe. Kinds that were found once stay.
    """

    def __init__(
        self,
        types: Sequence[ResourceType],
        plugins: Plugins,
        find: FindKind | None = None,
        *,
        retry: float = RETRY_SECONDS,
    ) -> None:
        self._types = tuple(types)
        self._plugins = plugins
        self._find = find
        self._retry = retry
        known = {(kind.group, kind.plural): kind.kind for kind in reversed(plugins.kinds())}
        stated = {(each.group, each.plural): each.kind for each in types if each.kind}
        self._kinds: Mapping[tuple[str, str], str] = {**known, **stated}
        self._conditions = self._rules()
        self._told = ""
        self._asked = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        if find is None and (unresolved := self._unresolved()):
            raise ConfigurationError("\n".join(_unknown(each) for each in unresolved))

    def plugin(self) -> Mapping[str, object]:
        """The readiness rules of the configured types, as an extra plugin for `Plugins.load`."""
        return {"configuration": ConditionRules(self._configured(), self._conditions_of)} if self._types else {}

    def kinds(self) -> tuple[ResourceKind, ...]:
        """All kinds that are known now; configured ones come first, so that their short names win."""
        return (*self._configured(), *self._plugins.kinds())

    def table(self) -> KindTable:
        """The names that routemaps may use, by what is known now."""
        return KindTable(self.kinds(), {each.short_name: str(each) for each in self._unresolved()})

    def start(self, on_change: Callable[[KindTable], None]) -> None:
        """Begin to ask the cluster for kinds that are missing. `on_change` is called from another thread."""
        if self._unresolved():
            self._thread = threading.Thread(target=self._run, args=(on_change,), name="kind-resolver", daemon=True)
            self._thread.start()
        else:
            self._asked.set()

    def wait_until_asked(self, timeout: float) -> bool:
        """Wait until the cluster has been asked for everything once, at most `timeout` seconds; whether it has."""
        return self._asked.wait(timeout)

    def stop(self, timeout: float = 2.0) -> None:
        """Ask no more. Returns within `timeout` seconds; a question on its way may end later, unheard."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self, on_change: Callable[[KindTable], None]) -> None:
        while not self._stop.is_set():
            found = self._ask()
            if found and not self._stop.is_set():
                self._kinds = {**self._kinds, **found}
                self._conditions = self._rules()
                on_change(self.table())
            self._asked.set()
            if not self._unresolved():
                return
            self._stop.wait(self._retry)

    def _ask(self) -> dict[tuple[str, str], str]:
        """The kinds that the cluster knows of those that are missing."""
        found: dict[tuple[str, str], str] = {}
        troubles: list[str] = []
        for each in self._unresolved():
            try:
                kind = self._find(each.group, each.plural) if self._find else None
            except UnavailableError as error:
                troubles.append(f"{each} cannot be looked up: {error}")
            else:
                if kind is not None:
                    found[each.group, each.plural] = kind
                    _log.info("resource type %s is %s, kind %s", each.short_name, each, kind)
                else:
                    troubles.append(f"the cluster serves no {each} ({each.short_name}) yet")
        told = "; ".join(dict.fromkeys(troubles))
        if told and told != self._told:
            _log.warning("resourceTypes: %s; looking again every %g s", told, self._retry)
        self._told = told
        return found

    def _configured(self) -> tuple[ResourceKind, ...]:
        """The configured types whose kind is known, those of one kind joined."""
        joined: dict[tuple[str, str], ResourceKind] = {}
        for each in self._types:
            kind = self._kinds.get((each.group, each.plural))
            if kind is not None:
                before = joined.get((each.group, kind))
                names = (*(before.short_names if before else ()), each.short_name)
                joined[each.group, kind] = ResourceKind(each.group, each.version, kind, each.plural, names)
        return tuple(joined.values())

    def _unresolved(self) -> tuple[ResourceType, ...]:
        return tuple(each for each in self._types if (each.group, each.plural) not in self._kinds)

    def _conditions_of(self, group: str, kind: str) -> tuple[str, ...] | None:
        return self._conditions.get((group, kind))

    def _rules(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """The conditions by kind, of kinds for which no plugin has a rule. Two names of one kind add up."""
        rules: dict[tuple[str, str], tuple[str, ...]] = {}
        for each in self._types:
            kind = self._kinds.get((each.group, each.plural))
            if kind is None:
                continue
            # A plugin must cope with any object, so an empty one tells who has a rule for the kind.
            nobody = Resource(ResourceId(each.group, kind, "", ""), {})
            ruler = self._plugins.readiness(nobody).plugin
            if ruler in ("", _FALLBACK):
                before = rules.get((each.group, kind), ())
                rules[each.group, kind] = tuple(dict.fromkeys((*before, *each.conditions)))
            elif each.conditions:
                _log.debug("resourceTypes.%s: the rule of plugin %s stands for its conditions", each.short_name, ruler)
        return rules


def _unknown(each: ResourceType) -> str:
    said = f"{each.place}: resourceTypes.{each.short_name} is {each}, whose kind no plugin knows"
    return f"{said} (add its `Kind`, as manifests write it, such as Kind: Deployment)"
