"""From what the HTTP API shows of a routemap back to its state, as far as states are compared. Pure.

The API shows everything that is compared: versions with their weights, signatures and resources, salt, targeting, and
routes. It does not show digests of single objects, former signatures, and conditions' places, which only the controller
needs. Of overrides it shows their number and a digest, so a state from here has none; `outline_of` has what is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.core.targeting_changes import Outline
from iter8_gitops.errors import UnavailableError
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.routemap import Origin, Rule, Targeting
from iter8_gitops.spec.snapshot import ResourceState, RoutemapState, RouteState, VersionState


def state_of(view: Mapping[str, Any]) -> RoutemapState:
    """The state in an answer of `GET /v1/routemaps/{namespace}/{name}`. Raises `UnavailableError` for another one."""
    try:
        namespace, _, name = view["application"].partition("/")
        return RoutemapState(
            namespace=namespace,
            name=name,
            origin=Origin(view["source"], view["path"], view["revision"]),
            versions=tuple(_version(version) for version in view["versions"]),
            salt=view["salt"],
            targeting=_targeting(outline_of(view)),
            epoch=view["epoch"],
            routes=tuple(
                RouteState(route["template"], route["group"], route["kind"], route["namespace"], route["name"])
                for route in view["routes"]
            ),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        said = "the server does not answer as this release does"
        message = f"{said}: {type(error).__name__} {error}; is it iter8-gitops, and of the same release?"
        raise UnavailableError(message) from error


def outline_of(view: Mapping[str, Any]) -> Outline:
    """What such an answer shows of the targeting. Raises `KeyError` and the like for another one."""
    shown = view["targeting"]
    return Outline(
        overrides=shown["overrides"]["users"],
        digest=shown["overrides"]["digest"],
        holdout=shown["holdout"],
        rules=tuple(_rule(rule) for rule in shown["rules"]),
    )


def _targeting(outline: Outline) -> Targeting:
    return Targeting(holdout=outline.holdout, rules=outline.rules)


def _rule(rule: Mapping[str, Any]) -> Rule:
    when = sorted((attribute, tuple(values)) for attribute, values in rule["when"].items())
    return Rule(rule["name"], tuple(when), rule["version"])


def _version(version: Mapping[str, Any]) -> VersionState:
    return VersionState(
        index=version["index"],
        name=version["name"],
        weight=version["weight"],
        declared_weight=version["declaredWeight"],
        available=version["available"],
        settled=version["settled"],
        signature=version["signature"],
        reason=version["reason"],
        message=version["message"],
        resources=tuple(_resource(resource) for resource in version["resources"]),
        progress_deadline=version["progressDeadlineSeconds"],
        stalled=version["stalled"],
    )


def _resource(resource: Mapping[str, Any]) -> ResourceState:
    return ResourceState(
        group=resource["group"],
        kind=resource["kind"],
        namespace=resource["namespace"],
        name=resource["name"],
        state=ReadinessState(resource["state"]),
        servable=resource["servable"],
        reason=resource["reason"],
        message=resource["message"],
    )
