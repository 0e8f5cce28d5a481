"""The list of applications: some of them at a time, those that are looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from iter8_gitops.core.analysis.values import Analysis
from iter8_gitops.core.applications import has_candidate
from iter8_gitops.serving.results import Overview, RoutemapReport
from iter8_gitops.serving.web.advice import short_verdict
from iter8_gitops.serving.web.states import Chip, Tone, needs_attention, state_chip
from iter8_gitops.spec.snapshot import RoutemapState

ROWS = 50
"""Of one page."""

SHOWS = ("all", "experiments", "attention")
"""What the list can be narrowed to."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody looks for: a part of the name, one of `SHOWS`, and which page (from 1)."""

    text: str = ""
    show: str = "all"
    page: int = 1


@dataclass(frozen=True, slots=True)
class Selection:
    """The reports of one page, and how many there are in all of each of `SHOWS` (with the text looked for)."""

    reports: tuple[RoutemapReport, ...]
    counts: Mapping[str, int]
    page: int
    pages: int

    @property
    def states(self) -> tuple[RoutemapState, ...]:
        """The states of the reports."""
        return tuple(report.state for report in self.reports)


@dataclass(frozen=True, slots=True)
class Row:
    """One application."""

    state: RoutemapState
    chip: Chip
    verdict: str
    tone: Tone
    stale: str


def select(overview: Overview, wish: Wish) -> Selection:
    """The page that is wished for, or the last one there is."""
    text = wish.text.strip().lower()
    named = [report for report in overview.routemaps if text in report.state.application.lower()]
    parts: dict[str, Sequence[RoutemapReport]] = {
        "all": named,
        "experiments": [report for report in named if has_candidate(report.state)],
        "attention": [report for report in named if needs_attention(report.state)],
    }
    shown = parts[wish.show]
    pages = max(1, -(-len(shown) // ROWS))
    page = min(max(wish.page, 1), pages)
    counts = {name: len(part) for name, part in parts.items()}
    return Selection(tuple(shown[(page - 1) * ROWS : page * ROWS]), counts, page, pages)


def rows(selection: Selection, analyses: Mapping[str, Analysis]) -> list[Row]:
    """The applications of a page, with what is known of their experiments."""
    return [_row(report, analyses.get(report.state.application)) for report in selection.reports]


def _row(report: RoutemapReport, analysis: Analysis | None) -> Row:
    verdict, tone = short_verdict(report.state, analysis)
    return Row(report.state, state_chip(report.state), verdict, tone, report.staleness)
