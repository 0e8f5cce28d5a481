"""The verdict on an experiment, from those on its candidates.

The order is that of what a person should know first: users do not come as they should (`invalid`); a version does harm
(`guardrail_breached`); a version can be promoted (`winner`); some could be, if more were known (`guardrail_pending`,
`leaders`); one can be stopped (`loser`); wait (`keep_going`); no version matters (`no_difference`). Candidates that get
no users any more do not count, unless none gets any.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import exp, log
from typing import TypeAlias, TypeVar

from iter8_gitops.core.analysis.candidates import Judge, comparison_of
from iter8_gitops.core.analysis.values import SampleRatioResult, Verdict, VerdictName
from iter8_gitops.core.analysis.wording import about, listed
from iter8_gitops.spec.routemap import MINIMUM_RUN

NotWorse: TypeAlias = Callable[[int, int], bool]
"""Whether the first candidate is shown not to be worse than the second by more than matters, where it is better."""

_ORDER: tuple[VerdictName, ...] = (
    "guardrail_breached",
    "winner",
    "guardrail_pending",
    "leaders",
    "loser",
    "keep_going",
    "no_difference",
    "not_enough_data",
)


def candidate_verdicts(judge: Judge, ratio: SampleRatioResult, not_worse: NotWorse) -> tuple[Verdict, ...]:
    """One for each candidate that took part, ascending."""
    candidates = judge.experiment.taking_part[1:]
    if ratio.state == "blocked":
        return tuple(replace(_invalid(ratio), versions=(version,)) for version in candidates)
    verdicts = {version: judge.verdict(version) for version in candidates}
    rivals = [v for v in judge.experiment.running if verdicts[v].name != "guardrail_breached"]
    for version, verdict in verdicts.items():
        if verdict.name == "leaders":
            open_to = [judge.name(rival) for rival in rivals if rival != version and not not_worse(version, rival)]
            if open_to:
                said = f"{verdict.reason}, but not yet shown to be as good as {listed(open_to)}"
                verdicts[version] = replace(verdict, reason=said)
            else:
                verdicts[version] = replace(verdict, name="winner")
    return tuple(verdicts.values())


def overall(judge: Judge, ratio: SampleRatioResult, candidates: Sequence[Verdict]) -> Verdict:
    """The verdict on all of it; `versions` are those that it is about."""
    if ratio.state == "blocked":
        return replace(_invalid(ratio), versions=judge.experiment.taking_part)
    running = [verdict for verdict in candidates if verdict.versions[0] in judge.experiment.running]
    if not running:
        return Verdict("not_enough_data", (), "no candidate has had any users: there is nothing to compare")
    names = {verdict.name for verdict in running}
    first = next(name for name in _ORDER if name in names)
    if first == "no_difference" and names != {"no_difference"}:
        first = "not_enough_data"
    about_them = [verdict for verdict in running if verdict.name == first]
    if first == "winner":
        return _with_minimum_run(judge, max(about_them, key=lambda verdict: _lift(judge, verdict.versions[0])))
    return Verdict(
        first,
        tuple(verdict.versions[0] for verdict in about_them),
        "; ".join(dict.fromkeys(verdict.reason for verdict in about_them)),
        _largest([verdict.users_left for verdict in about_them]),
        _largest([verdict.seconds_left for verdict in about_them]),
    )


def _invalid(ratio: SampleRatioResult) -> Verdict:
    odds = "some came to a version without weight"
    if ratio.log_evidence is not None:
        large = ratio.log_evidence > log(1e6)
        odds = f"the evidence is {'over a million' if large else f'{exp(ratio.log_evidence):,.0f}'} to 1"
    came = " / ".join(f"{count:,}" for count in ratio.newcomers)
    expected = " / ".join(f"{count:,.0f}" for count in ratio.expected)
    reason = (
        f"users do not come to the versions as the weights say ({came} came, {expected} were expected; {odds}), "
        "so nothing can be compared: look for users who are lost before they count"
    )
    return Verdict("invalid", (), reason)


def _with_minimum_run(judge: Judge, winner: Verdict) -> Verdict:
    if judge.elapsed >= MINIMUM_RUN:
        return winner
    left = MINIMUM_RUN - judge.elapsed
    said = f"{winner.reason}; {about(left)} more would make it a whole day, in case the hours differ"
    return replace(winner, reason=said)


def _lift(judge: Judge, version: int) -> float:
    """By the metrics in which it is better, the largest improvement."""
    found = [comparison_of(metric, version) for metric in judge.metrics]
    return max(abs(each.lift or 0.0) for each in found if each is not None and each.finding == "better")


_Number = TypeVar("_Number", int, float)


def _largest(values: Sequence[_Number | None]) -> _Number | None:
    known = [value for value in values if value is not None]
    return max(known) if len(known) == len(values) else None
