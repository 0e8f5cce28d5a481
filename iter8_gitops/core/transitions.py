"""What changed between two states of a routemap, in sentences for people. Problems speak for themselves."""

from __future__ import annotations

from iter8_gitops.spec.snapshot import RoutemapState, VersionState


def transitions(before: RoutemapState | None, after: RoutemapState) -> tuple[str, ...]:
    """One sentence per change that a person would want to know of, in order of importance."""
    if before is None:
        return (f"declared in {after.origin.path}; weights {_weights(after)}", *_appeared(after))
    told: list[str] = []
    for version in after.versions:
        old = before.versions[version.index] if version.index < len(before.versions) else None
        told.extend(_version_changes(old, version))
    if before.weights != after.weights:
        told.append(f"weights {_weights(before)} -> {_weights(after)}")
    if before.salt != after.salt:
        told.append("the salt changed: users are assigned anew")
    if before.problems and not after.problems:
        told.append("every problem is solved")
    return tuple(told)


def _appeared(state: RoutemapState) -> tuple[str, ...]:
    return tuple(f"{v.name} is not available: {v.message}" for v in state.versions if not v.available)


def _version_changes(old: VersionState | None, new: VersionState) -> list[str]:
    told: list[str] = []
    if new.available and not (old and old.available):
        told.append(f"{new.name} is available")
    elif not new.available and (old is None or old.available):
        told.append(f"{new.name} is not available: {new.message}")
    elif old is not None and not new.settled and old.message != new.message:
        told.append(f"{new.name}: {new.message}")
    if old is not None and old.signature and new.signature and old.signature != new.signature:
        told.append(f"{new.name} has new content: signature {old.signature} -> {new.signature}")
    return told


def _weights(state: RoutemapState) -> str:
    return ":".join(str(weight) for weight in state.weights)
