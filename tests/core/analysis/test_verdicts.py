"""The verdict: its names, their order, and what it says to a person."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import pytest

from iter8_gitops.core.analysis.values import Verdict
from iter8_gitops.core.statistics.sequence import ConfidenceSequence
from iter8_gitops.spec.metric import ExperimentStatistics, UserSums
from iter8_gitops.spec.routemap import MetricDeclaration
from tests.core.analysis.building import NAMES, START, analysis, arm, comparison_in, converted, experiment, sums

REVENUE = MetricDeclaration("revenue")
LATENCY = MetricDeclaration("latency", goal="decrease", max_harm=0.05)
ERRORS = MetricDeclaration("errors", goal="decrease", max_harm=0.1)
USERS = 20_000


def two(**means: tuple[float, float]) -> ExperimentStatistics:
    """Two versions with a standard deviation of 5: the interval of a difference reaches 0.153 to either side."""
    return experiment(
        *(
            arm(version, USERS, {name: sums(USERS, pair[version], 25.0) for name, pair in means.items()})
            for version in (0, 1)
        )
    )


def several(*revenues: float, users: int = USERS, weights: tuple[int, ...] | None = None) -> ExperimentStatistics:
    arms = [arm(version, users, {"revenue": sums(users, mean, 25.0)}) for version, mean in enumerate(revenues)]
    return experiment(*arms, weights={START: weights} if weights else None)


def verdict(statistics: ExperimentStatistics, *metrics: MetricDeclaration, hours: float = 48.0) -> Verdict:
    return analysis(metrics or (REVENUE,), statistics, hours=hours).verdict


@pytest.mark.parametrize(
    ("mean", "goal", "expected"),
    [
        (10.4, "increase", "winner"),
        (9.6, "increase", "loser"),
        (10.1, "increase", "keep_going"),
        (9.6, "decrease", "winner"),
        (10.4, "decrease", "loser"),
    ],
)
def test_a_version_is_judged_by_the_goal(mean: float, goal: str, expected: str) -> None:
    found = verdict(two(revenue=(10.0, mean)), replace(REVENUE, goal=goal))
    assert (found.name, found.versions) == (expected, (1,))


def test_a_winner_is_explained_in_a_sentence() -> None:
    assert verdict(two(revenue=(10.0, 10.4))).reason == "v1 is better than v0 on revenue (lift +2.4% to +5.7%)"


def test_a_version_that_differs_by_less_than_matters_is_no_difference() -> None:
    found = verdict(two(revenue=(10.0, 10.01)), replace(REVENUE, minimum_effect=0.02))
    assert found.name == "no_difference"
    assert "by less than matters on revenue" in found.reason
    assert verdict(two(revenue=(10.0, 10.01)), replace(REVENUE, minimum_effect=0.01)).name == "keep_going"


def test_what_is_open_says_how_many_users_and_how_long_are_left() -> None:
    found = analysis((REVENUE,), two(revenue=(10.0, 10.0)), hours=10.0)
    left = comparison_in(found, "revenue")
    assert found.verdict.users_left == left.users_left
    assert left.users_left is not None
    assert left.seconds_left == pytest.approx(left.users_left / (2 * USERS) * 36_000, rel=1e-3)
    needed = 2 * USERS + left.users_left
    assert (ConfidenceSequence().multiplier(needed) + 0.8416) * 10 / sqrt(needed) == pytest.approx(0.1, rel=1e-4)
    assert found.verdict.reason == (
        "v1 may be better or worse on revenue (lift -1.6% to +1.6%); 142,000 users more, about 36 hours, "
        "until an effect that matters would show"
    )


def test_a_guardrail_that_is_breached_comes_before_a_winner() -> None:
    found = verdict(two(revenue=(10.0, 11.0), latency=(10.0, 10.8)), REVENUE, LATENCY)
    assert (found.name, found.versions) == ("guardrail_breached", (1,))
    assert found.reason == "v1 is worse than accepted on latency (lift +6.3% to +9.7%, accepted: 5% worse)"


def test_a_winner_waits_for_its_guardrails() -> None:
    found = verdict(two(revenue=(10.0, 11.0), latency=(10.0, 10.45)), REVENUE, LATENCY)
    assert found.name == "guardrail_pending"
    assert "v1 is better on revenue" in found.reason
    assert "what is accepted on latency" in found.reason
    assert found.users_left is not None


def test_a_winner_holds_its_guardrails_without_being_better_on_them() -> None:
    assert verdict(two(revenue=(10.0, 11.0), latency=(10.0, 10.2)), REVENUE, LATENCY).name == "winner"


def test_a_guardrail_that_is_open_hides_no_loser_and_no_open_question() -> None:
    assert verdict(two(revenue=(10.0, 9.0), latency=(10.0, 10.45)), REVENUE, LATENCY).name == "loser"
    assert verdict(two(revenue=(10.0, 10.0), latency=(10.0, 10.45)), REVENUE, LATENCY).name == "keep_going"


def test_errors_where_the_primary_has_none_breach_a_guardrail() -> None:
    silent = UserSums(0, 0, (0.0, 0.0), (0.0, 0.0))
    statistics = experiment(
        arm(0, 2000, {"revenue": sums(2000, 10.0, 25.0), "errors": silent}),
        arm(1, 2000, {"revenue": sums(2000, 10.0, 25.0), "errors": converted(60)}),
    )
    for kind in ("mean", "conversion"):
        assert verdict(statistics, REVENUE, replace(ERRORS, type=kind)).name == "guardrail_breached"


def test_guardrails_alone_can_be_breached_pending_or_held() -> None:
    assert verdict(two(latency=(10.0, 10.8)), LATENCY).name == "guardrail_breached"
    assert verdict(two(latency=(10.0, 10.45)), LATENCY).name == "guardrail_pending"
    held = verdict(two(latency=(10.0, 10.0)), LATENCY)
    assert (held.name, held.reason) == (
        "keep_going",
        "v1 holds every guardrail; without a success metric nothing can win",
    )


def test_metrics_that_disagree_are_left_to_a_person() -> None:
    found = verdict(two(revenue=(10.0, 11.0), visits=(10.0, 9.0)), REVENUE, MetricDeclaration("visits"))
    assert found.name == "keep_going"
    assert "better on revenue" in found.reason
    assert "worse on visits" in found.reason
    assert "a person must say which matters" in found.reason


def test_users_who_do_not_come_as_the_weights_say_make_everything_invalid() -> None:
    statistics = experiment(
        arm(0, 10_000, {"revenue": sums(10_000, 10.0, 25.0)}), arm(1, 9_000, {"revenue": sums(9_000, 11.0, 25.0)})
    )
    found = analysis((REVENUE,), statistics)
    assert (found.verdict.name, found.verdict.versions) == ("invalid", (0, 1))
    assert found.sample_ratio.state == "blocked"
    assert found.sample_ratio.expected == (9_500.0, 9_500.0)
    assert "10,000 / 9,000 came, 9,500 / 9,500 were expected" in found.verdict.reason
    assert [each.name for each in found.candidates] == ["invalid"]


def test_a_ratio_that_is_merely_odd_is_a_warning() -> None:
    statistics = experiment(
        arm(0, 10_260, {"revenue": sums(10_260, 10.0, 25.0)}), arm(1, 9_740, {"revenue": sums(9_740, 11.0, 25.0)})
    )
    found = analysis((REVENUE,), statistics)
    assert found.sample_ratio.state == "warning"
    assert found.verdict.name == "winner"


@pytest.mark.parametrize(
    ("users", "said"),
    [
        ((0, 0), "v0 has no users and v1 has no users"),
        ((5000, 0), "v1 has no users"),
        ((5000, 40), "v1 has 40 users; 100 in each version are needed"),
        ((1, 99), "v0 has 1 user and v1 has 99 users"),
    ],
)
def test_no_users_or_too_few_are_never_a_number(users: tuple[int, int], said: str) -> None:
    statistics = experiment(
        *(arm(version, count, {"revenue": sums(count, 10.0, 25.0)}) for version, count in enumerate(users) if count),
        weights={START: (125, 1) if users == (5000, 40) else (1, 1)},
    )
    found = analysis((REVENUE,), statistics)
    if users == (5000, 0):
        assert found.verdict.name == "invalid"
        return
    assert found.verdict.name == "not_enough_data"
    assert said in found.verdict.reason
    assert all(version.comparison is None for metric in found.metrics for version in metric.versions)


def test_too_few_users_say_how_long_until_there_are_enough() -> None:
    statistics = experiment(
        arm(0, 980, {"revenue": sums(980, 10.0, 25.0)}),
        arm(1, 20, {"revenue": sums(20, 10.0, 25.0)}),
        weights={START: (98, 2)},
    )
    assert verdict(statistics, hours=1.0).seconds_left == pytest.approx(4 * 3600)


def test_users_who_are_all_alike_cannot_be_compared() -> None:
    found = verdict(experiment(arm(0, 500), arm(1, 500)))
    assert found.name == "not_enough_data"
    assert "in no metric do the users of v0 and v1 differ" in found.reason


def test_without_a_declared_metric_nothing_is_judged() -> None:
    found = analysis((), two(revenue=(10.0, 11.0)))
    assert found.verdict == Verdict(
        "not_enough_data", (1,), "no metric is declared, so versions are described and not judged"
    )
    assert [(metric.name, metric.role) for metric in found.metrics] == [("revenue", "described")]


def test_a_single_version_has_nothing_to_be_compared_with() -> None:
    alone = experiment(arm(0, 500), weights={START: (1,)})
    assert verdict(alone).reason == "no candidate has had any users: there is nothing to compare"


def test_a_winner_is_not_worse_than_any_other_candidate() -> None:
    found = analysis((REVENUE,), several(10.0, 11.0, 10.5))
    assert (found.verdict.name, found.verdict.versions) == ("winner", (1,))
    assert [each.name for each in found.candidates] == ["winner", "leaders"]
    assert "not yet shown to be as good as v1" in found.candidates[1].reason


def test_leaders_beat_the_primary_and_not_one_another() -> None:
    found = verdict(several(10.0, 11.0, 11.05))
    assert (found.name, found.versions) == ("leaders", (1, 2))


def test_of_two_winners_the_one_with_the_larger_lift_is_told() -> None:
    found = analysis((replace(REVENUE, minimum_effect=0.05),), several(10.0, 11.0, 11.05))
    assert [each.name for each in found.candidates] == ["winner", "winner"]
    assert (found.verdict.name, found.verdict.versions) == ("winner", (2,))


def test_a_candidate_with_too_few_users_keeps_others_from_winning() -> None:
    arms = [
        arm(v, n, {"revenue": sums(n, m, 25.0)}) for v, (n, m) in enumerate([(9500, 10.0), (9500, 11.0), (50, 10.0)])
    ]
    found = verdict(experiment(*arms, weights={START: (190, 190, 1)}))
    assert (found.name, found.versions) == ("leaders", (1,))


def test_a_candidate_that_does_harm_is_told_before_another_that_wins_until_it_is_stopped() -> None:
    def arms(epoch: int, users: tuple[int, ...]) -> list[object]:
        return [
            arm(
                version,
                count,
                {
                    "revenue": sums(count, (10.0, 11.0, 11.0)[version], 25.0),
                    "latency": sums(count, (10.0, 10.0, 12.0)[version], 25.0),
                },
                epoch=epoch,
            )
            for version, count in enumerate(users)
            if count
        ]

    both = arms(START, (USERS, USERS, USERS))
    running = ExperimentStatistics(START, experiment(*both).epochs, tuple(both))  # type: ignore[arg-type]
    found = analysis((REVENUE, LATENCY), running)
    assert (found.verdict.name, found.verdict.versions) == ("guardrail_breached", (2,))
    assert [each.name for each in found.candidates] == ["winner", "guardrail_breached"]
    later = START + 3600
    after = experiment(*both, *arms(later, (5000, 5000, 0)), weights={START: (1, 1, 1), later: (1, 1, 0)})  # type: ignore[arg-type]
    stopped = analysis((REVENUE, LATENCY), after)
    assert (stopped.verdict.name, stopped.verdict.versions) == ("winner", (1,))
    assert stopped.candidates[1].name == "guardrail_breached"


def test_a_loser_is_told_while_another_candidate_is_open() -> None:
    found = analysis((REVENUE,), several(10.0, 9.0, 10.0))
    assert (found.verdict.name, found.verdict.versions) == ("loser", (1,))
    assert found.candidates[1].name == "keep_going"


def test_one_candidate_without_a_difference_settles_nothing_while_another_is_open() -> None:
    arms = [
        arm(version, count, {"revenue": sums(count, 10.0, 25.0)})
        for version, count in enumerate((10 * USERS, 10 * USERS, USERS))
    ]
    metric = replace(REVENUE, minimum_effect=0.01)
    found = analysis((metric,), experiment(*arms, weights={START: (10, 10, 1)}))
    assert [each.name for each in found.candidates] == ["no_difference", "keep_going"]
    assert (found.verdict.name, found.verdict.versions) == ("keep_going", (2,))


def test_a_candidate_that_never_took_part_does_not_count() -> None:
    found = analysis((REVENUE,), several(10.0, 11.0, weights=(1, 1, 0)))
    assert [each.versions for each in found.candidates] == [(1,)]
    assert comparison_in(found, "revenue").alpha == 0.05


def test_error_is_split_over_candidates_and_success_metrics_but_not_guardrails() -> None:
    statistics = experiment(
        *(arm(v, USERS, {name: sums(USERS, 10.0, 25.0) for name in ("revenue", "visits", "latency")}) for v in range(3))
    )
    found = analysis((REVENUE, MetricDeclaration("visits"), LATENCY), statistics)
    assert comparison_in(found, "revenue").alpha == 0.0125
    assert comparison_in(found, "visits", 2).alpha == 0.0125
    assert comparison_in(found, "latency").alpha == 0.025


def test_a_winner_of_the_first_hours_is_told_to_see_a_whole_day() -> None:
    found = verdict(two(revenue=(10.0, 11.0)), hours=5.0)
    assert found.name == "winner"
    assert found.reason.endswith("; about 19 hours more would make it a whole day, in case the hours differ")


def test_versions_without_a_name_are_numbered() -> None:
    found = analysis((REVENUE,), two(revenue=(10.0, 11.0)), names=())
    assert found.verdict.reason.startswith("version 1 is better than version 0")
    assert NAMES[1] not in found.verdict.reason
