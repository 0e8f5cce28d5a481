"""What a verdict means for ramps and promotions."""

from __future__ import annotations

import pytest

from iter8_gitops.core.analysis.evidence import evidence_of
from iter8_gitops.core.evidence import Evidence
from iter8_gitops.spec.metric import ExperimentStatistics
from iter8_gitops.spec.routemap import MetricDeclaration
from tests.core.analysis.building import analysis, arm, experiment, sums

REVENUE = MetricDeclaration("revenue")
LATENCY = MetricDeclaration("latency", goal="decrease", max_harm=0.02)


def measured(revenue: tuple[float, ...], latency: tuple[float, ...] = (), users: int = 20_000) -> ExperimentStatistics:
    """Versions with these means, each with a variance of 1 and this many users."""
    return experiment(
        *(
            arm(
                version,
                users,
                {"revenue": sums(users, mean, 1.0)}
                | ({"latency": sums(users, latency[version], 1.0)} if latency else {}),
            )
            for version, mean in enumerate(revenue)
        )
    )


def evidence(
    revenue: tuple[float, ...],
    latency: tuple[float, ...] = (),
    metrics: tuple[MetricDeclaration, ...] = (REVENUE,),
    users: int = 20_000,
) -> Evidence:
    return evidence_of(analysis(metrics, measured(revenue, latency, users), hours=1.0))


def test_a_winner_is_named_with_the_reason_alone() -> None:
    found = evidence((10.0, 11.0))
    assert (found.objection, found.winner) == ("", 1)
    assert found.said.startswith("v1 is better than v0 on revenue (lift ")
    assert "a whole day" not in found.said


def test_a_breached_guardrail_speaks_against_going_on() -> None:
    found = evidence((10.0, 11.0), (10.0, 11.0), (REVENUE, LATENCY))
    assert found == Evidence("a guardrail is breached", None, "a guardrail is breached")


def test_one_candidate_that_does_harm_holds_up_the_ramp_and_not_the_promotion_of_another() -> None:
    found = evidence((10.0, 11.0, 11.0), (10.0, 10.0, 12.0), (REVENUE, LATENCY))
    assert found.objection == "a guardrail is breached"


def test_users_that_do_not_come_as_the_weights_say_speak_against_everything() -> None:
    lost = experiment(
        arm(0, 20_000, {"revenue": sums(20_000, 10.0, 1.0)}), arm(1, 15_000, {"revenue": sums(15_000, 11.0, 1.0)})
    )
    found = evidence_of(analysis((REVENUE,), lost))
    assert (bool(found.objection), found.winner) == (True, None)


@pytest.mark.parametrize(
    ("revenue", "users", "said"),
    [
        ((10.0, 11.0), 20, "too few users have come yet"),
        ((10.0, 10.01), 300, "no version has been shown to be better yet"),
        ((10.0, 10.0), 2_000_000, "no version is better by as much as matters"),
        ((10.0, 9.0), 20_000, "it is worse than the primary"),
    ],
)
def test_whatever_else_is_known_is_no_winner_and_said_in_words_that_stay_the_same(
    revenue: tuple[float, ...], users: int, said: str
) -> None:
    assert evidence(revenue, users=users) == Evidence("", None, said)
