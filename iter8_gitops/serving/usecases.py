"""What callers can ask, whatever the transport: HTTP and gRPC both call `Experiments` and hold no rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from time import time
from typing import Any

from iter8_gitops.contracts.metric_store import MetricStore
from iter8_gitops.core.analysis.values import Analysis
from iter8_gitops.core.applications import find_routemap, require_state
from iter8_gitops.core.arguments import check_metric_name, check_transaction, check_user, check_value, shown
from iter8_gitops.core.attributes import NO_ATTRIBUTES, attribute_texts
from iter8_gitops.core.cohorts import Cohorts, Recommendation
from iter8_gitops.core.dashboard import abn_dashboard
from iter8_gitops.core.freshness import has_state, routemap_staleness, staleness
from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.metrics.experiments import analyse_experiment, read_experiment, signatures_of
from iter8_gitops.serving.arguments import Lookup, LookupProduct, Measurement, ReportedExposure
from iter8_gitops.serving.batches import Answer, Batches
from iter8_gitops.serving.parts import Board, History, Trends, Writer
from iter8_gitops.serving.reports import Reports, check_count, place
from iter8_gitops.serving.results import AnalysisReport, BoardStatus, HistoryPage, Overview, RoutemapReport, Trend
from iter8_gitops.serving.telemetry import Telemetry
from iter8_gitops.spec.metric import ExperimentStatistics, MetricValue
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot
from iter8_gitops.spec.trend import TrendPoint

MAX_HISTORY = 1000
"""The most entries of a history in one answer."""


class Experiments:
    """The questions that callers ask of the board and of the metric store.

    Lookups and `write` never block and belong on one event loop; the others may read the disk.
    `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        board: Board,
        store: MetricStore,
        writer: Writer,
        telemetry: Telemetry,
        history: History,
        trends: Trends,
        clock: Callable[[], float] = time,
    ) -> None:
        self._board = board
        self._history = history
        self._trends = trends
        self._store = store
        self._writer = writer
        self._telemetry = telemetry
        self._clock = clock
        self._cohorts = Cohorts()
        self._batches = Batches(self._cohorts, writer, telemetry)
        self._reports = Reports(self._cohorts, writer)

    def lookup(
        self,
        application: str,
        user: str,
        field: str = "application",
        attributes: Mapping[str, object] | None = None,
    ) -> Recommendation:
        """The version that `user` of `application` gets; the exposure is recorded behind the answer.

        `field` is what the caller's protocol calls the application. `attributes` are what rules of targeting compare:
        texts, booleans and finite numbers by name.
        Raises `InvalidArgumentError`, `NotFoundError`, and `UnavailableError` before the first snapshot.
        """
        # As in `peek`, and not by a function of both: a call costs a microsecond where it runs once per request.
        cohort = self._cohorts.find(self._board.snapshot, self._clock(), field, application)
        check_user("user", user)
        outcome = cohort.outcome_of(user, attribute_texts(attributes) if attributes else NO_ATTRIBUTES)
        self._writer.expose(outcome.arm, user, outcome.experiment)
        self._telemetry.count_lookup(outcome.recommendation)
        return outcome.recommendation

    def lookup_all(self, asked: Sequence[Lookup] | LookupProduct) -> list[Answer]:
        """The answers to a batch, in its order; a product goes through all users of an application before the next.

        Raises as `Batches` says.
        """
        return self._batches.answer(self._board.snapshot, self._clock(), asked)

    def is_behind(self, lookups: int) -> bool:
        """Whether so many lookups had better wait a moment, lest their exposures be dropped."""
        return self._writer.is_behind(lookups)

    def peek(
        self,
        application: str,
        user: str,
        field: str = "application",
        attributes: Mapping[str, object] | None = None,
    ) -> Recommendation:
        """What `lookup` would answer; the user was not given it, and nothing is recorded. For any thread."""
        cohort = self._cohorts.find(self._board.snapshot, self._clock(), field, application)
        check_user("user", user)
        return cohort.outcome_of(user, attribute_texts(attributes) if attributes else NO_ATTRIBUTES).recommendation

    def write(self, measurements: Sequence[Measurement], within: str | None = None) -> Future[None]:
        """Store every one of `measurements`, or none; the future resolves once they are durable.

        `within` is how the caller names the list that they came in (`values`), so that errors can
        name `values[3].user`; None means that there was one measurement and no list.
        Raises as `lookup` does, before anything is stored; the future may raise `UnavailableError`.
        """
        check_count(measurements, "values", within)
        snapshot = self._board.snapshot
        now = self._clock()
        values = [
            self._credited(snapshot, now, measurement, place(within, position))
            for position, measurement in enumerate(measurements)
        ]
        future = self._writer.submit(values)
        future.add_done_callback(lambda done: self._count_accepted(done, len(values)))
        return future

    def expose(self, reported: Sequence[ReportedExposure], within: str | None = None) -> Future[None]:
        """Store that clients who evaluate by themselves gave versions to users: all of it, or nothing.

        To store the same again changes nothing. `within`, the future and errors are as for `write`.
        """
        return self._reports.expose(self._board.snapshot, self._clock(), reported, within)

    @property
    def snapshot(self) -> Snapshot:
        """The board as it is, also before anything was published."""
        return self._board.snapshot

    def controller_age(self) -> float | None:
        """Seconds since the controller was last heard of; None when it never was."""
        heard = self._board.snapshot.controller_at
        return None if heard is None else max(0.0, self._clock() - heard)

    def _count_accepted(self, done: Future[None], count: int) -> None:
        if not done.cancelled() and done.exception() is None:
            self._telemetry.count_values(count)

    def _credited(self, snapshot: Snapshot, now: float, measurement: Measurement, place: str) -> MetricValue:
        """`measurement` once it is known to be sound, with the arm of the user's present assignment."""
        check_user(f"{place}user", measurement.user)
        check_metric_name(f"{place}name", measurement.name)
        check_value(f"{place}value", measurement.value)
        check_transaction(f"{place}transaction", measurement.transaction)
        cohort = self._cohorts.find(snapshot, now, f"{place}application", measurement.application)
        outcome = cohort.outcome_of(measurement.user)
        return MetricValue(
            measurement.name,
            measurement.value,
            measurement.user,
            outcome.arm,
            measurement.transaction,
            cohort.ratios.get(measurement.name, ()),
            outcome.experiment,
        )

    def dashboard(self, namespace: str, application: str) -> dict[str, Any]:
        """The dashboard of `namespace/application` in Iter8's JSON shape, `{}` without metrics.

        Raises `InvalidArgumentError` (application, then namespace, then an unknown application, as
        Iter8 answers 400 to that) and `UnavailableError`.
        """
        for field, text in (("application", application), ("namespace", namespace)):
            if not text:
                raise InvalidArgumentError(field, "is missing or empty")
            if "/" in text:
                message = f"'{shown(text)}' has a slash; namespace and application are given separately"
                raise InvalidArgumentError(field, message)
        state = find_routemap(self.published(), "application", f"{namespace}/{application}")
        return abn_dashboard(self._store.report(state.application, signatures_of(state)))

    def routemap(self, namespace: str, name: str) -> RoutemapReport:
        """One routemap in full. Raises `NotFoundError`, `InvalidArgumentError`, `UnavailableError`."""
        snapshot = self.published()
        state = find_routemap(snapshot, "name", f"{namespace}/{name}")
        exposed = self._store.exposed_users(state.application, signatures_of(state))
        return RoutemapReport(state, routemap_staleness(snapshot, state, self._clock()), exposed)

    def statistics(self, namespace: str, name: str) -> ExperimentStatistics:
        """All that a verdict on the present experiment rests on.

        Raises `NotFoundError`, `InvalidArgumentError`, `UnavailableError`.
        """
        return read_experiment(self._store, find_routemap(self.published(), "name", f"{namespace}/{name}"))

    def analysis(self, namespace: str, name: str) -> AnalysisReport:
        """What is known of the present experiment of a routemap.

        Raises `NotFoundError`, `InvalidArgumentError`, `UnavailableError`.
        """
        state = find_routemap(self.published(), "name", f"{namespace}/{name}")
        analysis = analyse_experiment(self._store, state, self._clock())
        return AnalysisReport(state, analysis, self._store.report(state.application, signatures_of(state)))

    def analyse(self, state: RoutemapState) -> Analysis:
        """What is known of the experiment that `state` is in. Raises `UnavailableError`."""
        return analyse_experiment(self._store, state, self._clock())

    def trend(self, namespace: str, name: str) -> Trend:
        """How the present experiment of a routemap went, up to now.

        Raises `NotFoundError`, `InvalidArgumentError`, `UnavailableError`.
        """
        state = find_routemap(self.published(), "name", f"{namespace}/{name}")
        return Trend.of(state, self.analyse(state), self.recorded(state))

    def recorded(self, state: RoutemapState) -> tuple[TrendPoint, ...]:
        """What was recorded of the experiment that `state` is in, ascending by time. Raises `UnavailableError`."""
        return self._trends.read(state.application, state.experiment)

    def now(self) -> float:
        """Seconds since 1970, by the clock that all answers go by."""
        return self._clock()

    def routemaps(self) -> Overview:
        """Every routemap and the board they are on. Raises `UnavailableError` before the first snapshot."""
        snapshot = self.published()
        now = self._clock()
        reports = [
            RoutemapReport(state, routemap_staleness(snapshot, state, now), {})
            for _, state in sorted(snapshot.routemaps.items())
        ]
        return Overview(BoardStatus(True, staleness(snapshot, now), snapshot), tuple(reports))

    def history(self, namespace: str, name: str, limit: int = 100, before: int | None = None) -> HistoryPage:
        """What happened to an application, also to one that is gone, newest first.

        Raises `InvalidArgumentError`, `NotFoundError` for one that nobody ever declared, and `UnavailableError`.
        """
        if not 1 <= limit <= MAX_HISTORY:
            message = f"is {limit}; 1 to {MAX_HISTORY} entries can be asked for at once"
            raise InvalidArgumentError("limit", message)
        snapshot = self.published()
        application = f"{namespace}/{name}"
        found = self._history.entries(application, limit + 1, before)
        if not found and before is None:
            application = find_routemap(snapshot, "name", application).application
            found = self._history.entries(application, limit + 1)
        page = found[:limit]
        return HistoryPage(application, page, page[-1].id if len(found) > limit else None)

    def board_status(self) -> BoardStatus:
        """Whether there is a snapshot, and whether it is fresh. Never raises."""
        snapshot, now = self._board.snapshot, self._clock()
        return BoardStatus(has_state(snapshot), staleness(snapshot, now), snapshot, now)

    def published(self) -> Snapshot:
        """The whole board. Raises `UnavailableError` before the first snapshot."""
        snapshot = self._board.snapshot
        require_state(snapshot)
        return snapshot
