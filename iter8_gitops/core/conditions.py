"""The conditions of a routemap: is it serving, is it on its way somewhere, and must a person do something?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from iter8_gitops.spec.durations import format_duration
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.snapshot import Condition, ResourceState, RoutemapState, VersionState

DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
_MOVING = frozenset({ReadinessState.PROGRESSING, ReadinessState.TERMINATING})


def with_conditions(
    state: RoutemapState, problems: tuple[Problem, ...], previous: RoutemapState | None, now: float
) -> RoutemapState:
    """`state` with these problems in all, and the conditions that follow from its versions and from them.

    The types are those of kstatus: `Ready`, `Reconciling` and `Stalled`. A condition's `since` is when its
    status last changed, taken over from `previous` when it did not.
    """
    known = {condition.type: condition for condition in previous.conditions} if previous else {}
    found = (
        _ready(state.versions, problems),
        _reconciling(state.versions),
        _stalled(state.versions, problems),
    )
    return replace(state, problems=problems, conditions=tuple(_dated(c, known.get(c.type), now) for c in found))


def _dated(condition: Condition, before: Condition | None, now: float) -> Condition:
    same = before is not None and before.status == condition.status
    return replace(condition, since=before.since if before is not None and same else int(now))


def _ready(versions: Sequence[VersionState], problems: Sequence[Problem]) -> Condition:
    primary = versions[0]
    if problems:
        return Condition("Ready", False, "Problems", str(problems[0]))
    if not primary.available:
        return Condition("Ready", False, "PrimaryUnavailable", f"{primary.name}: {primary.message}")
    serving = ", ".join(f"{v.name} ({v.weight})" for v in versions if v.weight)
    return Condition("Ready", True, "Serving", f"traffic goes to {serving}")


def _reconciling(versions: Sequence[VersionState]) -> Condition:
    for version in versions:
        moving = _first_in(version, _MOVING)
        if moving is not None:
            return Condition("Reconciling", True, moving.reason, f"{version.name}: {moving.message}")
    return Condition("Reconciling", False, "Settled", "no version is changing")


def _stalled(versions: Sequence[VersionState], problems: Sequence[Problem]) -> Condition:
    """True when nothing gets better unless somebody changes something."""
    if problems:
        return Condition("Stalled", True, "Problems", str(problems[0]))
    for version in versions:
        failed = _first_in(version, {ReadinessState.FAILED})
        if failed is not None:
            return Condition("Stalled", True, failed.reason, f"{version.name}: {failed.message}")
    for version in versions:
        if version.stalled:
            return Condition("Stalled", True, DEADLINE_EXCEEDED, overdue(version))
    return Condition("Stalled", False, "NoProblem", "nothing needs a person")


def overdue(version: VersionState) -> str:
    """What is said of a version that has been on its way for too long."""
    return f"{version.name} has not become ready within {format_duration(version.progress_deadline)}: {version.message}"


def _first_in(version: VersionState, states: frozenset[ReadinessState] | set[ReadinessState]) -> ResourceState | None:
    return next((resource for resource in version.resources if resource.state in states), None)
