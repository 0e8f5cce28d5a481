"""An experiment as its page shows it: charts over time, and each metric with its versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iter8_gitops.core.analysis.values import Comparison, MetricResult, VersionResult
from iter8_gitops.serving.results import AnalysisReport
from iter8_gitops.serving.web.charts.bands import BandChart, band_chart
from iter8_gitops.serving.web.charts.histograms import Histogram, histograms
from iter8_gitops.serving.web.charts.intervals import IntervalBar, interval_bars
from iter8_gitops.serving.web.charts.lines import UsersChart, users_chart
from iter8_gitops.serving.web.states import Tone
from iter8_gitops.spec.metric import MetricReport
from iter8_gitops.spec.routemap import MetricDeclaration
from iter8_gitops.spec.trend import TrendPoint

_FINDINGS: dict[str, tuple[str, Tone]] = {
    "better": ("better", "good"),
    "worse": ("worse", "bad"),
    "same": ("no difference that matters", "quiet"),
    "held": ("within what is accepted", "good"),
    "breached": ("worse than accepted", "bad"),
    "open": ("not known yet", "busy"),
}


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version in one metric."""

    result: VersionResult
    name: str
    bar: IntervalBar | None
    finding: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class MetricPart:
    """One metric: what is judged, its versions, how the lift of each candidate went, and how values are distributed."""

    result: MetricResult
    versions: tuple[VersionLine, ...]
    bands: tuple[BandChart, ...]
    histograms: tuple[Histogram, ...]


@dataclass(frozen=True, slots=True)
class ExperimentPart:
    """All that is measured."""

    report: AnalysisReport
    users: UsersChart | None
    metrics: tuple[MetricPart, ...]


def experiment_part(report: AnalysisReport, points: Sequence[TrendPoint]) -> ExperimentPart:
    """What the page shows of an experiment. `points` are ascending; the last one is the present."""
    state = report.state
    declared = {metric.name: metric for metric in state.metrics}
    names = [version.name for version in state.versions]
    return ExperimentPart(
        report,
        users_chart(state.experiment, points, state.epochs),
        tuple(_metric(each, declared.get(each.name), names, report, points) for each in report.analysis.metrics),
    )


def _metric(
    result: MetricResult,
    declared: MetricDeclaration | None,
    names: Sequence[str],
    report: AnalysisReport,
    points: Sequence[TrendPoint],
) -> MetricPart:
    margins = margins_of(declared)
    comparisons = {each.version: each.comparison for each in result.versions if each.comparison is not None}
    bars = interval_bars(comparisons, margins)
    state = report.state
    found = (
        band_chart(result.name, version, state.experiment, points, state.epochs, margins) for version in comparisons
    )
    return MetricPart(
        result,
        tuple(_line(result, each, names, bars) for each in result.versions),
        tuple(band for band in found if band is not None),
        () if result.type == "conversion" else _distributions(report.distributions, result.name),
    )


def _distributions(report: MetricReport, name: str) -> tuple[Histogram, ...]:
    return histograms(report.get(name, ()))


def margins_of(declared: MetricDeclaration | None) -> tuple[float, ...]:
    """The lifts at which a change begins to matter: one for a guardrail, on the side that does harm."""
    if declared is None:
        return ()
    if declared.max_harm is not None:
        return (-declared.max_harm,) if declared.goal == "increase" else (declared.max_harm,)
    return (-declared.minimum_effect, declared.minimum_effect)


def _line(
    metric: MetricResult, result: VersionResult, names: Sequence[str], bars: dict[int, IntervalBar]
) -> VersionLine:
    finding, tone = _finding(metric, result, result.comparison)
    name = names[result.version] if result.version < len(names) else f"version {result.version}"
    return VersionLine(result, name, bars.get(result.version), finding, tone)


def _finding(metric: MetricResult, result: VersionResult, comparison: Comparison | None) -> tuple[str, Tone]:
    if result.version == 0:
        return "primary", "quiet"
    if comparison is None:
        return "too few users", "quiet"
    return ("not judged", "quiet") if metric.role == "described" else _FINDINGS[comparison.finding]
