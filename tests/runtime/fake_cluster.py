"""A cluster whose behaviour a test decides, and that remembers what was asked of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from iter8_gitops.contracts.cluster import KindKey, News, Owner, Wanted
from iter8_gitops.core.transitions import Transition
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import Absent, Observation, Resource, ResourceId


class FakeCluster:
    """Implements `Cluster`. `log` holds the calls that change something, in order."""

    def __init__(self) -> None:
        self.unsynced: set[KindKey] = set()
        self.objects: dict[ResourceId, Resource] = {}
        self.problems: dict[str, tuple[Problem, ...]] = {}
        self.wanted: dict[str, Wanted] = {}
        self.log: list[tuple[str, object]] = []
        self.kinds: frozenset[KindKey] = frozenset()
        self.observed = 0
        self.leads = True
        self.keeps_records = False
        self._news = News()

    def start(self, wake: Callable[[], None]) -> None:
        self.log.append(("start", None))

    def stop(self) -> None:
        self.log.append(("stop", None))

    def watch(self, kinds: Collection[KindKey]) -> None:
        self.kinds = frozenset(kinds)
        self.log.append(("watch", self.kinds))

    def awaited(self, ids: Collection[ResourceId]) -> str:
        return "waiting" if any((each.group, each.kind) in self.unsynced for each in ids) else ""

    def observe(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Observation]:
        self.observed += len(ids)
        return {each: self.objects.get(each, Absent("NotFound", f"{each} is not there")) for each in ids}

    def apply(self, application: str, wanted: Wanted) -> tuple[Problem, ...]:
        self.wanted[application] = wanted
        self.log.append(("apply", application))
        return self.problems.get(application, ())

    def release(self, application: str, resources: Collection[ResourceId]) -> None:
        self.log.append(("release", (application, frozenset(resources))))

    def withdraw(self, application: str) -> None:
        self.log.append(("withdraw", application))

    def prune(self, keep: Collection[str]) -> tuple[Problem, ...]:
        self.log.append(("prune", frozenset(keep)))
        return ()

    def news(self) -> News:
        news, self._news = self._news, News()
        return news

    def report(self, application: str, owner: Owner | None, transitions: Collection[Transition]) -> None:
        self.log.append(("report", (application, owner, tuple(each.reason for each in transitions))))

    def tell(self, news: News) -> None:
        """What the next `news` answers."""
        self._news = news

    def put(self, name: str, *, leaving: bool = False, kind: str = "ConfigMap") -> ResourceId:
        """An object in the namespace `shop`."""
        identity = ResourceId("", kind, "shop", name)
        metadata = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if leaving else {}
        self.objects[identity] = Resource(identity, {"metadata": metadata, "data": {}})
        return identity
