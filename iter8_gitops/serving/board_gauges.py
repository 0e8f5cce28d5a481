"""Gauges of the board: its sources, and where each routemap stands."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric

from iter8_gitops.serving.results import BoardStatus
from iter8_gitops.spec.snapshot import Snapshot, SourceStatus
from iter8_gitops.spec.steering import PromotionPhase, RampPhase

MAX_ROUTEMAPS = 1000
"""Ramps, promotions and problems are told of so many routemaps each, ascending by application."""


def board_gauges(status: BoardStatus) -> Iterable[Metric]:
    """The board as a whole."""
    snapshot = status.snapshot
    yield GaugeMetricFamily("iter8_board_sequence", "Publications so far.", snapshot.sequence)
    yield GaugeMetricFamily("iter8_routemaps", "Routemaps in force.", len(snapshot.routemaps))
    yield GaugeMetricFamily("iter8_problems", "Problems that a person must fix.", len(status.problems))
    yield GaugeMetricFamily("iter8_stale", "1 when the board could not be renewed, else 0.", bool(status.staleness))
    if snapshot.controller_at is not None:
        silence = max(0.0, status.now - snapshot.controller_at)
        yield GaugeMetricFamily("iter8_controller_age_seconds", "Since the controller was last heard of.", silence)


def source_gauges(status: BoardStatus) -> Iterable[Metric]:
    """Each source: whether it fails, how far what is in force may lag behind it, and what is wrong in it."""
    labels = ("source",)
    failing = GaugeMetricFamily("iter8_source_failing", "1 when it cannot be read, else 0.", labels=labels)
    lag = GaugeMetricFamily(
        "iter8_source_lag_seconds", "For how long it could not be read; 0 while it can.", labels=labels
    )
    read_at = GaugeMetricFamily(
        "iter8_source_read_timestamp_seconds",
        "When it was last read without failure, as of the last publication.",
        labels=labels,
    )
    problems = GaugeMetricFamily("iter8_source_problems", "Problems found in it.", labels=labels)
    for source in status.snapshot.sources:
        key = (source.name,)
        failing.add_metric(key, source.failing_since is not None)
        lag.add_metric(key, _lag(source, status.now))
        problems.add_metric(key, len(source.problems))
        if source.read_at is not None:
            read_at.add_metric(key, source.read_at)
    return failing, lag, read_at, problems


def version_gauges(snapshot: Snapshot) -> Iterable[Metric]:
    """Every version of every routemap."""
    labels = ("application", "version")
    weights = GaugeMetricFamily("iter8_version_weight", "Weight in force.", labels=labels)
    available = GaugeMetricFamily("iter8_version_available", "1 when available, else 0.", labels=labels)
    stalled = GaugeMetricFamily(
        "iter8_version_stalled", "1 when not ready within its progress deadline, else 0.", labels=labels
    )
    for state in snapshot.routemaps.values():
        for version in state.versions:
            key = (state.application, str(version.index))
            weights.add_metric(key, version.weight)
            available.add_metric(key, version.available)
            stalled.add_metric(key, version.stalled)
    return weights, available, stalled


def steering_gauges(snapshot: Snapshot) -> Iterable[Metric]:
    """Routemaps with a ramp, with a promotion on its way, and with problems."""
    labels = ("application",)
    step = GaugeMetricFamily("iter8_ramp_step", "Step of the ramp, counted from 1.", labels=labels)
    weight = GaugeMetricFamily("iter8_ramp_weight", "Of 100 users, so many get a candidate.", labels=labels)
    ramp_phase = _phases("iter8_ramp_phase", "1 for what the ramp is doing, else 0.")
    promotion_phase = _phases("iter8_promotion_phase", "1 for how far the promotion is, else 0.")
    problems = GaugeMetricFamily("iter8_routemap_problems", "Problems of it, where there are any.", labels=labels)
    states = [state for _, state in sorted(snapshot.routemaps.items())]
    for state in [each for each in states if each.ramp is not None][:MAX_ROUTEMAPS]:
        if state.ramp is not None:
            step.add_metric((state.application,), state.ramp.step + 1)
            weight.add_metric((state.application,), state.ramp.weight)
            _add_phases(ramp_phase, state.application, RampPhase, state.ramp.phase)
    for state in [each for each in states if each.promotion is not None][:MAX_ROUTEMAPS]:
        if state.promotion is not None:
            _add_phases(promotion_phase, state.application, PromotionPhase, state.promotion.phase)
    for state in [each for each in states if each.problems][:MAX_ROUTEMAPS]:
        problems.add_metric((state.application,), len(state.problems))
    return step, weight, ramp_phase, promotion_phase, problems


def _lag(source: SourceStatus, now: float) -> float:
    return 0.0 if source.failing_since is None else max(0.0, now - source.failing_since)


def _phases(name: str, documentation: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, labels=("application", "phase"))


def _add_phases(
    family: GaugeMetricFamily,
    application: str,
    phases: type[RampPhase | PromotionPhase],
    current: RampPhase | PromotionPhase,
) -> None:
    for phase in phases:
        family.add_metric((application, phase.value), phase is current)
