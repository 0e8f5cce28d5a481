"""From what the HTTP API shows of a routemap back to its state, as far as states are compared. Pure.

The API shows everything that is compared: versions with their weights, signatures and resources, salt, targeting, plan,
and routes. It does not show digests of single objects, former signatures, and conditions' places, which only the
controller needs. Of overrides it shows their number and a digest, so a state from here has none; `outline_of` has what
is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.core.targeting_changes import Outline
from iter8_gitops.errors import UnavailableError
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.routemap import MetricDeclaration, Origin, PromotionPolicy, RampStep, Rule, Targeting
from iter8_gitops.spec.snapshot import ResourceState, RoutemapState, RouteState, VersionState
from iter8_gitops.spec.steering import RampPhase, RampState


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
            metrics=tuple(_metric(metric) for metric in view["plan"]["metrics"]),
            ramp_steps=tuple(RampStep(step["weight"], step["holdSeconds"]) for step in view["plan"]["ramp"]),
            policy=_policy(view["plan"]["promotion"]),
            ramp=_ramp(view["ramp"]),
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


def _metric(metric: Mapping[str, Any]) -> MetricDeclaration:
    return MetricDeclaration(
        name=metric["name"],
        goal=metric["goal"],
        type=metric["type"],
        denominator=metric["denominator"],
        max_harm=metric["maxHarm"],
        minimum_effect=metric["minimumEffect"],
    )


def _policy(policy: Mapping[str, Any]) -> PromotionPolicy:
    return PromotionPolicy(policy["mode"], tuple(policy["requires"]), policy["minimumRunSeconds"], policy["approved"])


def _ramp(ramp: Mapping[str, Any] | None) -> RampState | None:
    """Where the ramp stands. Since when does not matter, because nothing is decided here."""
    if ramp is None:
        return None
    return RampState(
        contents=tuple(ramp["signatures"]),
        step=ramp["step"] - 1,
        weight=ramp["weight"],
        phase=RampPhase(ramp["phase"]),
        message=ramp["message"],
        held=ramp["heldSeconds"],
        running_since=None,
        decided_at=0.0,
    )


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
