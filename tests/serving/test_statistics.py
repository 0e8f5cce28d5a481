"""What verdicts rest on, as the use-case gives it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from iter8_gitops.errors import NotFoundError, UnavailableError
from iter8_gitops.spec.metric import ArmStatistics, EpochWeights, ExperimentStatistics, Exposure, UserSums
from iter8_gitops.spec.routemap import MetricDeclaration
from iter8_gitops.spec.snapshot import Snapshot
from iter8_gitops.testing.streams import value

RATIO = ("revenue", "visits")


@pytest.fixture
def ramping(bench: Any, make_state: Any, make_snapshot: Any) -> Any:
    """prod/backend in the second epoch of an experiment, with a ratio."""
    state = replace(
        make_state("prod/backend", (50, 50)),
        epoch=9,
        experiment=5,
        epochs=(EpochWeights(5, (90, 10)), EpochWeights(9, (50, 50))),
        metrics=(MetricDeclaration("revenue", type="ratio", denominator="visits"),),
    )
    bench.board.snapshot = make_snapshot(state)
    return state


def test_an_experiment_without_users_has_its_epochs(bench: Any, ramping: Any) -> None:
    assert bench.experiments.statistics("prod", "backend") == ExperimentStatistics(5, ramping.epochs, ())


def test_every_epoch_of_the_present_contents_is_there_with_the_declared_ratios(bench: Any, ramping: Any) -> None:
    for epoch in (3, 5, 9):
        arm = replace(ramping.arm(0), epoch=epoch)
        values = [value(2.0, "ann", arm, name, products=(RATIO,)) for name in RATIO]
        bench.store.record([Exposure(arm, "ann", min(epoch, 5))], values)

    found = bench.experiments.statistics("prod", "backend")

    sums = UserSums(1, 1, (2.0, 0.0), (4.0, 0.0))
    metrics, products = {"revenue": sums, "visits": sums}, {RATIO: (4.0, 0.0)}
    assert found.arms == (
        ArmStatistics(0, 3, 1, 1, metrics, products),
        ArmStatistics(0, 5, 1, 1, metrics, products),
        ArmStatistics(0, 9, 1, 0, metrics, products),
    )


def test_contents_that_are_gone_are_not_in_it(bench: Any, ramping: Any) -> None:
    bench.store.record([Exposure(replace(ramping.arm(0), signature="former"), "ann")], [])
    assert bench.experiments.statistics("prod", "backend").arms == ()


def test_a_version_that_has_not_settled_has_none(bench: Any) -> None:
    state = bench.board.snapshot.routemaps["prod/cold"]
    bench.store.record([Exposure(state.arm(0), "ann")], [])
    assert bench.experiments.statistics("prod", "cold").arms == ()


def test_an_unknown_application_and_an_unpublished_board_are_told_apart(bench: Any) -> None:
    with pytest.raises(NotFoundError, match="no application 'prod/nobody'"):
        bench.experiments.statistics("prod", "nobody")
    bench.board.snapshot = Snapshot()
    with pytest.raises(UnavailableError):
        bench.experiments.statistics("prod", "backend")
