"""What an analysis means for steps that the controller takes by itself."""

from __future__ import annotations

from iter8_gitops.core.analysis.values import Analysis, VerdictName
from iter8_gitops.core.evidence import Evidence

_SAID: dict[VerdictName, str] = {
    "guardrail_pending": "it is better, but whether a guardrail holds is not known yet",
    "leaders": "several versions are better than the primary, and which of them is best is not known yet",
    "loser": "it is worse than the primary",
    "no_difference": "no version is better by as much as matters",
    "keep_going": "no version has been shown to be better yet",
    "not_enough_data": "too few users have come yet",
}
"""In words that stay the same while numbers move, so that a state is not published for each of them."""


def evidence_of(analysis: Analysis) -> Evidence:
    """Harm, or users that do not come as they should, speaks against every further step; a winner may be promoted."""
    verdict = analysis.verdict
    if verdict.name == "invalid":
        return Evidence("users do not come to the versions as the weights say", None, "its measurements are not valid")
    breached = any(each.name == "guardrail_breached" for each in (verdict, *analysis.candidates))
    objection = "a guardrail is breached" if breached else ""
    if verdict.name == "winner":
        winner = verdict.versions[0]
        reason = next((each.reason for each in analysis.candidates if winner in each.versions), verdict.reason)
        return Evidence(objection, winner, reason)
    return Evidence(objection, None, _SAID.get(verdict.name, objection))
