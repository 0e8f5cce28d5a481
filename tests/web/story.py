"""A state folder as a shop would have it after some hours: what pages are tested on, and pictures are taken of."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.core.conditions import with_conditions
from iter8_gitops.core.trends import point_of
from iter8_gitops.metrics.experiments import analyse_experiment
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.metrics.trends import TrendStore
from iter8_gitops.spec.history import HistoryEntry
from iter8_gitops.spec.metric import Arm, EpochWeights, Exposure, MetricValue
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.routemap import MetricDeclaration, Origin, PromotionPolicy, RampStep
from iter8_gitops.spec.snapshot import ResourceState, RoutemapState, SourceStatus, VersionState
from iter8_gitops.spec.state_folder import StateFolder
from iter8_gitops.spec.steering import RampPhase, RampState

REVISION = "4be1d0c7a5e21f3b9c60d7a8e4f5061728394a5b"
HOUR = 3600.0
SOURCE = "shop"

Behaviour = Callable[[random.Random, int], dict[str, float]]
"""What a user of a version (an index) does: metric -> value."""


def version(
    index: int, name: str, weight: int, kind: str = "InferenceService", trouble: tuple[str, str] | None = None
) -> VersionState:
    """One version with one resource; `trouble` is a reason and a message, and makes it not ready."""
    resource = ResourceState(
        "serving.kserve.io" if kind == "InferenceService" else "apps",
        kind,
        "shop",
        f"{name}-model",
        ReadinessState.PROGRESSING if trouble else ReadinessState.READY,
        not trouble,
        trouble[0] if trouble else "Ready",
        trouble[1] if trouble else "the predictor answers",
    )
    return VersionState(
        index=index,
        name=name,
        weight=weight,
        declared_weight=weight if not trouble else 10,
        available=not trouble,
        settled=not trouble,
        signature="" if trouble else f"{random.Random(name).getrandbits(64):016x}",
        reason=trouble[0] if trouble else "Ready",
        message=f"{kind} {name}-model: {trouble[1]}" if trouble else "all resources are ready",
        resources=(resource,),
        progressing_since=1 if trouble else None,
    )


def routemap(name: str, versions: Sequence[VersionState], began: float, **more: object) -> RoutemapState:
    """A routemap `shop/NAME` whose experiment `began` with the weights that it has."""
    weights = tuple(each.weight for each in versions)
    state = RoutemapState(
        "shop",
        name,
        Origin(SOURCE, f"routemaps/{name}.yaml", REVISION),
        tuple(versions),
        epoch=int(began),
        experiment=int(began),
        epochs=(EpochWeights(int(began), weights),),
    )
    return with_conditions(replace(state, **more), tuple(more.get("problems", ())), None, began)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Played:
    """An application, what its users do, how many come, and in how many looks."""

    state: RoutemapState
    behaviour: Behaviour
    users: int
    looks: int = 60


def buyers(lift: float, slower: float) -> Behaviour:
    """Users who buy; those of a candidate for `lift` more, answered `slower`."""

    def behave(chance: random.Random, index: int) -> dict[str, float]:
        bought = chance.random() < (0.30 if index == 0 else 0.30 * (1 + lift * 0.6))
        spent = chance.lognormvariate(3.0, 0.5) * (1 + (lift * 0.4 if index else 0.0)) if bought else 0.0
        waited = chance.lognormvariate(4.0, 0.25) * (1 + (slower if index else 0.0))
        return {"revenue": spent, "bought": float(bought), "latency": waited}

    return behave


METRICS = (
    MetricDeclaration("revenue", minimum_effect=0.02),
    MetricDeclaration("bought", type="conversion", minimum_effect=0.02),
    MetricDeclaration("latency", goal="decrease", max_harm=0.05),
)


def applications(now: float) -> tuple[list[Played], list[RoutemapState]]:
    """Those with users, and those without."""
    began = now - 6 * HOUR
    ramp = (RampStep(5, HOUR), RampStep(20, HOUR), RampStep(50, None))
    changes = (began, began + HOUR, began + 2 * HOUR)
    epochs = tuple(
        EpochWeights(int(at), weights) for at, weights in zip(changes, ((95, 5), (80, 20), (50, 50)), strict=True)
    )
    pair = [version(0, "primary", 50), version(1, "candidate", 50)]
    contents = (pair[1].signature,)
    winner = routemap(
        "checkout",
        pair,
        began,
        epochs=epochs,
        epoch=epochs[-1].epoch,
        metrics=METRICS,
        ramp_steps=ramp,
        ramp=RampState(contents, 2, 50, RampPhase.COMPLETE, "the last step is in force", 0.0, None, now),
    )
    going = routemap("search", [version(0, "primary", 90), version(1, "candidate", 10)], began, metrics=METRICS)
    harmful = routemap("recommender", [version(0, "primary", 50), version(1, "candidate", 50)], began, metrics=METRICS)
    waiting = routemap(
        "fraud",
        [
            version(0, "primary", 1),
            version(1, "candidate", 0, trouble=("PredictorNotReady", "revision fraud-candidate-00001 is starting")),
        ],
        began,
        policy=PromotionPolicy("pullRequest"),
    )
    broken = routemap(
        "ranking",
        [version(0, "primary", 1)],
        began,
        problems=(
            Problem("routemaps/ranking.yaml", 9, 7, "unknown key 'wieght'", "did you mean 'weight'?", "shop/ranking"),
        ),
    )
    played = [
        Played(winner, buyers(0.25, -0.02), 30_000),
        Played(going, buyers(0.03, 0.0), 6_000),
        Played(harmful, buyers(-0.02, 0.20), 4_000),
    ]
    return played, [waiting, broken, routemap("images", [version(0, "primary", 1)], began)]


def play(folder: StateFolder, now: float) -> BoardPublisher:
    """Fill an empty state folder, so that a server on it shows the shop as it is `now` (seconds since 1970)."""
    played, others = applications(now)
    store, trends = SqliteMetricStore(folder.metrics), TrendStore(folder.trends)
    for each in played:
        _play(each, store, trends, now)
    store.close()
    states = [*(each.state for each in played), *others]
    problems = tuple(problem for state in states for problem in state.problems)
    source = SourceStatus(
        SOURCE,
        "https://git.example.com/shop/models.git (branch main)",
        REVISION,
        read_at=now,
        problems=problems,
        author="Ada Lovelace <ada@example.com>",
    )
    publisher = BoardPublisher(folder.board)
    publisher.publish({state.application: state for state in states}, (), (source,), now, [*_history(played[0].state)])
    return publisher


def _play(played: Played, store: SqliteMetricStore, trends: TrendStore, now: float) -> None:
    state, chance = played.state, random.Random(7)
    length = now - state.experiment
    per_look = played.users // played.looks
    points = []
    for look in range(played.looks):
        at = state.experiment + length * (look + 1) / (played.looks + 1)
        epochs = [epoch for epoch in state.epochs if epoch.epoch <= at]
        exposures, values = [], []
        for number in range(per_look):
            user = f"{look}-{number}"
            index = chance.choices(range(len(state.versions)), epochs[-1].weights)[0]
            arm = Arm(state.application, index, state.versions[index].signature, epochs[-1].epoch)
            exposures.append(Exposure(arm, user, state.experiment))
            done = played.behaviour(chance, index)
            values += [MetricValue(name, value, user, arm, "", (), state.experiment) for name, value in done.items()]
        store.record(exposures, values)
        seen = replace(state, epochs=tuple(epochs), epoch=epochs[-1].epoch)
        points.append(point_of(analyse_experiment(store, seen, at), at))
    trends.record(state.application, state.experiment, points)


def _history(state: RoutemapState) -> list[HistoryEntry]:
    def entry(at: float, reason: str, message: str, index: int | None = None) -> HistoryEntry:
        return HistoryEntry(
            state.application, at, reason, message, False, index, SOURCE, REVISION, "Ada Lovelace <ada@example.com>"
        )

    first, second, third = (epoch.epoch for epoch in state.epochs)
    return [
        entry(first - 40, "RoutemapAdded", "declared with 2 versions: primary, candidate"),
        entry(first - 30, "VersionAvailable", "candidate is available", 1),
        entry(first, "WeightsChanged", "95% of the users get primary, 5% candidate (ramp, step 1 of 3)"),
        entry(second, "WeightsChanged", "80% of the users get primary, 20% candidate (ramp, step 2 of 3)"),
        entry(third, "WeightsChanged", "50% of the users get primary, 50% candidate (ramp, step 3 of 3)"),
    ]
