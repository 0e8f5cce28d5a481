"""From an analysis to what steps and promotions rest on."""

from __future__ import annotations

import time
from collections.abc import Callable

from iter8_gitops.contracts.metric_store import MetricStore
from iter8_gitops.core.analysis.evidence import evidence_of
from iter8_gitops.core.evidence import Evidence
from iter8_gitops.metrics.experiments import analyse_experiment
from iter8_gitops.spec.snapshot import RoutemapState


def assess(store: MetricStore, state: RoutemapState, clock: Callable[[], float] = time.time) -> Evidence:
    """The evidence in `store` on the present experiment. Raises `UnavailableError`."""
    return evidence_of(analyse_experiment(store, state, clock()))
