"""How far we are with the objects of a kind. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from iter8_gitops.contracts.cluster import KindKey
from iter8_gitops.kube.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Pending:
    """Not listed yet. `failing` says that a try failed, so that it may last."""

    message: str
    failing: bool = False


@dataclass(frozen=True, slots=True)
class Served:
    """Listed completely at least once, and followed since as far as the API server answers."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class NotServed:
    """There is nothing to see, for sure: `KindNotInstalled`, `NotWatchable` or `Forbidden`. It may change later."""

    reason: str
    message: str


KindState: TypeAlias = Pending | Served | NotServed


def kind_name(kind: KindKey) -> str:
    """A kind in words for people, such as `Deployment (apps)` and `Service (core)`."""
    return f"{kind[1]} ({kind[0] or 'core'})"
