"""Availability: verdicts on resources, and the hold after an edit that no status has confirmed yet."""

from __future__ import annotations

from typing import Any

from iter8_gitops.core.availability import (
    SETTLE_SECONDS,
    Inspection,
    explanation,
    is_available,
    is_settled,
    resource_state,
    settles_at,
)
from iter8_gitops.spec.readiness import Readiness, ReadinessState
from iter8_gitops.spec.resource import Absent, Resource, ResourceId
from iter8_gitops.spec.snapshot import ResourceState

IDENTITY = ResourceId("serving.kserve.io", "InferenceService", "ml", "backend-0")
READY = Readiness.ready("Loaded", "the model is loaded")
LOADING = Readiness.progressing("Loading", "the model is loading")
RELOADING = Readiness.progressing("Reloading", "the new model is loading", servable=True)


def model(uri: str = "v1", status: object = "loaded", **metadata: Any) -> Resource:
    return Resource(IDENTITY, {"metadata": metadata, "spec": {"uri": uri}, "status": {"was": status}})


def look(
    resource: Resource | Absent,
    verdict: Readiness = READY,
    before: ResourceState | None = None,
    now: float = 100.0,
) -> ResourceState:
    return resource_state(IDENTITY, resource, lambda r: Inspection(verdict, dict(r.spec)), before, now)


def test_an_absent_resource_makes_its_version_unavailable_and_says_why() -> None:
    state = look(Absent("NotFound", "there is no such InferenceService"))
    assert (state.state, state.servable, state.reason) == (ReadinessState.UNKNOWN, False, "NotFound")
    assert not is_available([state])
    assert explanation([state]) == ("NotFound", "there is no such InferenceService")


def test_a_resource_that_is_being_deleted_is_unavailable_whatever_its_status_says() -> None:
    state = look(model(deletionTimestamp="2026-11-22T10:00:00Z"))
    assert state.state is ReadinessState.TERMINATING
    assert not is_available([state])


def test_traffic_follows_servable_and_settling_follows_ready() -> None:
    ready, reloading, loading = look(model()), look(model(), RELOADING), look(model(), LOADING)
    assert is_available([ready, reloading])
    assert not is_settled([ready, reloading])
    assert is_settled([ready, ready])
    assert not is_available([ready, loading])


def test_what_does_not_answer_is_explained_before_what_is_not_ready_yet() -> None:
    assert explanation([look(model(), RELOADING), look(model(), LOADING)])[0] == "Loading"
    assert explanation([look(model()), look(model(), RELOADING)])[0] == "Reloading"
    assert explanation([look(model())])[0] == "Ready"


def test_a_ready_status_that_an_edit_has_not_changed_is_held_back() -> None:
    before = look(model("v1"))
    edited = look(model("v2"), before=before, now=200.0)
    assert (edited.state, edited.servable, edited.reason) == (ReadinessState.PROGRESSING, True, "Settling")
    assert settles_at([edited]) == 200.0 + SETTLE_SECONDS


def test_a_held_back_verdict_counts_once_the_status_changes() -> None:
    edited = look(model("v2"), before=look(model("v1")), now=200.0)
    confirmed = look(model("v2", status="loaded again"), before=edited, now=201.0)
    assert confirmed.state is ReadinessState.READY
    assert settles_at([confirmed]) is None


def test_a_held_back_verdict_counts_after_the_settle_time() -> None:
    edited = look(model("v2"), before=look(model("v1")), now=200.0)
    waiting = look(model("v2"), before=edited, now=200.0 + SETTLE_SECONDS - 0.1)
    assert waiting.reason == "Settling"
    settled = look(model("v2"), before=waiting, now=200.0 + SETTLE_SECONDS)
    assert settled.state is ReadinessState.READY
    assert look(model("v2"), before=settled, now=300.0).state is ReadinessState.READY


def test_a_second_edit_starts_the_settle_time_anew() -> None:
    first = look(model("v2"), before=look(model("v1")), now=200.0)
    second = look(model("v3"), before=first, now=205.0)
    assert settles_at([second]) == 205.0 + SETTLE_SECONDS


def test_a_verdict_that_surely_speaks_of_the_present_content_is_not_held_back() -> None:
    sure = Readiness.ready("Observed", "generation 2 is observed", current=True)
    edited = look(model("v2"), sure, before=look(model("v1")), now=200.0)
    assert edited.state is ReadinessState.READY


def test_an_edit_of_something_that_is_no_content_is_not_held_back() -> None:
    relabelled = look(model("v1", labels={"app": "x"}), before=look(model("v1")), now=200.0)
    assert relabelled.state is ReadinessState.READY


def test_the_first_sight_of_a_ready_resource_is_trusted() -> None:
    assert look(model()).state is ReadinessState.READY
    appeared = look(model(), before=look(Absent("NotFound", "not there")))
    assert appeared.state is ReadinessState.READY
