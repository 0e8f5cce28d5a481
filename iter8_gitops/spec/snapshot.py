"""What the board publishes: the state of every routemap, as read by lookups, dashboards and people.

These values travel as JSON (see `codec`), so they hold only plain types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from iter8_gitops.spec.metric import AT_RANDOM, Arm, EpochWeights
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.routemap import (
    MANUAL,
    NO_TARGETING,
    PROGRESS_DEADLINE,
    MetricDeclaration,
    Origin,
    PromotionPolicy,
    RampStep,
    Targeting,
)
from iter8_gitops.spec.steering import PromotionState, RampState


@dataclass(frozen=True, slots=True)
class ResourceState:
    """The verdict on one resource of a version.

    `content` and `status` are digests of what counted as content and of the object's status;
    `edited_at` (seconds since 1970) is set while a `ready` is held back after an edit.
    """

    group: str
    kind: str
    namespace: str
    name: str
    state: ReadinessState
    servable: bool
    reason: str
    message: str
    content: str = ""
    status: str = ""
    edited_at: float | None = None

    @property
    def id(self) -> ResourceId:
        """Which resource this speaks of."""
        return ResourceId(self.group, self.kind, self.namespace, self.name)


@dataclass(frozen=True, slots=True)
class VersionState:
    """One version now. `weight` is the one in force, `declared_weight` the one asked for.

    `signature` is the digest of the content that last settled ("" before any has), `former_signature` the last one
    that was another, also when the resources are gone. `progressing_since` (seconds since 1970) is when it began to be
    on its way with its present content, None when it is not; `stalled` says that this has lasted longer than
    `progress_deadline` (seconds).
    """

    index: int
    name: str
    weight: int
    declared_weight: int
    available: bool
    settled: bool
    signature: str
    reason: str
    message: str
    resources: tuple[ResourceState, ...]
    former_signature: str = ""
    progressing_since: int | None = None
    progress_deadline: float = PROGRESS_DEADLINE
    stalled: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A Kubernetes-style condition: `type` is True or False, with a reason and a message.

    `since` (seconds since 1970) is when `status` last changed.
    """

    type: str
    status: bool
    reason: str
    message: str
    since: int = 0


@dataclass(frozen=True, slots=True)
class RouteState:
    """A route that was rendered from a routing template."""

    template: str
    group: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class RoutemapState:
    """Everything that is known of one application: enough to assign any user, and to explain why.

    `epoch` (seconds since 1970) is when the assignment of users last changed, `experiment` the epoch at which the
    present contents began to be compared, and `epochs` the last ones since then, with their weights. `metrics`,
    `ramp_steps` and `policy` are as declared; `ramp` and `promotion` say where they stand.
    """

    namespace: str
    name: str
    origin: Origin
    versions: tuple[VersionState, ...]
    salt: str = ""
    targeting: Targeting = NO_TARGETING
    epoch: int = 0
    experiment: int = 0
    epochs: tuple[EpochWeights, ...] = ()
    metrics: tuple[MetricDeclaration, ...] = ()
    routes: tuple[RouteState, ...] = ()
    conditions: tuple[Condition, ...] = ()
    problems: tuple[Problem, ...] = ()
    ramp_steps: tuple[RampStep, ...] = ()
    policy: PromotionPolicy = MANUAL
    ramp: RampState | None = None
    promotion: PromotionState | None = None

    @property
    def application(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"

    @property
    def weights(self) -> tuple[int, ...]:
        """The weights in force, one per version."""
        return tuple(version.weight for version in self.versions)

    def arm(self, version: int, cohort: str = AT_RANDOM) -> Arm:
        """What an exposure to `version` is credited to, for users of `cohort`."""
        return Arm(self.application, version, self.versions[version].signature, self.epoch, cohort)


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source is doing. `location` is shown to people and holds no secret.

    `read_at` is when it was last read without failure, `failing_since` when it began to fail
    (both seconds since 1970, None for never). `resources` says that live resources are seen through
    it, so that every routemap depends on it. `author` is who made `revision`, "" where nobody says.
    """

    name: str
    location: str
    revision: str = ""
    read_at: float | None = None
    failing_since: float | None = None
    message: str = ""
    problems: tuple[Problem, ...] = ()
    resources: bool = False
    author: str = ""


@dataclass(frozen=True, slots=True)
class Predecessor:
    """A board that the present one goes on from: all that it published up to the sequence `until` is still there."""

    board: str
    until: int


@dataclass(frozen=True, slots=True)
class ChangeLog:
    """At which sequence each part of the board last changed, so that whoever has seen an earlier one can catch up.

    `changed_at` holds every application, also removed ones; removals up to `floor` may have been forgotten.
    `predecessors` are the newest last.
    """

    floor: int = 0
    sources_at: int = 0
    changed_at: Mapping[str, int] = field(default_factory=dict)
    predecessors: tuple[Predecessor, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole board at one instant.

    `sequence` counts publications; `controller_at` is when the controller last said it is alive. `board` tells
    boards apart that count on their own: it is another one whenever a controller has started ("" when unknown).
    Snapshots that show the same are equal, however they came to be.
    """

    sequence: int = 0
    controller_at: float | None = None
    sources: tuple[SourceStatus, ...] = ()
    routemaps: Mapping[str, RoutemapState] = field(default_factory=dict)
    board: str = field(default="", compare=False)
    log: ChangeLog = field(default_factory=ChangeLog, compare=False)
