"""Removes what an installation left in a cluster: finalizers, routes, applied fields, and its Lease.

It never hangs: all requests happen in a thread that is left behind when the time is used up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from iter8_gitops.contracts.cluster import DEFAULT_INSTANCE
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.discovery import UNCONFIRMED, Discovery
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeError, KubeUnreachableError
from iter8_gitops.kube.ledger import noted_kinds
from iter8_gitops.runtime.uninstall_deadline import Deadline, OutOfTimeError
from iter8_gitops.runtime.uninstall_lease import LeaseGuard, StillRunningError
from iter8_gitops.runtime.uninstall_objects import Sweeper
from iter8_gitops.runtime.uninstall_report import KindReport, Outcome

_GRACE = 1.0
_PAUSE = 1.0

KindKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class UninstallSettings:
    """What to remove. `namespace` is the Lease's; `scope` the namespace to look in, None for the whole cluster.

    `known` are (group, kind) pairs to look at beside those noted on the Lease; `all_kinds` looks at every kind.
    `timeout` is in seconds and for everything. `force` goes on though a controller is running.
    """

    namespace: str
    instance: str = DEFAULT_INSTANCE
    scope: str | None = None
    known: frozenset[KindKey] = frozenset()
    all_kinds: bool = False
    timeout: float = 60.0
    dry_run: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told of progress, from another thread: sentences, and what became of a kind in one look at it."""

    note: Callable[[str], None]
    report: Callable[[KindReport], None]


def uninstall(client: KubeClient, settings: UninstallSettings, listener: Listener) -> Outcome:
    """Remove the traces; return what was done and what is left, about `timeout` seconds later at most.

    A dry run changes nothing, and what it returns as done is what would be done. Raises `StillRunningError` when a
    controller holds the lease, and KubeError when the Lease cannot be read.
    """
    deadline = Deadline(settings.timeout)
    work = _Uninstallation(client, settings, deadline, listener)
    thread = threading.Thread(target=work.run, name="uninstall", daemon=True)
    thread.start()
    try:
        thread.join(settings.timeout + _GRACE)
    finally:
        deadline.cancel()  # also when somebody interrupts us: nothing more is begun
    return work.outcome()


class _Uninstallation:
    def __init__(self, client: KubeClient, settings: UninstallSettings, deadline: Deadline, listener: Listener) -> None:
        self._client = client
        self._settings = settings
        self._deadline = deadline
        self._listener = listener
        self._discovery = Discovery(client)
        self._sweeper = Sweeper(client, settings.instance, settings.scope, deadline, dry_run=settings.dry_run)
        # Replaced whole and never changed: the waiting thread may look at any time.
        self._reports: Mapping[KindKey, KindReport] = {}
        self._required: frozenset[KindKey] | None = None
        self._unseen: frozenset[KindKey] = frozenset()
        self._problems: tuple[str, ...] = ()
        self._lease_deleted = False
        self._error: Exception | None = None

    def run(self) -> None:
        """Do it all; what goes wrong is for `outcome`."""
        guard = LeaseGuard(
            self._client, self._settings.namespace, self._settings.instance, self._deadline, self._listener.note
        )
        try:
            self._remove(guard)
        except OutOfTimeError:
            self._problems += (f"the {self._settings.timeout:g} s of --timeout are used up: run it again",)
        except Exception as error:  # noqa: BLE001 (raised again in the thread that waits)
            self._error = error
        finally:
            guard.close()

    def outcome(self) -> Outcome:
        """What happened up to now; raises what ended the work."""
        if self._error is not None:
            raise self._error
        reports, required = self._reports, self._required
        left = [sentence for report in reports.values() for sentence in report.left]
        left += [
            f"{report.kind}: {report.failure}"
            for kind, report in reports.items()
            if report.failure and (required is None or kind in required)
        ]
        left += [f"{_label(kind)}: not looked through to the end" for kind in sorted(self._unseen)]
        return Outcome(tuple(reports.values()), (*left, *self._problems), self._lease_deleted)

    def _remove(self, guard: LeaseGuard) -> None:
        lease = guard.read()
        if lease is None:
            self._beware_of_others(guard)
        elif self._settings.force and not self._settings.dry_run:
            guard.take_over(lease)
        elif not self._settings.dry_run:
            guard.require_unheld(lease)
        noted = noted_kinds(lease) if lease is not None else frozenset()
        if noted and not self._settings.all_kinds:
            # What is not noted was never touched: it is no harm if we may not look there.
            self._required = noted
        self._sweep(self._kinds(noted))
        if self.outcome().complete and not self._settings.dry_run:
            self._lease_deleted = guard.delete()

    def _beware_of_others(self, guard: LeaseGuard) -> None:
        """Without a Lease here, another namespace may have the one of the controller whose traces we see."""
        others = guard.elsewhere() if self._settings.scope is None else []
        if others and not self._settings.force:
            message = (
                f"namespace {self._settings.namespace} has no lease {self._settings.instance}, but there is one in "
                f"{', '.join(others)}: name the controller's namespace with --namespace, or go on with --force"
            )
            raise StillRunningError(message)
        self._listener.note(
            f"namespace {self._settings.namespace} has no lease {self._settings.instance}, which would tell what the "
            "controller touched: looking at the kinds that are known (--all-kinds looks at all)"
        )

    def _kinds(self, noted: frozenset[KindKey]) -> dict[KindKey, Endpoint | None]:
        """What to look at, with the endpoint where it is known already."""
        kinds: dict[KindKey, Endpoint | None] = dict.fromkeys(sorted(noted | self._settings.known))
        if self._settings.all_kinds:
            kinds |= {(endpoint.group, endpoint.kind): endpoint for endpoint in self._everything()}
        return kinds

    def _everything(self) -> list[Endpoint]:
        while True:
            try:
                found = self._discovery.everything()
            except KubeUnreachableError as error:
                self._listener.note(str(error))
                self._deadline.wait(_PAUSE)
            else:
                self._problems += tuple(f"group {each}: {why}" for each, why in self._discovery.failures.items())
                return found

    def _sweep(self, kinds: Mapping[KindKey, Endpoint | None]) -> None:
        """Go through the kinds, and again through those where something was or failed, until nothing is left."""
        again = set(kinds)
        while again:
            self._unseen = frozenset(again)
            for kind in sorted(again):
                report = self._sweep_kind(kind, kinds[kind])
                before = self._reports.get(kind)
                self._reports = {**self._reports, kind: before.then(report) if before else report}
                self._listener.report(report)
                if not report.again:
                    self._unseen -= {kind}
            if again := set(self._unseen):
                self._deadline.wait(_PAUSE)

    def _sweep_kind(self, kind: KindKey, endpoint: Endpoint | None) -> KindReport:
        try:
            endpoint = endpoint or self._discovery.find(*kind)
        except KubeError as error:
            # A kind that seems to be absent is asked for again until that is certain.
            failure = "" if error.reason == UNCONFIRMED else str(error)
            return KindReport(_label(kind), failure=failure, again=isinstance(error, KubeUnreachableError))
        return self._sweeper.sweep(endpoint) if endpoint is not None else KindReport(_label(kind))


def _label(kind: KindKey) -> str:
    """How a kind is named while its plural is not known."""
    group, name = kind
    return f"{name}.{group}" if group else name
