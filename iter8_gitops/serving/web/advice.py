"""What an analysis means for a person: who is ahead, how sure that is, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iter8_gitops.core.analysis.values import Analysis, Comparison, Finding, MetricResult, Verdict
from iter8_gitops.core.analysis.wording import about, listed, users
from iter8_gitops.core.applications import has_candidate
from iter8_gitops.serving.web.states import Tone
from iter8_gitops.serving.web.wording import interval, plain_percent, signed_percent
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.steering import PromotionPhase


@dataclass(frozen=True, slots=True)
class Advice:
    """`headline` says who is ahead, `sureness` how sure that is, `step` what to do, `command` how."""

    headline: str
    tone: Tone
    sureness: str
    step: str
    reason: str = ""
    command: str = ""
    link: str = ""


_FOUND: dict[str, tuple[Finding, ...]] = {
    "winner": ("better",),
    "leaders": ("better",),
    "loser": ("worse",),
    "guardrail_breached": ("breached",),
    "no_difference": ("same",),
}
"""What must have been found in a metric for it to tell of a verdict."""

_TONES: dict[str, Tone] = {
    "winner": "good",
    "leaders": "good",
    "loser": "warn",
    "guardrail_breached": "bad",
    "invalid": "bad",
    "no_difference": "quiet",
}


def advise(state: RoutemapState, analysis: Analysis) -> Advice:
    """The answer to the three questions, from the verdict over all versions."""
    names = [version.name for version in state.versions]
    if len(names) == 1:
        return Advice(f"Only {names[0]} is declared", "quiet", "", "Add a version to the routemap to try it on users.")
    if not has_candidate(state):
        step = "Wait, or see to it; what each version waits for is shown below."
        return Advice(_awaited(state), "busy", "", step)
    verdict = analysis.verdict
    tone = _TONES.get(verdict.name, "busy")
    step, command, link = _step(state, analysis, names)
    return Advice(_headline(analysis, names), tone, _sureness(analysis, names), step, verdict.reason, command, link)


def short_verdict(state: RoutemapState, analysis: Analysis | None) -> tuple[str, Tone]:
    """The verdict in a few words, for a list."""
    if len(state.versions) == 1:
        return "No experiment", "quiet"
    if not has_candidate(state):
        return _awaited(state), "quiet"
    if analysis is None:
        return "Not read yet", "quiet"
    names = [version.name for version in state.versions]
    return _headline(analysis, names), _TONES.get(analysis.verdict.name, "busy")


def _awaited(state: RoutemapState) -> str:
    candidates = listed([version.name for version in state.versions[1:]], last="or")
    return f"Waiting until {candidates} can answer"


def _headline(analysis: Analysis, names: Sequence[str]) -> str:
    verdict = analysis.verdict
    who = listed([names[version] for version in verdict.versions if version < len(names)])
    match verdict.name:
        case "winner":
            return f"{who} is better than {names[0]}"
        case "leaders":
            return f"{who} are better than {names[0]}" if len(verdict.versions) > 1 else f"{who} is ahead"
        case "loser":
            return f"{names[0]} is better than {who}"
        case "guardrail_breached":
            return f"{who} does harm"
        case "guardrail_pending":
            better = any(each.finding == "better" for each in _comparisons(analysis, verdict.versions))
            return f"{who} is ahead, but may do harm" if better else f"{who} may do harm: not known yet"
        case "no_difference":
            return "No difference that matters"
        case "invalid":
            return "These numbers cannot be trusted"
        case "not_enough_data":
            return "Too early to tell"
    return f"{who} is better on one metric, worse on another" if _disagrees(analysis) else _ahead(analysis, names)


def _ahead(analysis: Analysis, names: Sequence[str]) -> str:
    """Who leads while nothing is shown yet: said so that nobody takes it for a result."""
    found = _telling(analysis)
    if found is None or found[0].role != "success":
        return "Nobody is ahead yet"
    metric, version, comparison = found
    if not comparison.lift:
        return "Nobody is ahead yet"
    improves = (comparison.lift > 0) == (metric.goal == "increase")
    return f"{names[version] if improves else names[0]} is ahead so far, which may be chance"


def _sureness(analysis: Analysis, names: Sequence[str]) -> str:
    found = _telling(analysis)
    if found is None:
        return ""
    metric, version, comparison = found
    if comparison.lift is None or not comparison.lift_interval.estimable:
        return ""
    bounds = interval(comparison.lift_interval.lower, comparison.lift_interval.upper)
    sure = plain_percent(1.0 - comparison.alpha)
    lift = signed_percent(comparison.lift)
    return f"{metric.name} of {names[version]}: {lift} against {names[0]}; {sure} sure that it is {_between(bounds)}."


def _between(bounds: str) -> str:
    return f"from {bounds}" if " to " in bounds else bounds


def _telling(analysis: Analysis) -> tuple[MetricResult, int, Comparison] | None:
    """The comparison that the headline speaks of: of the verdict's version, and where it was found."""
    verdict = analysis.verdict
    compared = [
        (metric, each.version, each.comparison)
        for metric in analysis.metrics
        for each in metric.versions
        if each.comparison is not None and metric.role != "described"
    ]
    wanted = _FOUND.get(verdict.name, ())
    return min(
        compared,
        key=lambda pair: (pair[2].finding not in wanted, pair[0].role != "success", pair[1] not in verdict.versions),
        default=None,
    )


def _comparisons(analysis: Analysis, versions: Sequence[int]) -> list[Comparison]:
    found = (each for metric in analysis.metrics for each in metric.versions if each.version in versions)
    return [each.comparison for each in found if each.comparison is not None]


def _disagrees(analysis: Analysis) -> bool:
    """Whether a version is better in one metric and worse in another."""
    verdict = analysis.verdict
    found = {each.finding for each in _comparisons(analysis, verdict.versions)}
    return verdict.name == "keep_going" and {"better", "worse"} <= found


def _step(state: RoutemapState, analysis: Analysis, names: Sequence[str]) -> tuple[str, str, str]:
    """What to do, the command for it, and an address to look at."""
    verdict = analysis.verdict
    who = listed([names[version] for version in verdict.versions if version < len(names)])
    match verdict.name:
        case "winner":
            return _promotion(state, names[verdict.versions[0]])
        case "loser":
            return f"Delete {who} in Git, or give it weight 0.", "", ""
        case "guardrail_breached":
            return f"Give {who} weight 0 in Git, and find out why it does harm.", "", ""
        case "invalid":
            return (
                "Find out why users do not come to the versions as the weights say; decide nothing until then.",
                "",
                "",
            )
        case "no_difference":
            return "Choose by other reasons, such as cost: users do not notice.", "", ""
    if _disagrees(analysis):
        return "Say which metric matters more: more users do not settle that.", "", ""
    if not state.metrics:
        return "Declare a metric in the routemap, so that versions can be judged by it.", "", ""
    return f"Keep going. {_left(verdict)}", "", ""


def _left(verdict: Verdict) -> str:
    if verdict.users_left is None and verdict.seconds_left is None:
        return "How long it takes cannot be told yet."
    took = f", {about(verdict.seconds_left)} at this rate" if verdict.seconds_left else ""
    return f"It takes about {users(verdict.users_left)} more{took}." if verdict.users_left else f"It may be soon{took}."


def _promotion(state: RoutemapState, name: str) -> tuple[str, str, str]:
    promotion = state.promotion
    if promotion is not None and promotion.phase is PromotionPhase.PROPOSED:
        link = promotion.reference if promotion.reference.startswith(("https://", "http://")) else ""
        return f"Merge the pull request that promotes {name}: {promotion.reference}", "", link
    command = f"iter8-gitops promote {state.application} --version {name}"
    if promotion is not None and promotion.phase is PromotionPhase.COMMITTED:
        return f"Nothing: {name} was promoted by the commit {promotion.reference[:12]}.", "", ""
    if state.policy.mode != "manual":
        said = promotion.message if promotion is not None else "its evidence is being looked at"
        return f"Nothing: the controller promotes {name} by itself ({said}). To do it now:", command, ""
    return f"Promote {name}:", command, ""
