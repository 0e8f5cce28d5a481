"""The board as JSON values, for people and scripts. Times are RFC 3339 in UTC; keys are camelCase."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from iter8_gitops.core.targeting_changes import Outline
from iter8_gitops.serving.plans import plan_view, promotion_view, ramp_view
from iter8_gitops.serving.results import BoardStatus, HistoryPage, Overview, RoutemapReport
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.snapshot import ResourceState, SourceStatus, VersionState

Json = dict[str, Any]


def overview_view(overview: Overview) -> Json:
    """`GET /v1/routemaps`: every routemap in short, the sources, and all problems."""
    return {
        "routemaps": [routemap_summary(report) for report in overview.routemaps],
        **sources_view(overview.board),
        "problems": [problem_view(problem) for problem in overview.board.problems],
        "stale": bool(overview.board.staleness),
        "staleReason": overview.board.staleness,
        "sequence": overview.board.snapshot.sequence,
    }


def sources_view(board: BoardStatus) -> Json:
    """`GET /v1/sources`: what became of the newest revision of each source."""
    held = Counter(state.origin.source for state in board.snapshot.routemaps.values())
    return {"sources": [_source(source, held[source.name]) for source in board.snapshot.sources]}


def routemap_summary(report: RoutemapReport) -> Json:
    """One routemap in short."""
    state = report.state
    return {
        "application": state.application,
        "source": state.origin.source,
        "path": state.origin.path,
        "revision": state.origin.revision,
        "weights": list(state.weights),
        "conditions": [
            {
                "type": condition.type,
                "status": condition.status,
                "reason": condition.reason,
                "message": condition.message,
                "since": condition.since,
            }
            for condition in state.conditions
        ],
        "versions": [_version(version) for version in state.versions],
        "problems": [problem_view(problem) for problem in state.problems],
        "stale": bool(report.staleness),
        "staleReason": report.staleness,
    }


def routemap_view(report: RoutemapReport) -> Json:
    """`GET /v1/routemaps/{namespace}/{name}`: one routemap with its resources, users and routes."""
    state = report.state
    return {
        **routemap_summary(report),
        "versions": [
            {
                **_version(version),
                "exposedUsers": report.exposed_users.get(version.index, 0),
                "resources": [_resource(resource) for resource in version.resources],
            }
            for version in state.versions
        ],
        "salt": state.salt,
        "targeting": _targeting(Outline.of(state.targeting)),
        "epoch": state.epoch,
        "plan": plan_view(state),
        "ramp": ramp_view(state.ramp),
        "promotion": promotion_view(state.promotion),
        "routes": [
            {
                "template": route.template,
                "group": route.group,
                "kind": route.kind,
                "namespace": route.namespace,
                "name": route.name,
            }
            for route in state.routes
        ],
    }


def history_view(page: HistoryPage) -> Json:
    """`GET /v1/routemaps/{namespace}/{name}/history`."""
    return {
        "application": page.application,
        "entries": [
            {
                "id": entry.id,
                "at": _time(entry.at),
                "reason": entry.reason,
                "message": entry.message,
                "warning": entry.warning,
                "version": entry.version,
                "source": entry.source,
                "revision": entry.revision,
                "author": entry.author,
            }
            for entry in page.entries
        ],
        "next": page.next,
    }


def readiness_view(status: BoardStatus) -> Json:
    """`GET /readyz`."""
    return {
        "status": "ready" if status.published else "waiting",
        "stale": bool(status.staleness),
        "staleReason": status.staleness,
        "sequence": status.snapshot.sequence,
        "routemaps": len(status.snapshot.routemaps),
    }


def problem_view(problem: Problem) -> Json:
    """Where, what, and what to do; `line` and `column` are 0 when unknown."""
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
        "application": problem.application,
    }


def _targeting(outline: Outline) -> Json:
    """Without the users of the overrides, who are nobody's business here."""
    return {
        "overrides": {"users": outline.overrides, "digest": outline.digest},
        "holdout": outline.holdout,
        "rules": [
            {
                "name": rule.name,
                "when": {attribute: list(values) for attribute, values in rule.when},
                "version": rule.version,
            }
            for rule in outline.rules
        ],
    }


def _version(version: VersionState) -> Json:
    return {
        "index": version.index,
        "name": version.name,
        "weight": version.weight,
        "declaredWeight": version.declared_weight,
        "available": version.available,
        "settled": version.settled,
        "signature": version.signature,
        "reason": version.reason,
        "message": version.message,
        "stalled": version.stalled,
        "progressingSince": _time(version.progressing_since),
        "progressDeadlineSeconds": version.progress_deadline,
    }


def _resource(resource: ResourceState) -> Json:
    return {
        "group": resource.group,
        "kind": resource.kind,
        "namespace": resource.namespace,
        "name": resource.name,
        "state": resource.state.value,
        "servable": resource.servable,
        "reason": resource.reason,
        "message": resource.message,
    }


def _source(source: SourceStatus, routemaps: int) -> Json:
    return {
        "name": source.name,
        "location": source.location,
        "result": _result(source),
        "routemaps": routemaps,
        "revision": source.revision,
        "author": source.author,
        "readAt": _time(source.read_at),
        "failingSince": _time(source.failing_since),
        "message": source.message,
        "problems": [problem_view(problem) for problem in source.problems],
    }


def _result(source: SourceStatus) -> str:
    """What a person would ask first: has what is there taken effect?"""
    if source.failing_since is not None:
        return "failing"
    if source.read_at is None:
        return "waiting"
    return "problems" if source.problems else "applied"


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="milliseconds")
