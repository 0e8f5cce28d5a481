"""What is published in tests of serving."""

from __future__ import annotations

import time
from collections.abc import Sequence

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.routemap import Origin
from iter8_gitops.spec.snapshot import (
    Condition,
    ResourceState,
    RoutemapState,
    RouteState,
    Snapshot,
    SourceStatus,
    VersionState,
)
from iter8_gitops.spec.state_folder import StateFolder

NOW = 1_700_000_000.0
PROBLEM = Problem("broken.yaml", 3, 5, "unknown key 'wieght'", "did you mean 'weight'?", "prod/broken")


def make_state(
    application: str, weights: Sequence[int] = (90, 10), signatures: Sequence[str] = ("aaaa", "bbbb")
) -> RoutemapState:
    namespace, _, name = application.partition("/")
    versions = tuple(
        VersionState(
            index=index,
            name=f"v{index}",
            weight=weight,
            declared_weight=weight,
            available=weight > 0,
            settled=bool(signature),
            signature=signature,
            reason="Ready" if signature else "NotFound",
            message="serves" if signature else "Deployment does not exist",
            resources=(
                ResourceState(
                    group="apps",
                    kind="Deployment",
                    namespace=namespace,
                    name=f"{name}-{index}",
                    state=ReadinessState.READY if signature else ReadinessState.UNKNOWN,
                    servable=bool(signature),
                    reason="Available",
                    message="all replicas answer",
                ),
            ),
        )
        for index, (weight, signature) in enumerate(zip(weights, signatures, strict=True))
    )
    return RoutemapState(
        namespace=namespace,
        name=name,
        origin=Origin("git", f"{name}.yaml", "0123abc"),
        versions=versions,
        epoch=3,
        routes=(RouteState("route", "networking.istio.io", "VirtualService", namespace, name),),
        conditions=(Condition("Ready", True, "Settled", "all versions are ready"),),
    )


def make_snapshot(*states: RoutemapState, now: float = NOW, problems: tuple[Problem, ...] = ()) -> Snapshot:
    source = SourceStatus("git", "https://example.org/routemaps", "0123abc", read_at=now, problems=problems)
    return Snapshot(
        sequence=7,
        controller_at=now,
        sources=(source,),
        routemaps={state.application: state for state in states},
    )


def publish(folder: StateFolder) -> BoardPublisher:
    """A board with prod/backend (90/10) and default/shop-routemap."""
    publisher = BoardPublisher(folder.board)
    published = make_snapshot(make_state("prod/backend"), make_state("default/shop-routemap", (1,), ("cccc",)))
    publisher.publish(published.routemaps, (), published.sources, time.time())
    return publisher
