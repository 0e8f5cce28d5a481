"""Differences as JSON for scripts: everything, also what stays as it is."""

from __future__ import annotations

from typing import Any

from iter8_gitops.runtime.foresight.changes import (
    NOTHING,
    Change,
    Differences,
    FieldDifference,
    RouteDifference,
    RoutemapDifference,
    VersionDifference,
)
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.snapshot import RoutemapState, VersionState

Json = dict[str, Any]


def document(found: Differences, place: str) -> Json:
    """All differences; `place` is where the present state is from."""
    counts = found.counts()
    return {
        "revision": found.revision,
        "comparedWith": place,
        "different": found.any,
        "summary": {
            change.value: counts[change] for change in (Change.ADDED, Change.CHANGED, Change.PRUNED, Change.UNCHANGED)
        },
        "routemaps": [_routemap(each) for each in found.routemaps],
        "problems": [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "message": problem.message,
                "hint": problem.hint,
                "application": problem.application,
            }
            for problem in found.problems
        ],
        "notes": list(found.notes),
    }


def _routemap(each: RoutemapDifference) -> Json:
    return {
        "application": each.application,
        "change": each.change.value,
        "path": each.path,
        "kept": each.kept,
        "movedShare": each.moved,
        "targeting": list(each.targeting),
        "plan": list(each.plan),
        "moreMayMove": each.unforeseen,
        "before": _state(each.before),
        "after": _state(each.after),
        "versions": [_version(version) for version in each.versions],
        "routes": [_route(route) for route in each.routes],
    }


def _state(state: RoutemapState | None) -> Json | None:
    if state is None:
        return None
    return {
        "weights": list(state.weights),
        "declaredWeights": [version.declared_weight for version in state.versions],
        "salt": state.salt,
    }


def _version(each: VersionDifference) -> Json:
    return {
        "index": each.index,
        "change": each.change.value,
        "metricsReset": each.metrics_reset,
        "promoted": each.promoted,
        "before": _version_state(each.before),
        "after": _version_state(each.after),
    }


def _version_state(version: VersionState | None) -> Json | None:
    if version is None:
        return None
    return {
        "name": version.name,
        "weight": version.weight,
        "declaredWeight": version.declared_weight,
        "available": version.available,
        "settled": version.settled,
        "signature": version.signature,
        "reason": version.reason,
        "message": version.message,
        "progressDeadlineSeconds": version.progress_deadline,
        "resources": [_object(resource.id) for resource in version.resources],
    }


def _route(each: RouteDifference) -> Json:
    return {
        "template": each.template,
        "change": each.change.value,
        "object": _object(each.id) if each.id is not None else None,
        "fields": [_field(field) for field in each.fields],
        "moreFields": each.more,
        "note": each.note,
    }


def _field(each: FieldDifference) -> Json:
    """Without `before` or `after` where there is no value."""
    values = {"before": each.before, "after": each.after}
    return {"path": each.path, **{name: value for name, value in values.items() if value is not NOTHING}}


def _object(identity: ResourceId) -> Json:
    return {
        "group": identity.group,
        "kind": identity.kind,
        "namespace": identity.namespace,
        "name": identity.name,
    }
