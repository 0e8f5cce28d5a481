"""Who is ahead, how sure that is, and what to do: for every verdict there is."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from iter8_gitops.core.analysis.values import (
    Analysis,
    Comparison,
    MetricResult,
    SampleRatioResult,
    Verdict,
    VerdictName,
    VersionResult,
)
from iter8_gitops.core.statistics.intervals import Interval
from iter8_gitops.serving.web.advice import Advice, advise, short_verdict
from iter8_gitops.spec.routemap import PromotionPolicy
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.steering import PromotionPhase, PromotionState
from tests.web.story import METRICS, routemap, version

STATE = routemap("web", [version(0, "primary", 50), version(1, "candidate", 50)], 0.0, metrics=METRICS)


def analysis(verdict: str, lift: float = 0.04, goal: str = "increase") -> Analysis:
    interval = Interval(lift - 0.02, lift + 0.02)
    comparison = Comparison(
        "confidence sequence", 0.05, lift, interval, lift, interval, 5.0, 0.01, "better", 0.02, 1200, 7200.0, 0.97
    )
    metric = MetricResult(
        "revenue",
        "success",
        goal,
        "mean",
        "",
        0.02,
        (VersionResult(0, 900, 1.0, None, 0.03, 0.1), VersionResult(1, 900, 1.04, comparison, 0.97, 0.0)),
    )
    found = Verdict(verdict, (1,), "it says why", 1200, 7200.0)  # type: ignore[arg-type]
    ratio = SampleRatioResult("ok", 0.0, (900, 900), (900.0, 900.0))
    return Analysis(0, 3600.0, found, (found,), ratio, (metric,))


@pytest.mark.parametrize("verdict", get_args(VerdictName))
def test_every_verdict_has_a_headline_and_a_step(verdict: str) -> None:
    advice = advise(STATE, analysis(verdict))

    assert advice.headline
    assert advice.step
    assert advice.reason == "it says why"


def test_a_winner_is_named_with_its_certainty_and_the_command_that_promotes_it() -> None:
    assert advise(STATE, analysis("winner")) == Advice(
        "candidate is better than primary",
        "good",
        "revenue of candidate: +4.0% against primary; 95.0% sure that it is from +2.0% to +6.0%.",
        "Promote candidate:",
        "it says why",
        "iter8-gitops promote shop/web --version candidate",
    )


@pytest.mark.parametrize(
    ("lift", "goal", "ahead"),
    [(0.04, "increase", "candidate"), (-0.04, "increase", "primary"), (-0.04, "decrease", "candidate")],
)
def test_a_lead_that_may_be_chance_is_called_that(lift: float, goal: str, ahead: str) -> None:
    advice = advise(STATE, analysis("keep_going", lift, goal))

    assert advice.headline == f"{ahead} is ahead so far, which may be chance"
    assert advice.step == "Keep going. It takes about 1,200 users more, about 2 hours at this rate."
    assert not advice.command


def test_harm_is_stopped_by_a_weight_in_git() -> None:
    advice = advise(STATE, analysis("guardrail_breached"))

    assert (advice.headline, advice.tone) == ("candidate does harm", "bad")
    assert "weight 0 in Git" in advice.step


def test_a_better_version_whose_guardrail_is_open_is_called_ahead_and_not_safe() -> None:
    assert advise(STATE, analysis("guardrail_pending")).headline == "candidate is ahead, but may do harm"


def test_harm_is_told_of_where_it_was_found() -> None:
    found = analysis("guardrail_breached")
    revenue = found.metrics[0]
    compared = revenue.versions[1].comparison
    assert compared is not None
    breached = replace(revenue.versions[1], comparison=replace(compared, finding="breached"))
    latency = replace(revenue, name="latency", role="guardrail", versions=(revenue.versions[0], breached))

    assert advise(STATE, replace(found, metrics=(revenue, latency))).sureness.startswith("latency of candidate: +4.0%")


def test_metrics_that_disagree_are_for_a_person_to_weigh() -> None:
    found = analysis("keep_going")
    revenue = found.metrics[0]
    compared = revenue.versions[1].comparison
    assert compared is not None
    worse = replace(revenue.versions[1], comparison=replace(compared, finding="worse"))
    clicks = replace(revenue, name="clicks", versions=(revenue.versions[0], worse))

    advice = advise(STATE, replace(found, metrics=(revenue, clicks)))

    assert advice.headline == "candidate is better on one metric, worse on another"
    assert advice.step.startswith("Say which metric matters more")


def with_promotion(phase: PromotionPhase, reference: str) -> RoutemapState:
    promotion = PromotionState(1, "", phase, "tried again in 30s", reference=reference)
    return replace(STATE, policy=PromotionPolicy("pullRequest"), promotion=promotion)


def test_a_pull_request_is_to_be_merged() -> None:
    advice = advise(with_promotion(PromotionPhase.PROPOSED, "https://example.com/1"), analysis("winner"))

    assert (advice.link, advice.command) == ("https://example.com/1", "")
    assert "Merge the pull request" in advice.step


def test_an_address_that_is_no_web_page_is_no_link() -> None:
    assert not advise(with_promotion(PromotionPhase.PROPOSED, "javascript:alert(1)"), analysis("winner")).link


def test_a_controller_that_promotes_by_itself_is_left_to_do_it() -> None:
    assert (
        "by the commit 0123456789ab."
        in advise(with_promotion(PromotionPhase.COMMITTED, "0123456789abcdef"), analysis("winner")).step
    )
    waiting = advise(with_promotion(PromotionPhase.WAITING, ""), analysis("winner"))
    assert "the controller promotes candidate by itself (tried again in 30s)" in waiting.step
    assert waiting.command == "iter8-gitops promote shop/web --version candidate"


def test_lists_say_the_same_in_short() -> None:
    assert short_verdict(STATE, analysis("winner")) == ("candidate is better than primary", "good")
    assert short_verdict(STATE, None) == ("Not read yet", "quiet")
    assert short_verdict(routemap("web", [version(0, "primary", 1)], 0.0), None) == ("No experiment", "quiet")
