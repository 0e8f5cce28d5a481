"""Progress deadlines: since when a version is on its way, and when that is too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.progress import Progress, progress
from iter8_gitops.core.reconcile import Reconciliation, reconcile
from iter8_gitops.core.transitions import transitions
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.resource import Resource
from iter8_gitops.spec.routemap import Routemap, Version
from iter8_gitops.spec.snapshot import Condition, ResourceState, RoutemapState, VersionState
from tests.core.builders import TOOLS, declared, deployment, live, observed, routemap

QUICK = routemap(Version("v0", (deployment("v0"),)), Version("v1", (deployment("v1"),), progress_deadline=60.0))
GONE = {"deletionTimestamp": "2026-11-22T00:00:00Z"}


def run(*resources: Resource, before: RoutemapState | None = None, now: float, of: Routemap = QUICK) -> Reconciliation:
    return reconcile(declared(of), observed(*resources, of=of), TOOLS, before, (), now)


def candidate(*resources: Resource, before: RoutemapState | None = None, now: float) -> VersionState:
    return run(live("v0"), *resources, before=before, now=now).state.versions[1]


def condition(state: RoutemapState) -> Condition:
    return next(each for each in state.conditions if each.type == "Stalled")


def test_a_version_that_stays_on_its_way_for_longer_than_its_deadline_has_stalled() -> None:
    first = run(live("v0"), live("v1", "starting"), now=1000.0)
    assert (first.state.versions[1].stalled, first.recheck_at) == (False, 1060.0)
    almost = run(live("v0"), live("v1", "starting"), before=first.state, now=1059.9)
    assert not almost.state.versions[1].stalled
    late = run(live("v0"), live("v1", "starting"), before=almost.state, now=1060.0)
    assert (late.state.versions[1].stalled, late.recheck_at) == (True, None)
    assert condition(late.state).status
    assert condition(late.state).reason == "ProgressDeadlineExceeded"
    assert condition(late.state).message == "v1 has not become ready within 1m: no replica answers yet"


def test_stalling_is_told_once_as_a_warning_about_the_resource_that_is_waited_for() -> None:
    first = run(live("v0"), live("v1", "starting"), now=1000.0).state
    late = run(live("v0"), live("v1", "starting"), before=first, now=1060.0).state
    (told,) = [each for each in transitions(first, late) if each.reason == "ProgressDeadlineExceeded"]
    assert told.warning
    assert told.resource == deployment("v1")
    later = run(live("v0"), live("v1", "starting"), before=late, now=1070.0).state
    assert transitions(late, later) == ()


def test_stalling_changes_no_weight() -> None:
    rolling = run(live("v0"), live("v1", "rolling"), now=1000.0).state
    late = run(live("v0"), live("v1", "rolling"), before=rolling, now=2000.0).state
    assert late.versions[1].stalled
    assert late.weights == rolling.weights == (1, 1)
    waiting = run(live("v0"), live("v1", "starting"), now=1000.0).state
    assert run(live("v0"), live("v1", "starting"), before=waiting, now=2000.0).state.weights == (1, 0)


def test_the_clock_starts_anew_with_new_content_and_stops_when_the_version_is_ready() -> None:
    first = run(live("v0"), live("v1", "starting"), now=1000.0).state
    edited = run(live("v0"), live("v1", "starting", content="image:2"), before=first, now=1050.0).state
    assert edited.versions[1].progressing_since == 1050
    ready = run(live("v0"), live("v1", content="image:2"), before=edited, now=1055.0).state
    assert (ready.versions[1].progressing_since, ready.versions[1].stalled) == (None, False)
    again = run(live("v0"), live("v1", "rolling", content="image:2"), before=ready, now=1200.0).state
    assert again.versions[1].progressing_since == 1200


def test_a_version_recovers_from_having_stalled() -> None:
    first = run(live("v0"), live("v1", "starting"), now=1000.0).state
    late = run(live("v0"), live("v1", "starting"), before=first, now=1100.0).state
    back = run(live("v0"), live("v1"), before=late, now=1101.0).state
    assert not back.versions[1].stalled
    assert not condition(back).status


def test_a_version_that_nobody_has_deployed_or_that_is_being_deleted_never_stalls() -> None:
    absent = run(live("v0"), now=1000.0)
    assert (absent.state.versions[1].progressing_since, absent.recheck_at) == (None, None)
    assert candidate(live("v1", **GONE), before=absent.state, now=9000.0).progressing_since is None


def test_a_version_of_which_a_part_is_missing_is_on_its_way() -> None:
    parts = (deployment("web"), deployment("cache"))
    of = routemap(Version("v0", (deployment("v0"),)), Version("v1", parts, progress_deadline=60.0))
    first = run(live("v0"), live("web"), of=of, now=1000.0).state
    late = run(live("v0"), live("web"), of=of, before=first, now=1060.0).state
    assert condition(late).message == "v1 has not become ready within 1m: it does not exist"


def test_a_failure_is_told_before_a_deadline() -> None:
    first = run(live("v0"), live("v1", "failed"), now=1000.0).state
    late = run(live("v0"), live("v1", "failed"), before=first, now=1100.0).state
    assert condition(late).reason == "Crashed"


def test_the_default_deadline_is_ten_minutes() -> None:
    first = run(live("v0", "starting"), now=1000.0)
    assert first.recheck_at == 1600.0


@given(
    state=st.sampled_from(ReadinessState),
    since=st.none() | st.integers(0, 2000),
    deadline=st.floats(1, 1e6),
    now=st.floats(2000, 1e7),
)
def test_stalled_means_on_its_way_for_at_least_the_deadline(
    state: ReadinessState, since: int | None, deadline: float, now: float
) -> None:
    resource = ResourceState("", "ConfigMap", "shop", "a", state, False, "Why", "because", content="c")
    before = VersionState(0, "v0", 1, 1, False, False, "", "Why", "because", (resource,), progressing_since=since)
    found = progress((resource,), before, deadline, now)
    assert found.stalled == (found.since is not None and now - found.since >= deadline)
    if found.since is not None and since is not None:
        assert found.since == since
    at = found.stalls_at(deadline)
    assert at is None or at > now


@pytest.mark.parametrize(("since", "stalled"), [(None, False), (5, True)])
def test_what_is_not_on_its_way_or_has_stalled_will_not_stall_later(since: int | None, stalled: bool) -> None:
    assert Progress(since, stalled).stalls_at(60.0) is None
