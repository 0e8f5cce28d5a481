"""Every number of `GET /v1/routemaps/{namespace}/{name}/analysis`, against oracles that know each user's values."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil, exp
from random import Random
from typing import Any, TypeAlias

import pytest

from iter8_gitops.spec.metric import EpochWeights
from iter8_gitops.spec.routemap import MetricDeclaration
from tests.serving.analysis_oracle import (
    Epoch,
    Moments,
    Oracle,
    bayesian,
    conversion_interval,
    finding,
    multinomial_evidence,
)

START = 1_700_000_000
HOURS = 30
REVENUE = MetricDeclaration("revenue")
SIGNUP = MetricDeclaration("signup", type="conversion", minimum_effect=0.05)
CLICKS = MetricDeclaration("clicks", type="ratio", denominator="views")
LATENCY = MetricDeclaration("latency", goal="decrease", max_harm=0.02)
ALL = (REVENUE, SIGNUP, CLICKS, LATENCY)
PROFIT = MetricDeclaration("profit")
URL = "/v1/routemaps/prod/backend/analysis"

Stages: TypeAlias = tuple[tuple[tuple[int, ...], int], ...]
"""Weights, and how many users come while they are in force."""

HALF: Stages = (((50, 50), 2500),)
CANARY: Stages = (((98, 2), 7000),)
EPOCHS: Stages = (((90, 10), 3000), ((50, 50), 2500))
THREE: Stages = (((50, 30, 20), 3000),)
STOPPED: Stages = (((50, 30, 20), 2500), ((60, 40, 0), 2500))
THREE_EPOCHS: Stages = (((80, 10, 10), 3000), ((40, 30, 30), 2000), ((20, 40, 40), 1500))


def drawn(rng: Random, version: int, stage: int) -> dict[str, list[float]]:
    """What a user writes, value by value. A later stage is a better day for revenue, and versions do differ."""
    views = rng.randint(1, 12)
    bought = rng.random() < 0.3
    return {
        "revenue": [rng.lognormvariate(2 + 0.2 * stage, 0.7) for _ in range(rng.randint(1, 3))] if bought else [],
        "signup": [1.0] * rng.randint(1, 2) if rng.random() < 0.1 + 0.02 * version else [],
        "clicks": [1.0] * sum(rng.random() < 0.2 + 0.01 * version for _ in range(views)),
        "views": [float(views)],
        "profit": [rng.gauss(version / 4 - 5, 4)],
        "latency": [200 + 3 * version + rng.gauss(0, 30)],
    }


class Trial:
    """Users come through the API while weights change, and everything that they do is remembered."""

    def __init__(
        self,
        bench: Any,
        api: Any,
        publish: Callable[[Sequence[EpochWeights]], None],
        metrics: Sequence[MetricDeclaration],
        seed: int,
    ) -> None:
        self.bench, self.api, self.publish, self.rng = bench, api, publish, Random(seed)
        self.written = {name for metric in metrics for name in (metric.name, metric.denominator)}
        self.weights: list[tuple[int, ...]] = []
        self.seen: list[dict[int, list[dict[str, list[float]]]]] = []
        self.returning: list[Counter[int]] = []
        self.known: dict[str, None] = {}

    def play(self, stages: Stages, returning: float = 0.0) -> dict[str, Any]:
        """The analysis after all stages; so many users of each (a share) came in earlier ones."""
        epochs = tuple(EpochWeights(START + 3600 * place, weights) for place, (weights, _) in enumerate(stages))
        for place, (weights, users) in enumerate(stages):
            self.publish(epochs[: place + 1])
            self.weights.append(weights)
            back = self.rng.sample(list(self.known), round(returning * users)) if place else []
            self.come([*back, *(f"user-{place}-{number}" for number in range(users - len(back)))], place)
        self.bench.now = START + HOURS * 3600.0
        answer: dict[str, Any] = self.api.get(URL).json
        return answer

    def come(self, users: Sequence[str], stage: int) -> None:
        """Every user is given a version, and writes."""
        asked = {"applications": ["prod/backend"], "users": users}
        given = self.api.post("/v1/lookup", json.dumps(asked)).json["answers"]
        groups: dict[int, list[dict[str, list[float]]]] = defaultdict(list)
        values, returning = [], Counter[int]()
        for user, answer in zip(users, given, strict=True):
            version = answer["versionNumber"]
            returning[version] += user in self.known
            groups[version].append(drawn(self.rng, version, stage))
            for name in sorted(self.written & groups[version][-1].keys()):
                each = groups[version][-1][name]
                values += [{"application": "prod/backend", "user": user, "name": name, "value": v} for v in each]
        self.rng.shuffle(values)
        for start in range(0, len(values), 10_000):
            assert self.api.post("/v1/metrics", json.dumps(values[start : start + 10_000])).status_code == 200
        self.seen.append(dict(groups))
        self.returning.append(returning)
        self.known |= dict.fromkeys(users)

    def epochs(self, metric: MetricDeclaration) -> list[Epoch]:
        """As a metric sees them."""
        return [
            Epoch(weights, {v: [_reduced(metric, each) for each in groups[v]] for v in sorted(groups)}, back)
            for weights, groups, back in zip(self.weights, self.seen, self.returning, strict=True)
        ]


def _reduced(metric: MetricDeclaration, wrote: dict[str, list[float]]) -> tuple[float, float]:
    total = sum(wrote[metric.name])
    if metric.type == "conversion":
        return float(total > 0), 1.0
    return total, sum(wrote[metric.denominator]) if metric.denominator else 1.0


@pytest.fixture
def trial(bench: Any, api: Any, make_state: Any, make_snapshot: Any) -> Callable[..., Trial]:
    def begin(metrics: tuple[MetricDeclaration, ...], seed: int) -> Trial:
        def publish(epochs: Sequence[EpochWeights]) -> None:
            weights = epochs[-1].weights
            bench.board.snapshot = make_snapshot(
                replace(
                    make_state("prod/backend", weights, ("aaaa", "bbbb", "cccc")[: len(weights)]),
                    epoch=epochs[-1].epoch,
                    experiment=START,
                    epochs=tuple(epochs),
                    metrics=metrics,
                )
            )

        return Trial(bench, api, publish, metrics, seed)

    return begin


@pytest.mark.parametrize(
    ("metrics", "stages"),
    [
        pytest.param(ALL, HALF, id="half and half"),
        pytest.param((REVENUE,), CANARY, id="mean of a canary"),
        pytest.param((SIGNUP,), CANARY, id="conversions of a canary"),
        pytest.param((CLICKS,), CANARY, id="ratio of a canary"),
        pytest.param(ALL, EPOCHS, id="two epochs"),
        pytest.param(ALL, THREE, id="three versions"),
        pytest.param(ALL, STOPPED, id="three versions, one of which is stopped"),
        pytest.param((PROFIT,), EPOCHS, id="a mean below zero"),
        pytest.param(ALL, THREE_EPOCHS, id="three versions in three epochs"),
    ],
)
def test_every_number_is_that_of_the_formulas(
    trial: Callable[..., Trial], metrics: tuple[MetricDeclaration, ...], stages: Stages
) -> None:
    played = trial(metrics, len(stages) * 10 + len(stages[0][0]))
    check(metrics, played.play(stages), played)


def test_users_who_come_again_with_new_weights_are_counted_once_and_widen_the_interval(
    trial: Callable[..., Trial],
) -> None:
    played = trial(ALL, 5)
    answer = played.play(EPOCHS, returning=0.4)
    assert sum(played.returning[1].values()) == 1000
    check(ALL, answer, played)


def check(metrics: tuple[MetricDeclaration, ...], answer: dict[str, Any], played: Trial) -> None:
    assert [metric["name"] for metric in answer["metrics"]][: len(metrics)] == [metric.name for metric in metrics]
    success = sum(metric.max_harm is None for metric in metrics)
    candidates = len(played.weights[0]) - 1
    for metric, told in zip(metrics, answer["metrics"], strict=False):
        alpha = 0.05 / candidates / (success if metric.max_harm is None else 1)
        check_metric(metric, told, played.epochs(metric), alpha)
    check_sample_ratio(answer["sampleRatio"], played.epochs(metrics[0]))


def check_metric(metric: MetricDeclaration, told: dict[str, Any], epochs: list[Epoch], alpha: float) -> None:
    goal = -1 if metric.goal == "decrease" else 1
    came = [_users(epochs, version) for version in epochs[0].users]
    beliefs = bayesian(epochs, goal)
    for version, (chance, loss) in enumerate(beliefs):
        found = told["versions"][version]
        users = [each for epoch in epochs for each in epoch.users.get(version, ())]
        assert (found["version"], found["users"]) == (version, came[version])
        assert found["mean"] == near(Moments.of(users).mean)
        assert found["chanceToBeBest"] == pytest.approx(chance, rel=1e-6, abs=1e-7)
        assert found["expectedLoss"] == pytest.approx(loss, rel=1e-6, abs=1e-7)
        if version:
            check_comparison(metric, found["comparison"], Oracle(epochs, version, alpha, goal), sum(came))


def _users(epochs: Sequence[Epoch], version: int) -> int:
    """At least so many different ones: all that were new, or those of one epoch."""
    return max(sum(e.newcomers(version) for e in epochs), *(e.came(version) for e in epochs))


def check_comparison(metric: MetricDeclaration, told: dict[str, Any], oracle: Oracle, everybody: int) -> None:
    lifts, evidence, differences = oracle.lift_interval, oracle.log_evidence, oracle.interval
    method = "confidence sequence"
    if metric.type == "conversion" and not any(sum(epoch.returning.values()) for epoch in oracle.epochs):
        method = "exact multinomial test"
        periods = [conversions(epoch, oracle.candidate) for epoch in oracle.epochs]
        lifts, evidence = conversion_interval(periods, oracle.alpha), multinomial_evidence(periods, 100.0)
        differences = lifts[0] * oracle.baseline, lifts[1] * oracle.baseline
    assert (told["method"], told["alpha"]) == (method, near(oracle.alpha))
    assert told["difference"] == near(oracle.difference)
    assert bounds(told["differenceInterval"]) == near(differences)
    assert told["lift"] == near(oracle.difference / oracle.size)
    assert bounds(told["liftInterval"]) == near(lifts)
    assert told["logEvidence"] == near(evidence)
    assert told["pValue"] == near(min(1.0, exp(-evidence)))
    assert told["detectableLift"] == near(oracle.detectable_lift)
    assert told["chanceToBeat"] == near(oracle.chance_to_beat)
    guardrail = metric.max_harm is not None
    margin = metric.max_harm or metric.minimum_effect
    shown = finding(lifts, oracle.goal, margin, guardrail=guardrail)
    assert told["finding"] == shown
    if shown != "open":
        assert (told["usersLeft"], told["secondsLeft"]) == (None, None)
        return
    more = oracle.growth(margin)
    assert told["usersLeft"] == pytest.approx(ceil(more * everybody), rel=1e-6, abs=1)
    assert told["secondsLeft"] == pytest.approx(more * HOURS * 3600, rel=1e-6, abs=1e-3)


def check_sample_ratio(told: dict[str, Any], epochs: list[Epoch]) -> None:
    counts = [tuple(epoch.newcomers(version) for version in range(len(epoch.weights))) for epoch in epochs]
    evidence = multinomial_evidence([(e.weights, c) for e, c in zip(epochs, counts, strict=True)], 1000.0)
    assert told["logEvidence"] == near(evidence)
    assert told["state"] == "ok"
    assert told["newcomers"] == [sum(each) for each in zip(*counts, strict=True)]
    expected = [
        sum(sum(c) * e.weights[version] / sum(e.weights) for e, c in zip(epochs, counts, strict=True))
        for version in range(len(counts[0]))
    ]
    assert told["expected"] == near(expected)


def conversions(epoch: Epoch, candidate: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Weights, and users who converted, of the primary and the candidate."""
    one, other = (int(sum(x for x, _ in epoch.users[version])) for version in (0, candidate))
    return (epoch.weights[0], epoch.weights[candidate]), (one, other)


def bounds(interval: dict[str, Any]) -> tuple[float, float]:
    return interval["lower"], interval["upper"]


def near(value: Any) -> Any:
    """To more than six digits."""
    return pytest.approx(value, rel=1e-7, abs=1e-12)
