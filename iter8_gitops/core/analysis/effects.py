"""One version against another in one metric: what is shown, by the method that applies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from iter8_gitops.core.analysis.readings import Reading, conversions, strata
from iter8_gitops.core.analysis.values import Method
from iter8_gitops.core.statistics.contrasts import Contrast, contrast
from iter8_gitops.core.statistics.conversions import conversion_evidence, conversion_lift_interval
from iter8_gitops.core.statistics.intervals import NOT_ESTIMABLE, Interval
from iter8_gitops.core.statistics.lift import lift_interval, proven_side
from iter8_gitops.core.statistics.multinomial import Counts
from iter8_gitops.core.statistics.sequence import ConfidenceSequence


@dataclass(frozen=True, slots=True)
class Effect:
    """What is known of a change. Lifts are shares of the size of the baseline's mean.

    `side` says whether a lift is exceeded (1) or not reached (-1) for certain, and 0 while that is open.
    """

    method: Method
    found: Contrast
    difference: Interval
    lift: Interval
    log_evidence: float
    side: Callable[[float], int]


def effect(
    kind: str, versions: tuple[int, int], readings: tuple[Sequence[Reading], Sequence[Reading]], alpha: float
) -> Effect | None:
    """The second of two versions against the first, at `alpha`; None with too few users, or when all are alike.

    Conversions are tested exactly as long as no user is counted twice, and by the confidence sequence from then on.
    """
    found = contrast(strata(*readings))
    if found is None or not found.enough:
        return None
    if kind == "conversion" and (counts := conversions(*readings, versions)) is not None:
        return _exact(found, counts, alpha)
    return _sequential(found, ConfidenceSequence(alpha))


def _sequential(found: Contrast, sequence: ConfidenceSequence) -> Effect:
    multiplier = sequence.multiplier(found.clock)
    relative = lift_interval(found, multiplier)
    return Effect(
        method="confidence sequence",
        found=found,
        difference=sequence.interval(found),
        lift=relative.times(-1.0) if found.baseline_mean < 0.0 else relative,
        log_evidence=sequence.log_evidence(found.difference / found.standard_error, found.clock),
        side=lambda change: proven_side(found, multiplier, change),
    )


def _exact(found: Contrast, counts: Sequence[Counts], alpha: float) -> Effect:
    interval = conversion_lift_interval(counts, alpha)
    return Effect(
        method="exact multinomial test",
        found=found,
        difference=interval.times(found.baseline_mean) if found.baseline_mean else NOT_ESTIMABLE,
        lift=interval,
        log_evidence=conversion_evidence(counts),
        side=lambda change: interval.is_above(change) - interval.is_below(change),
    )
