"""The client: lookups in the process, exposures and metric values in the background."""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Mapping
from pathlib import Path
from time import monotonic, sleep, time
from types import TracebackType
from typing import NoReturn, Self
from uuid import uuid4

from iter8_gitops.core.arguments import check_metric_name, check_transaction, check_user, check_value
from iter8_gitops.core.attributes import NO_ATTRIBUTES, attribute_texts
from iter8_gitops.core.cohorts import Cohort, Cohorts, Outcome, Recommendation
from iter8_gitops.core.freshness import CONTROLLER_TIMEOUT, awaited, has_state, staleness
from iter8_gitops.errors import ConfigurationError, InvalidArgumentError, UnavailableError
from iter8_gitops.sdk.errors import ClientClosedError
from iter8_gitops.sdk.exits import finish_with_a_child_of_multiprocessing
from iter8_gitops.sdk.files import FileFollower
from iter8_gitops.sdk.following import POLL_SECONDS, Follower, HttpFollower
from iter8_gitops.sdk.given import Given
from iter8_gitops.sdk.keeping import Keeper
from iter8_gitops.sdk.numbers import number
from iter8_gitops.sdk.outbox import Outbox, ValueReport
from iter8_gitops.sdk.sender import Sender
from iter8_gitops.sdk.settings import ClientSettings
from iter8_gitops.sdk.status import Status
from iter8_gitops.sdk.transport import MAX_BYTES, Timeouts
from iter8_gitops.spec.snapshot import Snapshot

_FOREVER = float("inf")


class Client:
    """Answers lookups from a copy of the board that it keeps up to date, exactly as the server would.

    Making one starts a thread and waits for nothing. Safe in any thread, and across a fork: a child follows the board
    by itself and starts with nothing to send. Use one for the whole process, and close it, or let the process exit.
    """

    def __init__(
        self,
        url: str,
        *,
        cache: str | Path | None = None,
        report_to: str | None = None,
        headers: Mapping[str, str] | None = None,
        ca_certs: str | None = None,
        timeouts: Timeouts | None = None,
        streaming: bool = True,
        poll_seconds: float = POLL_SECONDS,
        flush_seconds: float = 1.0,
        capacity: int = 100_000,
        remembered: int = 200_000,
        exit_seconds: float = 5.0,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Follow `url`: a server (`http://iter8:8080`), or a snapshot in a file (`file:/path`).

        `cache` is a file in which the last board is kept, for a start while the server is away. `report_to` is the
        server that takes exposures and values, by default the one that is followed. `headers` go with every request,
        `ca_certs` is a file of trusted certificates. Without `streaming`, or where there are no streams, the board is
        polled every `poll_seconds`. Exposures and values are sent every `flush_seconds`, or sooner when there are many;
        `capacity` of them wait at most. Repeated exposures of the last `remembered` users cost nothing. When the
        process exits, it waits `exit_seconds` at most for what has not been sent. Answers of more than `max_bytes` are
        not read. Raises `ConfigurationError`.
        """
        self._settings = ClientSettings(
            url,
            None if cache is None else Path(cache).absolute(),
            report_to,
            headers or {},
            ca_certs,
            timeouts or Timeouts(),
            streaming,
            poll_seconds,
            flush_seconds,
            capacity,
            remembered,
            exit_seconds,
            max_bytes,
        )
        self._timeout = CONTROLLER_TIMEOUT if self._settings.file is None else _FOREVER
        self._closed = False
        self._keeper = Keeper(self._settings.cache)
        self._begin(self._keeper.load())
        # Neither of these keeps a client that nobody uses any more.
        in_child = weakref.WeakMethod(self._after_fork)
        os.register_at_fork(after_in_child=lambda: (go_on := in_child()) and go_on())
        at_exit = weakref.WeakMethod(self._at_exit)
        self._finish = lambda: (finish := at_exit()) and finish()
        atexit.register(self._finish)

    def _begin(self, snapshot: Snapshot) -> None:
        """Everything that belongs to one process."""
        self._cohorts = Cohorts(self._timeout)
        self._given = Given(self._settings.remembered)
        self._exits_by_itself = False
        self._outbox = Outbox(self._settings.capacity)
        transport = self._settings.reporting_transport()
        self._sender = None if transport is None else Sender(transport, self._outbox, self._settings.flush_seconds)
        self._board: Follower = self._follower(snapshot)
        self._board.start()

    def _follower(self, snapshot: Snapshot) -> Follower:
        settings = self._settings
        if (path := settings.file) is not None:
            return FileFollower(path)
        keeper = self._keeper
        follower: HttpFollower
        follower = HttpFollower(
            settings.transport(),
            streaming=settings.streaming,
            poll_seconds=settings.poll_seconds,
            snapshot=snapshot,
            # Not the client's own method, because the thread would keep the client alive for ever.
            on_confirmed=lambda: keeper.keep(follower.snapshot),
        )
        return follower

    def lookup(self, application: str, user: str, attributes: Mapping[str, object] | None = None) -> Recommendation:
        """The version that `user` of `application` gets, exactly as the server would answer; it counts as an exposure.

        `application` is `namespace/name`, or a name in the namespace `default`; one that is not found is tried again
        with `-routemap` appended. `attributes` are what rules of targeting compare. Costs a microsecond or two: no
        lock, no disk, no network. Raises `InvalidArgumentError`, `NotFoundError`, and `UnavailableError` while nothing
        has been received yet.
        """
        try:
            cohort = self._cohorts.find(self._board.snapshot, time(), "application", application)
            users = self._given.of.get(cohort)
            known = None if users is None else users.get(user)
            if known is not None and not attributes and cohort.targets is None:
                return known.recommendation
            check_user("user", user)
            outcome = cohort.outcome_of(user, attribute_texts(attributes) if attributes else NO_ATTRIBUTES)
        except (TypeError, AttributeError, UnavailableError) as error:
            self._explain(error, application=application, user=user, attributes=attributes)
        if outcome is not known:
            self._expose(cohort, outcome, user)
        return outcome.recommendation

    def write_metric(self, application: str, user: str, name: str, value: float, transaction: str | None = None) -> str:
        """Report a value for `user`, to be sent soon, and at the latest when the client is closed or the process exits.

        It is credited to the version that the user was last given. However often it has to be sent, and whoever sends
        it, a value with the same `transaction` counts once; by default each is one of its own. Returns the transaction.

        Raises `InvalidArgumentError`, `NotFoundError` for an application that the board does not have,
        `OutboxFullError` when too much waits already, and `ClientClosedError`.
        """
        try:
            found = self._known(application)
            check_user("user", user)
            check_metric_name("name", name)
            counted = number(value)
            check_value("value", counted)
            identity = transaction or uuid4().hex
            check_transaction("transaction", identity)
        except TypeError as error:
            self._explain(error, application=application, user=user, name=name, transaction=transaction)
        if self._closed:
            raise ClientClosedError("the client is closed; it takes no more values")
        if self._sender is None:
            message = f"{self._settings.url} takes no values: say with `report_to` which server does"
            raise ConfigurationError(message)
        self._outbox.write(ValueReport(found, user, name, counted, identity))
        self._notice(self._sender)
        return identity

    @property
    def status(self) -> Status:
        """How the client is doing. Costs some microseconds, and waits for nothing."""
        board, sender, now = self._board, self._sender, time()
        reason = board.trouble or staleness(board.snapshot, now, self._timeout)
        return Status(
            ready=has_state(board.snapshot),
            stale=bool(reason),
            reason=reason,
            age=None if board.confirmed_at is None else max(0.0, now - board.confirmed_at),
            connection=board.connection,
            board=board.snapshot.board,
            sequence=board.snapshot.sequence,
            waiting=0 if sender is None else sender.waiting,
            trouble="" if sender is None else sender.trouble,
            dropped_exposures=self._outbox.dropped_exposures,
            refused=0 if sender is None else sender.refused,
            refusal="" if sender is None else sender.refusal,
        )

    @property
    def snapshot(self) -> Snapshot:
        """The board that lookups are answered from; empty while nothing has been received. It is swapped whole."""
        return self._board.snapshot

    def wait_until_ready(self, timeout: float = 10.0) -> None:
        """Wait until lookups can be answered. Raises `UnavailableError`, with the reason, after `timeout` seconds."""
        deadline = monotonic() + timeout
        while not has_state(self._board.snapshot):
            if monotonic() >= deadline:
                raise UnavailableError(self._board.trouble or awaited(self._board.snapshot))
            sleep(0.01)

    def flush(self, timeout: float = 10.0) -> bool:
        """Send all that waits now. False when some of it could not be sent within `timeout` seconds; it stays."""
        return self._sender is None or self._sender.flush(timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Send what waits, and stop. Lookups go on to be answered from the last board, and are not recorded.

        False when some of it could not be sent within `timeout` (by default `exit_seconds`) seconds; it is lost.
        """
        if self._closed:
            return True
        self._closed = True
        atexit.unregister(self._finish)
        sent = self._sender is None or self._sender.close(self._settings.exit_seconds if timeout is None else timeout)
        self._board.stop()
        self._keeper.keep(self._board.snapshot, at_once=True)
        return sent

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _expose(self, cohort: Cohort, outcome: Outcome, user: str) -> None:
        """Record that `user` was given `outcome`, unless that is what is known of this user."""
        if self._given.is_known(cohort, outcome, user):
            return
        if self._closed or self._sender is None:
            self._given.add(cohort, outcome, user)
        elif self._outbox.expose(outcome, user):
            self._given.add(cohort, outcome, user)
            self._notice(self._sender)

    def _notice(self, sender: Sender) -> None:
        sender.notice()
        if not self._exits_by_itself:
            self._exits_by_itself = True
            finish_with_a_child_of_multiprocessing(self._at_exit)

    def _known(self, application: str) -> str:
        """`application` as the board calls it; as it was given while there is no board."""
        try:
            return self._cohorts.find(self._board.snapshot, time(), "application", application).state.application
        except UnavailableError:
            return application

    def _explain(self, error: Exception, **given: object) -> NoReturn:
        """Raise `error` again, in words that name the argument if one is of the wrong type."""
        if isinstance(error, UnavailableError):
            raise UnavailableError(self._board.trouble or str(error)) from error
        for field, value in given.items():
            optional = value is None and field in {"attributes", "transaction"}
            wanted = (Mapping, "a mapping") if field == "attributes" else (str, "a string")
            if not optional and not isinstance(value, wanted[0]):
                message = f"must be {wanted[1]}, not {type(value).__name__}"
                raise InvalidArgumentError(field, message) from error
        raise error

    def _after_fork(self) -> None:
        """In the child: threads and connections are the parent's, and so is what it has to send."""
        if not self._closed:
            self._begin(self._board.snapshot)

    def _at_exit(self) -> None:
        self.close()
