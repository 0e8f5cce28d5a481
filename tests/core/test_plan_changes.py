"""What people read when it changes how a routemap is judged, raised or promoted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from iter8_gitops.core.plan_changes import plan_changes
from iter8_gitops.core.reconcile import reconcile
from iter8_gitops.core.transitions import transitions
from iter8_gitops.spec.routemap import MetricDeclaration, PromotionPolicy, RampStep
from iter8_gitops.spec.snapshot import RoutemapState
from tests.core.builders import TOOLS, declared, live, observed, routemap


def state(**more: Any) -> RoutemapState:
    of = replace(routemap(), **more)
    return reconcile(declared(of), observed(live("v0"), live("v1"), of=of), TOOLS, None, (), 1000.0).state


def test_every_change_is_told_with_both_sides() -> None:
    before = state(ramp=(RampStep(5, 600.0), RampStep(50)), metrics=(MetricDeclaration("a"), MetricDeclaration("b")))
    after = state(
        ramp=(RampStep(0.5, 90.0),),
        promotion=PromotionPolicy("commit", ("winner", "approval"), 3600.0, "abc"),
        metrics=(MetricDeclaration("b", goal="decrease"), MetricDeclaration("c")),
    )
    assert plan_changes(before, after) == (
        "ramp 5% for 10m, 50% -> 0.5% for 1m30s",
        "promotion by a person -> commit with winner, approval after 1h, approved abc",
        "metric c is declared",
        "metric a is declared no more",
        "metric b is judged otherwise",
    )
    (changed,) = [each for each in transitions(before, after) if each.reason == "PlanChanged"]
    assert "metric c is declared" in changed.message


def test_what_stays_is_not_told() -> None:
    same = state(ramp=(RampStep(5),), metrics=(MetricDeclaration("a"),))
    assert plan_changes(same, same) == ()
    assert plan_changes(state(), state()) == ()
    assert plan_changes(state(), state(ramp=(RampStep(5),))) == ("ramp none -> 5%",)
