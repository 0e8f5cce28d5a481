"""Explanations as text for people and as JSON for scripts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import click

from iter8_gitops.core.availability import SETTLE_SECONDS
from iter8_gitops.runtime.explaining import Explanation, RoutemapExplanation
from iter8_gitops.spec.readiness import Readiness, ReadinessState
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.snapshot import VersionState

_COLOURS = {
    ReadinessState.READY: "green",
    ReadinessState.PROGRESSING: "yellow",
    ReadinessState.FAILED: "red",
    ReadinessState.TERMINATING: "yellow",
    ReadinessState.UNKNOWN: "magenta",
}
"""For terminals; elsewhere `click.echo` takes them out."""

_LEADS = {
    ReadinessState.READY: "because",
    ReadinessState.PROGRESSING: "waits for",
    ReadinessState.FAILED: "because",
    ReadinessState.TERMINATING: "because",
    ReadinessState.UNKNOWN: "because",
}


def object_json(explanation: Explanation) -> dict[str, Any]:
    """One object. `current` tells whether the status certainly speaks of the present spec."""
    readiness, identity = explanation.readiness, explanation.id
    return {
        "object": {
            "group": identity.group,
            "kind": identity.kind,
            "namespace": identity.namespace,
            "name": identity.name,
        },
        "state": readiness.state.value,
        "servable": readiness.servable,
        "reason": readiness.reason,
        "message": readiness.message,
        "fields": list(readiness.fields),
        "current": readiness.current,
        "plugin": explanation.plugin,
        "signature": explanation.signature,
    }


def routemap_json(explanation: RoutemapExplanation, versions: Collection[int]) -> dict[str, Any]:
    """Those `versions` of a routemap, each with its objects."""
    return {
        "application": explanation.state.application,
        "versions": [
            {
                "index": version.index,
                "name": version.name,
                "available": version.available,
                "settled": version.settled,
                "weight": version.weight,
                "declaredWeight": version.declared_weight,
                "signature": version.signature,
                "reason": version.reason,
                "message": version.message,
                "objects": [object_json(explanation.objects[each.id]) for each in version.resources],
            }
            for version in explanation.state.versions
            if version.index in versions
        ],
        "problems": [str(problem) for problem in explanation.state.problems],
    }


def object_text(explanation: Explanation) -> str:
    """One object in some lines."""
    return "\n".join([_name(explanation.id), *(f"  {line}" for line in _lines(explanation))])


def routemap_text(explanation: RoutemapExplanation, versions: Collection[int]) -> str:
    """Those `versions` of a routemap, each with its objects."""
    lines: list[str] = [f"routemap {explanation.state.application}"]
    for version in explanation.state.versions:
        if version.index in versions:
            lines += ["", *_version_lines(version)]
            for resource in version.resources:
                lines += [f"    {line}" for line in object_text(explanation.objects[resource.id]).splitlines()]
    lines += [f"problem: {problem}" for problem in explanation.state.problems]
    return "\n".join(lines)


def _version_lines(version: VersionState) -> Iterator[str]:
    available = "available" if version.available else "not available"
    settled = "settled" if version.settled else "not settled"
    weight = f"weight {version.weight}"
    if version.weight != version.declared_weight:
        weight += f" (declared: {version.declared_weight})"
    yield f"  version {version.index} ({version.name}): {available}, {settled}, {weight}"
    yield f"    {'signature ' + version.signature if version.settled else version.message}"


def _lines(explanation: Explanation) -> Iterator[str]:
    readiness = explanation.readiness
    answers = "something answers" if readiness.servable else "nothing answers"
    state = click.style(readiness.state.value, fg=_COLOURS[readiness.state], bold=True)
    yield f"state       {state}, {answers}"
    yield f"{_LEADS[readiness.state]:<12}{readiness.reason}: {readiness.message}"
    if explanation.plugin:
        looked = f", from {', '.join(readiness.fields)}" if readiness.fields else ""
        yield f"decided by  plugin {explanation.plugin}{looked}"
    if explanation.signature:
        yield f"signature   {explanation.signature}"
    if _may_be_held_back(readiness):
        yield (
            "note        its status does not tell which spec it speaks of: after an edit, ready counts once the "
            f"status changes, or after {SETTLE_SECONDS:g} s"
        )


def _may_be_held_back(readiness: Readiness) -> bool:
    return readiness.state is ReadinessState.READY and not readiness.current


def _name(identity: ResourceId) -> str:
    place = f"{identity.namespace}/{identity.name}" if identity.namespace else identity.name
    return f"{identity.kind} {place}"
