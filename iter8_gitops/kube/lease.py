"""One leader among the replicas: election by a Lease, with the rules of Kubernetes' own components.

Two never lead at once, whatever the network, the API server or the clocks do, by three rules:

- a leader counts from *before* it sent its last renewal, and stops believing after two thirds of the duration;
- everybody else counts the whole duration from *after* they read that renewal;
- every write names the resourceVersion that it was decided on, so a late one is refused.

When the Lease goes because its namespace is deleted, nobody can make another one. Then the last leader goes on, for
somebody must let go of what the namespace waits for.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from iter8_gitops.kube.client import JsonObject, KubeClient
from iter8_gitops.kube.errors import (
    KubeConflictError,
    KubeError,
    KubeForbiddenError,
    KubeNotFoundError,
    KubeUnreachableError,
)
from iter8_gitops.kube.lease_record import LeaseRecord, LeaseSighting, lease_path, new_lease, released

_log = logging.getLogger(__name__)
_random = random.SystemRandom()
_RENEW_DEADLINE = 2 / 3
_FORBIDDEN_PAUSE = 2.0
_RELEASE_TRIES = 3
_SILENCE_SECONDS = 3.0
_NEVER = float("-inf")
_TERMINATING = "being terminated"
"""How an API server refuses to make anything in a namespace that is being deleted."""


def steady_clock() -> float:
    """Seconds that no clock setting changes, and that (on Linux) go on while the machine is suspended."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class _NamespaceClosingError(KubeForbiddenError):
    """There is no Lease, and cannot be one any more; this process was the last that held it."""


class LeaseElector:
    """Tries to hold the Lease `namespace/name`, in a thread of its own, and says whether it does.

    `identity` must be unique to this process: two with the same one would both lead. `duration` and `renew_every`
    are seconds. `on_change` is called from the thread with what `leads` says, whenever that changes; it must return
    at once, for no renewal happens meanwhile.
    """

    def __init__(
        self,
        client: KubeClient,
        namespace: str,
        name: str,
        identity: str,
        *,
        duration: float = 15.0,
        renew_every: float = 2.0,
        on_change: Callable[[bool], None],
    ) -> None:
        self._client = client
        self._namespace, self._name, self._identity = namespace, name, identity
        self._duration = duration
        # Several renewals must fit before the deadline, and so must several requests that hang.
        self._renew_every = min(renew_every, duration / 5)
        self._timeout = duration / 5
        self._on_change = on_change
        self._thread = threading.Thread(target=self._run, name=f"lease-{name}", daemon=True)
        self._stopping = threading.Event()
        self._valid_until = _NEVER
        self._told = False
        self._lease: JsonObject | None = None  # what to write against; None: read it first
        self._notes: JsonObject = {}
        self._sighting = LeaseSighting()
        self._complaint: tuple[str, int, str] | None = None
        self._refusal = ""
        self._unanswered: tuple[float, str] | None = None  # since when, and what is said of it
        self._closing = False  # the namespace is being deleted, and nobody can hold a Lease there any more
        self._label = f"lease {namespace}/{name}"

    def start(self) -> None:
        """Begin to try; returns at once."""
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Stop leading at once, then give the lease back. Waits at most `timeout` seconds for the API server.

        Whatever writes as the leader must have stopped before: the next one may begin at once.
        """
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def leads(self) -> bool:
        """Whether this process leads now. Any thread; the truth also when the elector's own thread hangs."""
        return not self._stopping.is_set() and steady_clock() < self._valid_until

    def holder(self) -> str:
        """The identity that held the lease when it was last read; "" for nobody."""
        return self._sighting.record.holder

    @property
    def refusal(self) -> str:
        """Why this process may not even try, in words for people; "" while it may."""
        return self._refusal

    @property
    def silence(self) -> str:
        """Why the API server has not been heard of for some seconds, in words for people; "" while it answers.

        Watches say nothing of a server that keeps their connections but cannot read its store.
        """
        unanswered = self._unanswered
        return unanswered[1] if unanswered and steady_clock() - unanswered[0] > _SILENCE_SECONDS else ""

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause = self._step()
            self._tell()
            self._stopping.wait(pause)
        self._tell()
        self._release()

    def _step(self) -> float:
        """Try once; return the seconds until the next try."""
        try:
            self._ask()
        except KubeConflictError as error:
            # A replica was quicker, or somebody noted something on the Lease: look again.
            _log.debug("%s: %s", self._label, error)
            self._lease = None
            return self._renew_every * _random.uniform(0.02, 0.1)
        except KubeNotFoundError as error:
            self._lease = None
            self._complain(f"gone, or its namespace is: {error}", error)
            return self._renew_every * _random.uniform(0.2, 0.5)
        except _NamespaceClosingError as error:
            self._complain("gone, as its namespace is being deleted: the last leader goes on without it", error)
            return self._renew_every
        except KubeForbiddenError as error:
            sentence = f"may not be used, it takes the verbs get, create and patch: {error}"
            self._complain(sentence, error)
            self._refusal = f"{self._label} {sentence}"
            return self._until_deadline(_FORBIDDEN_PAUSE * _random.uniform(0.8, 1.2))
        except KubeError as error:
            self._complain(str(error), error)
            return self._until_deadline(self._renew_every * _random.uniform(0.3, 0.6))
        except Exception:  # noqa: BLE001 (logged)
            # A defect must cost leadership at most, never the chance to get it back.
            _log.exception("%s: unexpected failure", self._label)
            self._lease = None
            return self._renew_every
        self._refusal = ""
        if self._complaint is not None:
            _log.info("%s can be used again", self._label)
            self._complaint = None
        return self._renew_every if self.leads() else self._until_free()

    def _ask(self) -> None:
        """Like `_try`, and note whether the API server answers at all. Raises KubeError."""
        try:
            self._try()
        except KubeUnreachableError as error:
            since = self._unanswered[0] if self._unanswered else steady_clock()
            self._unanswered = (since, str(error))
            raise
        except KubeError:
            self._unanswered = None
            raise
        self._unanswered = None

    def _try(self) -> None:
        """Acquire the lease if it is free, or renew it if it is ours. Raises KubeError."""
        lease = self._lease
        if lease is None or LeaseRecord.of(lease).holder != self._identity:
            lease = self._read()
            self._closing = False
        if lease is None:
            return
        record, now = LeaseRecord.of(lease), steady_clock()
        if record.holder != self._identity:
            self._valid_until = _NEVER
            if not self._sighting.is_free(now):
                return
            if record.malformed:
                _log.warning("%s names %r without saying for how long: taken over", self._label, record.holder)
        spec = record.acquired_by(self._identity, self._duration, datetime.now(UTC))
        # `now` was read before the request leaves: nobody can have seen the renewal earlier.
        self._write(lease, spec, self._patience())
        self._valid_until = now + self._duration * _RENEW_DEADLINE

    def _read(self) -> JsonObject | None:
        """The Lease as it is now; a missing one is made, with the notes (see `Ledger`) that the last one carried.

        None when it was deleted while somebody else holds it, who leads until they notice: their time must pass first.
        """
        now = steady_clock()
        try:
            lease = self._client.get(self._path(), timeout=self._patience())
        except KubeNotFoundError:
            if not self._closing:
                self._valid_until = _NEVER
            if self.holder() != self._identity and not self._sighting.is_free(steady_clock()):
                return None
            wanted = new_lease(self._namespace, self._name)
            wanted["metadata"]["annotations"] = self._notes
            try:
                lease = self._client.create(lease_path(self._namespace), wanted, timeout=self._patience())
            except KubeForbiddenError as error:
                if _TERMINATING not in error.message or self.holder() != self._identity:
                    raise
                self._closing = True
                self._valid_until = now + self._duration * _RENEW_DEADLINE
                raise _NamespaceClosingError(error.message, status=error.status, reason=error.reason) from error
        self._keep(lease)
        return lease

    def _keep(self, lease: JsonObject) -> None:
        before = self.holder()
        self._lease = lease
        self._notes = lease["metadata"].get("annotations") or {}
        self._sighting.see(LeaseRecord.of(lease), steady_clock())
        if self.holder() != before:
            _log.info("%s is held by %s", self._label, self.holder() or "nobody")

    def _patience(self) -> float:
        """How long a request may take: a leader's not longer than it leads, so that it notices in time."""
        remaining = self._valid_until - steady_clock()
        return max(0.2, min(self._timeout, remaining)) if remaining > 0 else self._timeout

    def _until_deadline(self, pause: float) -> float:
        remaining = self._valid_until - steady_clock()
        return min(pause, remaining) if remaining > 0 else pause

    def _until_free(self) -> float:
        """Look often enough to see a lease that was given back, and right when one lapses. At random: many wait."""
        lapses_in = self._sighting.lapses_at() - steady_clock() + _random.uniform(0, 0.1)
        return min(max(lapses_in, 0.05), self._renew_every * _random.uniform(0.5, 0.8))

    def _tell(self) -> None:
        leads = self.leads()
        if leads == self._told:
            return
        self._told = leads
        _log.info("%s: %s", self._label, "leading" if leads else "no longer leading")
        try:
            self._on_change(leads)
        except Exception:  # noqa: BLE001 (logged: its defect must not end the election)
            _log.exception("a listener failed when leadership changed")

    def _release(self) -> None:
        """Give the lease back if it is ours. If that fails, it lapses by itself."""
        try:
            for _ in range(_RELEASE_TRIES):
                if self._lease is None or LeaseRecord.of(self._lease).holder != self._identity:
                    return
                try:
                    self._write(self._lease, released(datetime.now(UTC)), 1.0)
                except KubeConflictError:
                    self._keep(self._client.get(self._path(), timeout=1.0))
        except KubeError as error:
            _log.info("%s was not given back and lapses by itself: %s", self._label, error)

    def _write(self, lease: JsonObject, spec: JsonObject, timeout: float) -> None:
        """Write `spec` unless the Lease is no longer as in `lease`. Nothing else of it is touched. Raises KubeError."""
        body = {"metadata": {"resourceVersion": lease["metadata"]["resourceVersion"]}, "spec": spec}
        self._keep(self._client.merge_patch(self._path(), body, timeout=timeout))

    def _complain(self, sentence: str, error: KubeError) -> None:
        """Log what is wrong when it begins or changes, not at every try."""
        what = (type(error).__name__, error.status, error.reason)
        if what != self._complaint:
            self._complaint = what
            _log.warning("%s: %s", self._label, sentence)

    def _path(self) -> str:
        return lease_path(self._namespace, self._name)
