"""The writes of a leader: nothing is sent to the cluster by anybody else."""

from __future__ import annotations

from collections.abc import Callable

from iter8_gitops.contracts.cluster import KindKey
from iter8_gitops.kube.client import Applied, JsonObject, KubeClient
from iter8_gitops.kube.ledger import Ledger
from iter8_gitops.kube.marks import FIELD_MANAGER


class NotLeadingError(Exception):
    """Another replica leads, or may lead: it does what is to be done."""


class LeaderWrites:
    """Writes to the cluster, as the field manager `FIELD_MANAGER`, as long as `leads` says so.

    Every method raises KubeError when the server refuses, and NotLeadingError. One thread uses it. `noted` are the
    kinds that the ledger is known to name, and `count` says how many writes there were.
    """

    def __init__(self, client: KubeClient, ledger: Ledger, leads: Callable[[], bool]) -> None:
        self._client = client
        self._ledger = ledger
        self._leads = leads
        self.noted: frozenset[KindKey] = frozenset()
        self.count = 0

    def apply(self, path: str, manifest: JsonObject, *, force: bool = False) -> Applied:
        """Apply an object, server-side."""
        self._check()
        return self._client.apply(path, manifest, field_manager=FIELD_MANAGER, force=force)

    def delete(self, path: str, *, uid: str) -> None:
        """Delete an object, if it is still the one with this `uid`; its dependents follow in the background."""
        self._check()
        self._client.delete(path, uid=uid)

    def merge(self, path: str, patch: JsonObject) -> JsonObject:
        """Merge a patch into an object."""
        self._check()
        return self._client.merge_patch(path, patch)

    def note(self, kind: KindKey) -> None:
        """Make sure that the ledger names `kind`, before anything of ours is on an object of that kind."""
        if kind in self.noted:
            return
        self._check()
        self._ledger.add([kind])
        self.noted |= {kind}

    def read_ledger(self) -> frozenset[KindKey]:
        """All kinds of which objects may carry something of ours, from this life and from earlier ones."""
        self.noted = self._ledger.read()
        return self.noted

    def _check(self) -> None:
        if not self._leads():
            raise NotLeadingError
        self.count += 1
