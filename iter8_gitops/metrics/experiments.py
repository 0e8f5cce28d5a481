"""An experiment as a store knows it, and what that says."""

from __future__ import annotations

from collections.abc import Mapping

from iter8_gitops.contracts.metric_store import MetricStore
from iter8_gitops.core.analysis.analyse import analyse
from iter8_gitops.core.analysis.values import Analysis
from iter8_gitops.core.ratios import ratios
from iter8_gitops.spec.metric import ExperimentStatistics
from iter8_gitops.spec.snapshot import RoutemapState


def signatures_of(state: RoutemapState) -> Mapping[int, str]:
    """Version index -> signature of its present content, for versions that have settled once."""
    return {version.index: version.signature for version in state.versions if version.signature}


def read_experiment(store: MetricStore, state: RoutemapState) -> ExperimentStatistics:
    """All that a verdict on the present experiment rests on. Raises `UnavailableError`."""
    arms = store.statistics(state.application, signatures_of(state), ratios(state.metrics))
    return ExperimentStatistics(state.experiment, state.epochs, arms)


def analyse_experiment(store: MetricStore, state: RoutemapState, now: float) -> Analysis:
    """What is known of the present experiment `now` (seconds since 1970). Raises `UnavailableError`."""
    names = [version.name for version in state.versions]
    statistics = read_experiment(store, state)
    return analyse(state.metrics, statistics, started=state.experiment, now=now, names=names)
