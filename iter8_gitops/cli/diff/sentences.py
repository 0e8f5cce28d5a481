"""What happens to weights, users and versions, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from iter8_gitops.core.availability import by_identity
from iter8_gitops.runtime.foresight.changes import Change, VersionDifference
from iter8_gitops.spec.durations import format_duration
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.snapshot import RoutemapState, VersionState

_LEAST_SHOWN = 0.0005
_SHORT_SIGNATURE = 8


def version_label(version: VersionDifference) -> str:
    """`v1`, and the name if it has one of its own."""
    shown = version.after or version.before
    number = f"v{version.index}"
    return number if shown is None or shown.name == number else f"{number} {shown.name}"


def weight_sentence(before: RoutemapState | None, after: RoutemapState) -> str:
    """The weights in force; and those declared, where they differ from these or change. "" when all stay."""
    declared, old_declared = _declared(after), _declared(before) if before is not None else ""
    in_force, old = _joined(after.weights), _joined(before.weights) if before is not None else ""
    if before is None:
        return in_force if in_force == declared else f"{in_force} (declared {declared})"
    if old != in_force:
        return f"{old} -> {in_force}" + ("" if in_force == declared else f" (declared {declared})")
    if old_declared != declared:
        return f"{in_force} as before (declared {old_declared} -> {declared})"
    return ""


def moved_sentence(share: float, *, more: bool = False) -> str:
    """How many users get another version; `more` do for reasons that are not in `share`."""
    if more:
        others = moved_sentence(share)
        return f"{others}, besides those whom rules or overrides mean: how many these are cannot be told"
    if share == 0:
        return "nobody moves"
    if share < _LEAST_SHOWN:
        return f"less than {_LEAST_SHOWN:.1%} move"
    return "everybody moves" if share == 1 else f"{share:.1%} move"


def content_sentences(version: VersionDifference) -> list[str]:
    """What a version of a routemap that stays becomes; nothing when it stays as it is."""
    before, after = version.before, version.after
    if after is None:
        return [f"is removed{', and its metrics no longer count' if version.metrics_reset else ''}"]
    if before is None:
        return [f"is new: {', '.join(str(each) for each in by_identity(after.resources))}"]
    if version.change is Change.UNCHANGED:
        return []
    return list(_sentences(before, after, version))


def _sentences(before: VersionState, after: VersionState, version: VersionDifference) -> Iterator[str]:
    if before.name != after.name:
        yield f"was called {before.name}"
    if said := _exchange(by_identity(before.resources), by_identity(after.resources)):
        yield said
    if said := _content(before, after, version):
        yield said
    if after.available and not before.available:
        yield "becomes available"
    elif before.available and not after.available:
        yield f"is no longer available: {after.message}"
    if before.progress_deadline != after.progress_deadline:
        deadlines = format_duration(before.progress_deadline), format_duration(after.progress_deadline)
        yield f"may be on its way for {deadlines[1]} instead of {deadlines[0]}"


def _exchange(before: Iterable[ResourceId], after: Iterable[ResourceId]) -> str:
    old, new = list(before), list(after)
    gone, come = [each for each in old if each not in new], [each for each in new if each not in old]
    names = ", ".join(map(str, come))
    if gone and come:
        return f"consists of {names} instead of {', '.join(map(str, gone))}"
    if gone or come:
        return f"no longer consists of {', '.join(map(str, gone))}" if gone else f"consists of {names}, too"
    return "" if old == new else f"consists of {', '.join(map(str, new))}, in this order"


def _content(before: VersionState, after: VersionState, version: VersionDifference) -> str:
    old, new = before.signature[:_SHORT_SIGNATURE], after.signature[:_SHORT_SIGNATURE]
    if before.signature == after.signature:
        return ""
    if not old:
        return f"has its first content ({new})"
    if not new:
        return f"has no content known any more: metrics start anew once it is ready (was {old})"
    if version.promoted:
        return f"takes over the content of {version.promoted}: metrics start anew ({old} -> {new})"
    return f"new content: metrics start anew ({old} -> {new})"


def _declared(state: RoutemapState) -> str:
    return _joined(version.declared_weight for version in state.versions)


def _joined(weights: Iterable[int]) -> str:
    return ":".join(str(weight) for weight in weights)
