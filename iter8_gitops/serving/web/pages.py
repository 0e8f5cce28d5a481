"""Pages as HTML text, from what was gathered for them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from iter8_gitops.core.analysis.values import Analysis
from iter8_gitops.core.analysis.wording import margin, users
from iter8_gitops.core.statistics.intervals import Interval
from iter8_gitops.core.targeting_changes import Outline
from iter8_gitops.serving.results import AnalysisReport, HistoryPage, Overview, RoutemapReport
from iter8_gitops.serving.web import wording
from iter8_gitops.serving.web.advice import advise
from iter8_gitops.serving.web.assets import asset
from iter8_gitops.serving.web.experiments import experiment_part
from iter8_gitops.serving.web.overviews import Selection, Wish, rows
from iter8_gitops.serving.web.states import Tone, state_chip, version_chip
from iter8_gitops.spec.durations import format_duration
from iter8_gitops.spec.percentages import format_percentage
from iter8_gitops.spec.snapshot import RoutemapState, SourceStatus
from iter8_gitops.spec.trend import TrendPoint


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is known of one application. Parts that could not be read are None, and the trouble says why."""

    report: RoutemapReport
    analysis: AnalysisReport | None
    points: tuple[TrendPoint, ...]
    history: HistoryPage | None
    measured_trouble: str = ""
    history_trouble: str = ""


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    location: str
    result: str
    tone: Tone
    message: str
    routemaps: int
    revision: str
    author: str
    read_at: float | None


def overview_page(
    overview: Overview, wish: Wish, selection: Selection, analyses: Mapping[str, Analysis], root: str, now: float
) -> str:
    """The list of applications. `root` leads from the page to the root of the server: "", or it ends with a slash."""
    held = Counter(report.state.origin.source for report in overview.routemaps)
    return _render(
        "overview.html",
        root,
        now,
        board=overview.board,
        problems=overview.board.problems,
        wish=wish,
        selection=selection,
        rows=rows(selection, analyses),
        sources=[_source(each, held[each.name]) for each in overview.board.snapshot.sources],
    )


def application_page(dossier: Dossier, root: str, now: float) -> str:
    """One application in full."""
    state, report = dossier.report.state, dossier.analysis
    return _render(
        "application.html",
        root,
        now,
        report=dossier.report,
        state=state,
        chip=state_chip(state),
        version_chip=version_chip,
        counted=not dossier.measured_trouble,
        advice=advise(state, report.analysis) if report else None,
        experiment=experiment_part(report, dossier.points) if report and len(state.versions) > 1 else None,
        aside=_not_at_random(state),
        history=dossier.history,
        measured_trouble=dossier.measured_trouble,
        history_trouble=dossier.history_trouble,
    )


def trouble_page(status: int, title: str, description: str, root: str, now: float) -> str:
    """What went wrong, in place of a page. `status` is that of HTTP."""
    return _render("trouble.html", root, now, status=status, title=title, description=description)


def _render(template: str, root: str, now: float, **values: Any) -> str:
    return _environment().get_template(template).render(root=root, now=now, **values)


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("iter8_gitops.serving.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["asset"] = asset
    found.filters |= {
        "about_users": users,
        "anchor": lambda name: re.sub(r"\W", "-", name),
        "chance": wording.plain_percent,
        "count_of": wording.plural,
        "duration": format_duration,
        "interval": _interval,
        "margin": margin,
        "moment": _moment,
        "number": wording.number,
        "person": wording.person,
        "query": _query,
        "share": _share,
        "signed": wording.signed_percent,
        "words": lambda reason: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", reason).capitalize(),
    }
    return found


def _moment(seconds: float) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(wording.iso_time(seconds), wording.utc_time(seconds))


def _interval(found: Interval) -> str:
    return wording.interval(found.lower, found.upper)


def _share(value: float) -> str:
    return f"{value * 100:.3g}%"


def _query(parameters: Mapping[str, object]) -> str:
    """The query of a link, without what is as it is anyway."""
    return urlencode({name: value for name, value in parameters.items() if value not in ("", "all", 1)})


def _not_at_random(state: RoutemapState) -> list[str]:
    """Who gets what by targeting, in the order in which it decides."""
    outline = Outline.of(state.targeting)
    names = [version.name for version in state.versions]
    said = [f"{wording.plural(outline.overrides, 'user')} by override"] if outline.overrides else []
    if outline.holdout:
        said.append(f"{format_percentage(outline.holdout)} of the users, the holdout, get {names[0]}")
    for rule in outline.rules:
        conditions = (f"{attribute} is {' or '.join(texts)}" for attribute, texts in rule.when)
        said.append(f"rule {rule.name} gives {names[rule.version]} where {' and '.join(conditions)}")
    return said


def _source(source: SourceStatus, routemaps: int) -> _Source:
    result, tone = _result(source)
    return _Source(
        source.name,
        source.location,
        result,
        tone,
        source.message,
        routemaps,
        source.revision,
        wording.person(source.author),
        source.read_at,
    )


def _result(source: SourceStatus) -> tuple[str, Tone]:
    if source.failing_since is not None:
        return f"Failing since {wording.utc_time(source.failing_since)}", "bad"
    if source.read_at is None:
        return "Not read yet", "busy"
    if source.problems:
        return wording.plural(len(source.problems), "problem"), "bad"
    return "Applied", "good"
