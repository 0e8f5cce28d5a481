from __future__ import annotations

from typing import Any

import pytest

from iter8_gitops.cluster.kubernetes.drain import Departure
from iter8_gitops.cluster.kubernetes.finalizers import Step, next_step, with_finalizer, without_finalizer
from iter8_gitops.kube.marks import finalizer_of

OURS = "iter8.tools/finalizer"
NEVER = float("inf")


def _live(
    *, ours: bool, watched: bool = True, terminating: bool = False, others: tuple[str, ...] = ()
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "web", "resourceVersion": "7"}
    if watched:
        metadata["labels"] = {"iter8.tools/watch": "true"}
    if terminating:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    if ours or others:
        metadata["finalizers"] = [*others, *([OURS] if ours else [])]
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}


def _step(live: dict[str, Any], at: float | None, *, enabled: bool = True, known: bool = True, now: float = 50) -> Step:
    departure = None if at is None else Departure(at)
    return next_step(live, departure, finalizer=OURS, enabled=enabled, everybody_known=known, now=now)


def test_what_is_named_gets_the_finalizer() -> None:
    assert _step(_live(ours=False), NEVER).action == "add"


@pytest.mark.parametrize(
    ("live", "at", "enabled"),
    [
        (_live(ours=False), None, True),
        (_live(ours=False), NEVER, False),
        (_live(ours=False, watched=False), NEVER, True),
        (_live(ours=False, terminating=True), NEVER, True),
        (_live(ours=False, terminating=True), 10, True),
    ],
)
def test_nothing_else_gets_it(live: dict[str, Any], at: float | None, enabled: bool) -> None:
    assert _step(live, at, enabled=enabled) == Step("nothing")


def test_what_is_named_and_alive_keeps_it() -> None:
    assert _step(_live(ours=True), 10) == Step("nothing")


def test_what_is_going_waits_for_its_time() -> None:
    assert _step(_live(ours=True, terminating=True), NEVER) == Step("nothing")
    assert _step(_live(ours=True, terminating=True), 60) == Step("nothing", look_again=60)
    assert _step(_live(ours=True, terminating=True), 50) == Step("remove")


def test_it_is_told_when_the_time_passed_without_routes() -> None:
    step = next_step(
        _live(ours=True, terminating=True),
        Departure(40, complete=False),
        finalizer=OURS,
        enabled=True,
        everybody_known=True,
        now=50,
    )
    assert step == Step("remove", drained=False)


@pytest.mark.parametrize("terminating", [False, True])
def test_what_nobody_names_is_let_go_once_everybody_is_known(terminating: bool) -> None:
    live = _live(ours=True, terminating=terminating)
    assert _step(live, None, known=False) == Step("nothing")
    assert _step(live, None) == Step("remove")


def test_what_lost_the_label_or_came_from_other_settings_is_let_go() -> None:
    assert _step(_live(ours=True, watched=False), NEVER, known=False) == Step("remove")
    assert _step(_live(ours=True), NEVER, enabled=False, known=False) == Step("remove")


def test_patches_keep_other_finalizers_and_name_the_version_they_were_decided_on() -> None:
    live = _live(ours=True, others=("a", "b"))
    assert without_finalizer(live, OURS) == {"metadata": {"finalizers": ["a", "b"], "resourceVersion": "7"}}
    live = _live(ours=False, others=("a",))
    assert with_finalizer(live, OURS) == {"metadata": {"finalizers": ["a", OURS], "resourceVersion": "7"}}


def test_the_finalizer_of_another_installation_is_neither_ours_nor_in_the_way() -> None:
    theirs = _live(ours=False, others=(finalizer_of("blue"),))
    assert _step(theirs, NEVER).action == "add"
    assert _step(theirs, None) == Step("nothing")
    assert finalizer_of("iter8-gitops") == OURS, "Iter8's own name, for those who come from there"
