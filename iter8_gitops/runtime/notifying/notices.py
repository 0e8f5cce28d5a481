"""What there is to tell elsewhere of a new state. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from iter8_gitops.contracts.notifier import Notice, NoticeKind
from iter8_gitops.core.conditions import DEADLINE_EXCEEDED, overdue
from iter8_gitops.core.transitions import promoted_candidate, steps
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.snapshot import ResourceState, RoutemapState, SourceStatus, VersionState


def notices(before: RoutemapState | None, after: RoutemapState, source: SourceStatus, at: float) -> tuple[Notice, ...]:
    """What happened between two published states of a routemap, `at` seconds since 1970; `before` is None at first.

    `source` is that of the routemap. A problem in a file is one of the revision that it is at; the routemap itself
    may have stayed at an older one.

    A version is *ready* when it settled with content other than it had, or answers again after it did not. One that
    answers before its first content has settled is not told of until that has. It is *stalled* when it misses its
    deadline or a resource of it fails. The primary is *promoted* when it settles with what a candidate had. A *step* is
    one of its ramp, or towards the promotion that its policy asks for.
    """
    promoted = promoted_candidate(before, after) if before else None
    told: list[Notice] = []
    if promoted is not None:
        primary = after.versions[0]
        said = f"version {promoted.name} is promoted: the primary ({primary.name}) has its content now"
        told.append(_about(after, NoticeKind.PROMOTED, "Promoted", said, at, promoted.name, primary.signature))
    failing = _failing(before.versions) if before else set()
    for version in after.versions:
        old = _predecessor(before, after, version)
        if _is_ready_anew(old, version) and not (promoted is not None and version.index == 0):
            said = f"version {version.name} is ready"
            told.append(_about(after, NoticeKind.READY, "Ready", said, at, version.name, version.signature))
        for reason, said in _stalls(old, version, failing):
            told.append(_about(after, NoticeKind.STALLED, reason, said, at, version.name))
    if before is not None:
        told.extend(_about(after, NoticeKind.STEP, each.reason, each.message, at) for each in steps(before, after))
    known = before.problems if before else ()
    appeared = dict.fromkeys(problem for problem in after.problems if problem not in known)
    for problem in appeared:
        notice = _about(after, NoticeKind.PROBLEM, "Problem", str(problem), at)
        told.append(replace(notice, revision=source.revision) if problem.file else notice)
    return tuple(told)


def problem_notice(problem: Problem, source: SourceStatus, at: float) -> Notice:
    """A problem that no state tells of, for instance of a file that cannot be read. `source` is where that is."""
    about = problem.application or ""
    return Notice(NoticeKind.PROBLEM, "Problem", str(problem), at, about, source=source.name, revision=source.revision)


def revision_notice(source: SourceStatus, problems: Sequence[Problem], at: float) -> Notice:
    """What became of the revision that `source` is at; `problems` are those that were found in it."""
    if problems:
        others = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        reason, said = "Problems", f"what has problems is as it was before: {problems[0]}{others}"
    else:
        reason, said = "Applied", "everything in it is in force"
    return Notice(NoticeKind.REVISION, reason, said, at, source=source.name, revision=source.revision)


def _about(
    state: RoutemapState,
    kind: NoticeKind,
    reason: str,
    message: str,
    at: float,
    version: str = "",
    signature: str = "",
) -> Notice:
    origin = state.origin
    return Notice(kind, reason, message, at, state.application, version, signature, origin.source, origin.revision)


def _predecessor(before: RoutemapState | None, after: RoutemapState, version: VersionState) -> VersionState | None:
    """What a version was before: the one of its name, or else the one in its place that has gone or was renamed."""
    if before is None:
        return None
    by_name = {old.name: old for old in before.versions}
    if version.name in by_name:
        return by_name[version.name]
    in_place = before.versions[version.index] if version.index < len(before.versions) else None
    is_renamed = in_place is not None and in_place.name not in {each.name for each in after.versions}
    return in_place if is_renamed else None


def _is_ready_anew(old: VersionState | None, new: VersionState) -> bool:
    settled_anew = new.settled and new.signature not in ("", old.signature if old else "")
    answers_anew = new.available and not (old and old.available)
    return settled_anew or (answers_anew and (new.settled or bool(new.signature)))


def _stalls(old: VersionState | None, new: VersionState, failing: set[ResourceId]) -> Iterator[tuple[str, str]]:
    """Reason and message of each way in which a version has got stuck just now."""
    if new.stalled and not (old and old.stalled):
        yield DEADLINE_EXCEEDED, f"version {overdue(new)}"
    failed = next((each for each in new.resources if _has_failed(each) and each.id not in failing), None)
    if failed is not None:
        yield failed.reason, f"version {new.name} has failed: {failed.message}"


def _failing(versions: tuple[VersionState, ...]) -> set[ResourceId]:
    return {resource.id for version in versions for resource in version.resources if _has_failed(resource)}


def _has_failed(resource: ResourceState) -> bool:
    return resource.state is ReadinessState.FAILED
