"""Makes sure that no controller works while its traces are removed, and removes its Lease at last."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from iter8_gitops.errors import Iter8Error
from iter8_gitops.kube.client import JsonObject, KubeClient
from iter8_gitops.kube.errors import KubeConflictError, KubeError, KubeNotFoundError
from iter8_gitops.kube.lease import LeaseElector, steady_clock
from iter8_gitops.kube.lease_record import LeaseRecord, LeaseSighting, lease_path
from iter8_gitops.runtime.uninstall_deadline import Deadline

_PATIENCE = 5.0
_LOOK_EVERY = 0.5
_SEIZED_FOR = 15.0


class StillRunningError(Iter8Error):
    """A controller holds the lease, or may hold it; the message says how to go on."""


class LeaseGuard:
    """The Lease `namespace/name` of an installation. `note` is told what takes long, in sentences.

    Not thread-safe. `close` it.
    """

    def __init__(
        self, client: KubeClient, namespace: str, name: str, deadline: Deadline, note: Callable[[str], None]
    ) -> None:
        self._client = client
        self._namespace, self._name = namespace, name
        self._deadline = deadline
        self._note = note
        self._elector: LeaseElector | None = None

    def read(self) -> JsonObject | None:
        """The Lease now; None when there is none. Raises KubeError."""
        try:
            return self._client.get(self._path(), timeout=self._deadline.patience(_PATIENCE))
        except KubeNotFoundError:
            return None

    def elsewhere(self) -> list[str]:
        """The other namespaces with a Lease of this name, as far as we may see them."""
        path, only = "/apis/coordination.k8s.io/v1/leases", {"fieldSelector": f"metadata.name={self._name}"}
        try:
            found = self._client.list(path, only, metadata_only=True, timeout=self._deadline.patience(_PATIENCE))
        except KubeError:
            return []
        namespaces = {str(lease["metadata"]["namespace"]) for lease in found.objects}
        return sorted(namespaces - {self._namespace})

    def require_unheld(self, lease: JsonObject) -> None:
        """Return when nobody holds the lease, else raise `StillRunningError`.

        A holder that died looks like one that lives until it has not renewed for the time that it promised to;
        its clock cannot be trusted to tell, so that takes some seconds.
        """
        sighting = LeaseSighting()
        sighting.see(first := LeaseRecord.of(lease), steady_clock())
        if not sighting.is_free(steady_clock()):
            self._note(f"the lease is held by {first.holder}: looking for {first.duration:.0f} s whether it is renewed")
        while not sighting.is_free(steady_clock()):
            if self._deadline.remaining() < _LOOK_EVERY:
                what = f"{first.holder} holds the lease {self._label}, and may be alive: allow more time with --timeout"
                raise StillRunningError(what)
            self._deadline.wait(_LOOK_EVERY)
            latest = LeaseRecord.of(self.read() or {})
            sighting.see(latest, steady_clock())
            if latest.holder and latest != first:
                raise StillRunningError(self._advice(latest.holder))

    def take_over(self, lease: JsonObject) -> None:
        """Take the lease from whoever holds it and keep it until `close`, when the former holder must have noticed."""
        identity = f"uninstall-{secrets.token_hex(4)}"
        former = self._seize(lease, identity)
        elector = LeaseElector(self._client, self._namespace, self._name, identity, on_change=lambda _leads: None)
        self._elector = elector
        elector.start()
        if former.holder and former.duration:
            self._note(f"took the lease from {former.holder}: waiting {former.duration:.0f} s until that has noticed")
            self._deadline.wait(former.duration)

    def delete(self) -> bool:
        """Delete the Lease. False when there was none. Raises KubeError."""
        self.close()
        lease = self.read()
        if lease is None:
            return False
        try:
            self._client.delete(self._path(), uid=lease["metadata"]["uid"], timeout=self._deadline.patience(_PATIENCE))
        except KubeNotFoundError:
            return False
        return True

    def close(self) -> None:
        """Give the lease back if we hold it."""
        if self._elector is not None:
            self._elector.stop()
            self._elector = None

    @property
    def _label(self) -> str:
        return f"{self._namespace}/{self._name}"

    def _seize(self, lease: JsonObject, identity: str) -> LeaseRecord:
        """Write `identity` into the Lease; return the record of the former holder. Raises KubeError."""
        while True:
            record = LeaseRecord.of(lease)
            spec = record.acquired_by(identity, _SEIZED_FOR, datetime.now(UTC))
            body = {"metadata": {"resourceVersion": lease["metadata"]["resourceVersion"]}, "spec": spec}
            try:
                self._client.merge_patch(self._path(), body, timeout=self._deadline.patience(_PATIENCE))
            except KubeConflictError:
                # Its holder renewed it meanwhile.
                lease = self._client.get(self._path(), timeout=self._deadline.patience(_PATIENCE))
            else:
                return record

    def _path(self) -> str:
        return lease_path(self._namespace, self._name)

    def _advice(self, holder: str) -> str:
        return (
            f"{holder} holds the lease {self._label} and renews it: a controller is running, and would undo the work. "
            "Remove it first, with what installed it, for example `kubectl delete -k deploy/kustomize/cluster` or "
            f"`helm uninstall {self._name} --namespace {self._namespace}`. --force takes the lease over from it"
        )
