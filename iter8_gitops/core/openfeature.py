"""Assignments in the words of OpenFeature, for servers and clients alike (https://openfeature.dev/specification/types)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.core.cohorts import Recommendation
from iter8_gitops.core.targeting import Reason
from iter8_gitops.spec.attributes import Scalar
from iter8_gitops.spec.snapshot import RoutemapState

STATIC = "STATIC"
SPLIT = "SPLIT"
TARGETING_MATCH = "TARGETING_MATCH"


def reason_of(found: Recommendation) -> str:
    """Why a user gets a version: an override, the holdout or a rule decides, one version takes everybody, or chance."""
    if found.reason is not Reason.RANDOM:
        return TARGETING_MATCH
    return STATIC if found.alone else SPLIT


def metadata_of(found: Recommendation) -> dict[str, str | bool | int]:
    """What else is known of an assignment: all that a client needs to report the exposure, and how fresh it is."""
    known: dict[str, str | bool | int] = {
        "application": found.application,
        "signature": found.signature,
        "epoch": found.epoch,
        "experiment": found.experiment,
        "cohort": found.reason.cohort,
        "stale": found.stale,
    }
    return known | {"rule": found.rule} if found.rule else known


def scalars(context: Mapping[str, Any]) -> dict[str, Scalar]:
    """The entries of an evaluation context that rules can compare, without the targeting key."""
    return {
        name: value
        for name, value in context.items()
        if name != "targetingKey" and isinstance(value, str | bool | int | float)
    }


def evaluated_of(state: RoutemapState) -> tuple[object, ...]:
    """All of a state that an evaluation may rest on, or tell: plain values, which are the same whenever it is."""
    versions = tuple((version.name, version.weight, version.available, version.signature) for version in state.versions)
    return state.application, state.salt, state.targeting, state.epoch, state.experiment, versions


def changed_flags(before: Mapping[str, RoutemapState], after: Mapping[str, RoutemapState]) -> list[str]:
    """The applications, ascending, whose evaluations may differ between two boards, or that only one of them has."""
    if before is after:
        return []
    common = before.keys() & after.keys()
    changed = {name for name in common if evaluated_of(before[name]) != evaluated_of(after[name])}
    return sorted(changed | (before.keys() ^ after.keys()))
