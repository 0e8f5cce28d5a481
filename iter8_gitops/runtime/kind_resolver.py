"""Which kinds the configured resource types are: Iter8 names types by their plural, routemaps need their kind."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from iter8_gitops.contracts.cluster import FindKind
from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops.hooks.loading import FIRST_PARTY
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.runtime.configuration import ResourceType
from iter8_gitops.runtime.rules.plugin import ConfiguredRules
from iter8_gitops.runtime.rules.rule import Rule
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
        self._told_types: set[str] = set()
        self._rules = self._rules_in_force()
        self._told = ""
        self._asked = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        if find is None and (unresolved := self._unresolved()):
            raise ConfigurationError("\n".join(_unknown(each) for each in unresolved))

    def plugin(self) -> Mapping[str, object]:
        """The readiness rules of the configured types, as an extra plugin for `Plugins.load`."""
        return {"configuration": ConfiguredRules(self._configured(), self._rule_of)} if self._types else {}

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
                self._rules = self._rules_in_force()
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

    def _rule_of(self, group: str, kind: str) -> Rule | None:
        return self._rules.get((group, kind))

    def _rules_in_force(self) -> dict[tuple[str, str], Rule]:
        """The rules by kind: where no plugin has one, or where they override it. Those of two names are joined."""
        types: dict[tuple[str, str], list[ResourceType]] = {}
        for each in self._types:
            kind = self._kinds.get((each.group, each.plural))
            if kind is not None:
                types.setdefault((each.group, kind), []).append(each)
        rules: dict[tuple[str, str], Rule] = {}
        for (group, kind), named in types.items():
            rule = reduce(Rule.joined, (each.rule for each in named))
            ruler = "" if rule.override else self._ruler(group, kind)
            if ruler:
                self._tell_of_ruler(ruler, named)
            else:
                rules[group, kind] = rule
        return rules

    def _ruler(self, group: str, kind: str) -> str:
        """The plugin that has a rule for a kind, or ""."""
        # A plugin must cope with any object, so an empty one tells who has a rule.
        nobody = Resource(ResourceId(group, kind, "", ""), {})
        found = self._plugins.readiness(nobody).plugin
        return "" if found == _FALLBACK else found

    def _tell_of_ruler(self, ruler: str, types: Sequence[ResourceType]) -> None:
        """Say once of each type that its rule is not asked: aloud where somebody wrote it for us, and not for Iter8."""
        for each in types:
            keys = each.rule.keys()
            if (keys or each.rule.conditions) and each.short_name not in self._told_types:
                self._told_types.add(each.short_name)
                said = f"resourceTypes.{each.short_name}: the rule of plugin {ruler} stands for its"
                if keys:
                    stated = ", ".join((*(("conditions",) if each.rule.conditions else ()), *keys))
                    _log.warning("%s: %s %s (`override: true` puts them first)", each.place, said, stated)
                else:
                    _log.debug("%s conditions", said)


def _unknown(each: ResourceType) -> str:
    said = f"{each.place}: resourceTypes.{each.short_name} is {each}, whose kind no plugin knows"
    return f"{said} (add its `Kind`, as manifests write it, such as Kind: Deployment)"
