"""A routemap as a value: the versions of an application, and how traffic is routed among them."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.spec.resource import ResourceId

DEFAULT_NAMESPACE = "default"
PROGRESS_DEADLINE = 600.0
"""Seconds, as for a Deployment."""
MINIMUM_EFFECT = 0.01
"""Relative; the change that matters unless somebody says otherwise."""
MINIMUM_RUN = 24 * 3600.0
"""Seconds; a day, so that no hour of it decides alone."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an application. `weight` is the declared one (0 takes no traffic).

    `progress_deadline` is how many seconds it may stay on its way before it is reported as stalled.
    """

    name: str
    resources: tuple[ResourceId, ...]
    weight: int = 1
    progress_deadline: float = PROGRESS_DEADLINE


@dataclass(frozen=True, slots=True)
class RoutingTemplate:
    """A template that renders one Kubernetes object from the state of the routemap.

    `target_kind` is (group, kind) of what it renders when `gvrShort` says so, else `("", "")`. With
    `force_conflicts`, fields of its object that somebody else manages are taken over.
    """

    name: str
    template: str
    engine: str = "go"
    target_kind: tuple[str, str] = ("", "")
    force_conflicts: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Users whose attributes match get `version` (an index) while it is available.

    `when` holds attributes, ascending, each with the values of which it must have one. Values are texts: numbers
    and booleans as JSON writes them.
    """

    name: str
    when: tuple[tuple[str, tuple[str, ...]], ...]
    version: int


@dataclass(frozen=True, slots=True)
class Targeting:
    """Users who are not assigned at random. `overrides` are (user, version index), ascending by user.

    `holdout` is the share of users (0 to 1) who stay on the primary. Overrides go first, then the holdout, then rules.
    """

    overrides: tuple[tuple[str, int], ...] = ()
    holdout: float = 0.0
    rules: tuple[Rule, ...] = ()


NO_TARGETING = Targeting()


@dataclass(frozen=True, slots=True)
class Assignment:
    """How users are spread over versions. A new `salt` reshuffles everybody, on purpose."""

    salt: str = ""
    targeting: Targeting = NO_TARGETING


@dataclass(frozen=True, slots=True)
class MetricDeclaration:
    """A metric that versions are judged by.

    `goal` is `increase` or `decrease`; `type` is `mean`, `conversion` (a user converted whose sum is above 0) or
    `ratio` (its sum over that of `denominator`). `max_harm` makes it a guardrail: how much worse, as a share of the
    primary's, is accepted. `minimum_effect` is the smallest relative change that matters.
    """

    name: str
    goal: str = "increase"
    type: str = "mean"
    denominator: str = ""
    max_harm: float | None = None
    minimum_effect: float = MINIMUM_EFFECT


@dataclass(frozen=True, slots=True)
class RampStep:
    """The candidates get `weight` of 100 users together, for `hold` seconds; None for as long as nobody changes it."""

    weight: float
    hold: float | None = None


@dataclass(frozen=True, slots=True)
class PromotionPolicy:
    """Who promotes. `mode` is `manual`, `pullRequest` or `commit`.

    `requires` holds some of `winner`, `rampComplete` and `approval`; `approved` is the signature that a person
    approves, `minimum_run` in seconds.
    """

    mode: str = "manual"
    requires: tuple[str, ...] = ("winner",)
    minimum_run: float = MINIMUM_RUN
    approved: str = ""


MANUAL = PromotionPolicy()


@dataclass(frozen=True, slots=True)
class Routemap:
    """A decoded routemap document. `uid` is that of the object it was read from, if it states one."""

    namespace: str
    name: str
    versions: tuple[Version, ...]
    routing_templates: tuple[RoutingTemplate, ...] = ()
    assignment: Assignment = Assignment()
    metrics: tuple[MetricDeclaration, ...] = ()
    ramp: tuple[RampStep, ...] = ()
    promotion: PromotionPolicy = MANUAL
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    uid: str = ""

    @property
    def application(self) -> str:
        """`namespace/name`, the name callers use in `Lookup`."""
        return f"{self.namespace}/{self.name}"

    @property
    def resource_ids(self) -> frozenset[ResourceId]:
        """Every resource that any version names."""
        return frozenset(resource for version in self.versions for resource in version.resources)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a routemap in force was read: its source, the path in it, and the revision it last changed at."""

    source: str
    path: str
    revision: str


@dataclass(frozen=True, slots=True)
class RenderedRoute:
    """One object rendered from a routing template, as canonical YAML text.

    `namespace` is where it goes if its kind has namespaces at all.
    """

    template: str
    group: str
    kind: str
    namespace: str
    name: str
    text: str
    force_conflicts: bool = False
