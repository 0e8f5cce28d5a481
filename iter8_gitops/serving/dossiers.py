"""What the web pages show, gathered from the use-cases: a part that cannot be read costs that part only."""

from __future__ import annotations

from collections.abc import Mapping

from iter8_gitops.core.analysis.values import Analysis
from iter8_gitops.core.applications import find_routemap
from iter8_gitops.core.freshness import routemap_staleness
from iter8_gitops.errors import BrokenPluginError, UnavailableError
from iter8_gitops.serving.results import AnalysisReport, HistoryPage, Overview, RoutemapReport, Trend
from iter8_gitops.serving.usecases import Experiments
from iter8_gitops.serving.verdicts import Verdicts
from iter8_gitops.serving.web.overviews import Selection, Wish, select
from iter8_gitops.serving.web.pages import Dossier
from iter8_gitops.spec.snapshot import Snapshot
from iter8_gitops.spec.trend import TrendPoint

HISTORY_ENTRIES = 20
VERDICT_SECONDS = 5.0
"""For so long a verdict in the list stays as it was computed."""

VERDICT_BUDGET = 1.0
"""Seconds; a list does not wait for longer, and shows the rest at its next look."""


class Dossiers:
    """Gathers what a page shows. May block; for any thread."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments
        self._verdicts = Verdicts(experiments.analyse, seconds=VERDICT_SECONDS, budget=VERDICT_BUDGET)

    def overview(self, wish: Wish) -> tuple[Overview, Selection, Mapping[str, Analysis]]:
        """All applications, those of one page, and the analyses of these. Raises `UnavailableError`."""
        overview = self._experiments.routemaps()
        selection = select(overview, wish)
        shown = Snapshot(routemaps={state.application: state for state in selection.states})
        return overview, selection, self._verdicts.of(shown).analyses

    def application(self, namespace: str, name: str, before: int | None = None) -> Dossier:
        """One application; its history begins `before` an entry.

        Raises `NotFoundError`, `InvalidArgumentError`, and `UnavailableError` before the first snapshot.
        """
        report, analysis, trouble = self._measured(namespace, name)
        points = self._points(analysis) if analysis is not None else ()
        history, history_trouble = self._history(report.state.application, before)
        return Dossier(report, analysis, points, history, trouble, history_trouble)

    def _measured(self, namespace: str, name: str) -> tuple[RoutemapReport, AnalysisReport | None, str]:
        snapshot = self._experiments.published()
        state = find_routemap(snapshot, "name", f"{namespace}/{name}")
        try:
            return self._experiments.routemap(namespace, name), self._experiments.analysis(namespace, name), ""
        except (UnavailableError, BrokenPluginError) as error:
            stale = routemap_staleness(snapshot, state, self._experiments.now())
            return RoutemapReport(state, stale, {}), None, str(error)

    def _points(self, report: AnalysisReport) -> tuple[TrendPoint, ...]:
        """How the experiment went, up to now. What was recorded is an extra that a chart can do without."""
        try:
            recorded = self._experiments.recorded(report.state)
        except UnavailableError:
            recorded = ()
        return Trend.of(report.state, report.analysis, recorded).points

    def _history(self, application: str, before: int | None) -> tuple[HistoryPage | None, str]:
        namespace, _, name = application.partition("/")
        try:
            return self._experiments.history(namespace, name, HISTORY_ENTRIES, before), ""
        except UnavailableError as error:
            return None, str(error)
