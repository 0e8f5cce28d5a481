"""What differs between the state of a routemap that is on the board and the one that would be. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from iter8_gitops.core.availability import by_identity
from iter8_gitops.core.movement import moved_share
from iter8_gitops.core.plan_changes import plan_changes
from iter8_gitops.core.targeting_changes import Outline, overrides_or_rules_differ, targeting_changes
from iter8_gitops.core.transitions import promoted_candidate
from iter8_gitops.runtime.foresight.changes import (
    DIFFERENCES,
    Change,
    RouteDifference,
    RoutemapDifference,
    VersionDifference,
)
from iter8_gitops.spec.snapshot import RoutemapState, VersionState


def compare(
    before: RoutemapState | None,
    after: RoutemapState | None,
    routes: Sequence[RouteDifference],
    kept: str = "",
    shown: Outline | None = None,
) -> RoutemapDifference:
    """The difference between two states, of which there is at least one, and that of the routes which belong to it.

    Messages and times do not count, for they change by themselves. `shown` is what is known of the targeting before,
    where the state does not have all of it.
    """
    either = after or before
    if either is None:
        raise ValueError("a routemap that never was has no difference")
    versions = _versions(before, after)
    targeting, unforeseen = _targeting(before, after, shown) if not kept else ((), False)
    plan = plan_changes(before, after) if before is not None and after is not None and not kept else ()
    return RoutemapDifference(
        application=either.application,
        change=_change(before, after, versions, routes, (*targeting, *plan)),
        before=before,
        after=after,
        moved=_moved(before, after),
        versions=versions,
        routes=tuple(routes),
        kept=kept,
        targeting=targeting,
        unforeseen=unforeseen,
        plan=plan,
    )


def _change(
    before: RoutemapState | None,
    after: RoutemapState | None,
    versions: Sequence[VersionDifference],
    routes: Sequence[RouteDifference],
    said: Sequence[str],
) -> Change:
    if before is None:
        return Change.ADDED
    if after is None:
        return Change.PRUNED
    parts = (*(each.change for each in versions), *(each.change for each in routes))
    differs = before.salt != after.salt or bool(said) or any(change in DIFFERENCES for change in parts)
    return Change.CHANGED if differs else Change.UNCHANGED


def _moved(before: RoutemapState | None, after: RoutemapState | None) -> float:
    if before is None or after is None:
        return 0.0
    return moved_share(
        before.weights,
        after.weights,
        same_salt=before.salt == after.salt,
        holdouts=(_held_out(before), _held_out(after)),
    )


def _held_out(state: RoutemapState) -> float:
    """The share of users whom the holdout keeps on the primary now."""
    return state.targeting.holdout if state.versions[0].available else 0.0


def _targeting(
    before: RoutemapState | None, after: RoutemapState | None, shown: Outline | None
) -> tuple[tuple[str, ...], bool]:
    if before is None or after is None:
        return (), False
    old, new = shown or Outline.of(before.targeting), Outline.of(after.targeting)
    return targeting_changes(old, new), overrides_or_rules_differ(old, new)


def _versions(before: RoutemapState | None, after: RoutemapState | None) -> tuple[VersionDifference, ...]:
    old = before.versions if before is not None else ()
    new = after.versions if after is not None else ()
    promoted = promoted_candidate(before, after) if before is not None and after is not None else None
    return tuple(
        _version(
            index,
            old[index] if index < len(old) else None,
            new[index] if index < len(new) else None,
            promoted.name if promoted is not None and index == 0 else "",
        )
        for index in range(max(len(old), len(new)))
    )


def _version(index: int, before: VersionState | None, after: VersionState | None, promoted: str) -> VersionDifference:
    if before is None or after is None:
        change = Change.ADDED if before is None else Change.PRUNED
        return VersionDifference(index, before, after, change, metrics_reset=bool(before and before.signature))
    change = Change.UNCHANGED if _told(before) == _told(after) else Change.CHANGED
    reset = before.signature not in ("", after.signature)
    return VersionDifference(index, before, after, change, reset, promoted)


def _told(version: VersionState) -> tuple[object, ...]:
    """All that is a difference when it changes."""
    return (
        version.name,
        version.weight,
        version.declared_weight,
        version.available,
        version.signature,
        version.progress_deadline,
        tuple(by_identity(version.resources)),
    )
