"""What is seen of resources: watches, and the reasons why there is nothing to see."""

from __future__ import annotations

from collections.abc import Collection

from iter8_gitops.cluster.kubernetes.states import NotServed, Pending, Served
from iter8_gitops.cluster.kubernetes.unlabelled import Unlabelled
from iter8_gitops.cluster.kubernetes.watches import KindWatches
from iter8_gitops.spec.resource import Absent, Observation, Resource, ResourceId


class Sight:
    """Answers for resource ids of `namespace` (None: of all). Thread-safe."""

    def __init__(self, watches: KindWatches, unlabelled: Unlabelled, namespace: str | None) -> None:
        self._watches = watches
        self._unlabelled = unlabelled
        self._namespace = namespace

    def awaited(self, ids: Collection[ResourceId]) -> str:
        """See `Cluster.awaited`. What is out of scope is never awaited."""
        kinds = sorted({(each.group, each.kind) for each in ids if self._in_scope(each)})
        return "; ".join(state.message for state in map(self._watches.state, kinds) if isinstance(state, Pending))

    def observe(self, wanted: ResourceId) -> Observation:
        """The object, or why there is none."""
        if not self._in_scope(wanted):
            said = f"{wanted} is in another namespace, and this installation looks at {self._namespace} only"
            return Absent("OutOfScope", said)
        kind = (wanted.group, wanted.kind)
        manifest = self._watches.get(kind, wanted.namespace, wanted.name)
        if manifest is not None:
            self._unlabelled.forget(wanted)
            return Resource(wanted, manifest)
        state = self._watches.state(kind)
        if isinstance(state, Served):
            return self._unlabelled.explain(wanted, state.endpoint)
        return Absent(state.reason if isinstance(state, NotServed) else "NotSeenYet", state.message)

    def _in_scope(self, wanted: ResourceId) -> bool:
        return self._namespace in (None, wanted.namespace)
