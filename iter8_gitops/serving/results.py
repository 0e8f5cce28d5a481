"""What the use-cases answer to people and tools that look at the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from iter8_gitops.core.analysis.values import Analysis
from iter8_gitops.core.trends import point_of
from iter8_gitops.spec.history import HistoryEntry
from iter8_gitops.spec.metric import MetricReport
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot
from iter8_gitops.spec.trend import TrendPoint


@dataclass(frozen=True, slots=True)
class BoardStatus:
    """How fresh the board is `now` (seconds since 1970). `staleness` says why it is not fresh, "" while it is."""

    published: bool
    staleness: str
    snapshot: Snapshot
    now: float = 0.0

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem of every source and routemap, once each, in the order of their files."""
        found = {problem for source in self.snapshot.sources for problem in source.problems}
        found.update(problem for state in self.snapshot.routemaps.values() for problem in state.problems)
        return tuple(sorted(found, key=_by_place))


@dataclass(frozen=True, slots=True)
class RoutemapReport:
    """One routemap with what is known beside its state.

    `exposed_users` counts, per version index, the users who were given its present content.
    """

    state: RoutemapState
    staleness: str
    exposed_users: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class AnalysisReport:
    """The analysis of the experiment that a routemap is in now, and how the values of its contents are distributed."""

    state: RoutemapState
    analysis: Analysis
    distributions: MetricReport


@dataclass(frozen=True, slots=True)
class Trend:
    """How an experiment went: `points` are ascending, and the last one is the present."""

    application: str
    experiment: int
    points: tuple[TrendPoint, ...]

    @classmethod
    def of(cls, state: RoutemapState, analysis: Analysis, recorded: Iterable[TrendPoint]) -> Trend:
        """What was `recorded` of the experiment that `state` is in, and then the `analysis` made now."""
        now = analysis.experiment + analysis.elapsed
        past = (point for point in recorded if point.at < now)
        return cls(state.application, analysis.experiment, (*past, point_of(analysis, now)))


@dataclass(frozen=True, slots=True)
class Overview:
    """The board and every routemap on it, ascending by application; their users are not counted here."""

    board: BoardStatus
    routemaps: tuple[RoutemapReport, ...]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some of the history of an application, newest first. `next` is what to ask for with `before`, None at the end."""

    application: str
    entries: tuple[HistoryEntry, ...]
    next: int | None


def _by_place(problem: Problem) -> tuple[str, int, int, str]:
    return (problem.file, problem.line, problem.column, problem.message)
