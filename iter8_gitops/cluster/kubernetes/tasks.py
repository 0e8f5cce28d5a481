"""What there is to do in a cluster, piece by piece. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from iter8_gitops.contracts.cluster import KindKey
from iter8_gitops.spec.resource import ResourceId


@dataclass(frozen=True, slots=True)
class Application:
    """Make the routes of an application right."""

    name: str


@dataclass(frozen=True, slots=True)
class Resource:
    """Make the finalizer of a resource right, going by what the watch shows."""

    id: ResourceId


@dataclass(frozen=True, slots=True)
class Leftover:
    """Make the finalizer right of a resource that no watch need show."""

    id: ResourceId


@dataclass(frozen=True, slots=True)
class Sweep:
    """Look for finalizers of ours on all objects of a kind."""

    kind: KindKey


@dataclass(frozen=True, slots=True)
class ReadLedger:
    """Find out which kinds earlier lives have left something on."""


Task: TypeAlias = Application | Resource | Leftover | Sweep | ReadLedger
