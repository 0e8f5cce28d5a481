"""What KServe's status says, as values that the rules can be read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iter8_gitops.hooks import ReportedCondition, Resource, conditions, text
from iter8_gitops_plugins.inferenceservice.mode import COMPONENTS, Mode, mode_of
from iter8_gitops_plugins.knative_revisions import Revisions

_DEADLINE = "ProgressDeadlineExceeded"


@dataclass(frozen=True, slots=True)
class Component:
    """A component of the spec (the predictor always is one) and what is reported of it.

    `condition` is its own Ready condition, `revisions` what Knative says where the mode is Serverless.
    """

    name: str
    condition: ReportedCondition | None
    revisions: Revisions

    @property
    def ready(self) -> bool:
        """True when its own Ready condition is True."""
        return self.condition is not None and self.condition.status == "True"

    def field(self, key: str) -> str:
        """Where a value of it is in the object."""
        return f"status.components.{self.name}.{key}"


@dataclass(frozen=True, slots=True)
class Reported:
    """Everything the rules look at. Model states and `transition` are "" when not reported."""

    mode: Mode
    conditions: Mapping[str, ReportedCondition]
    components: tuple[Component, ...]
    transition: str
    active: str
    target: str
    failure: str

    @property
    def ready(self) -> bool:
        """KServe's own summary."""
        condition = self.conditions.get("Ready")
        return condition is not None and condition.status == "True"

    @property
    def failed_conditions(self) -> tuple[ReportedCondition, ...]:
        """Conditions of components of the spec that are False."""
        present = tuple(component.name.capitalize() for component in self.components)
        return tuple(each for each in self._unmet() if each.status == "False" and each.type.startswith(present))

    @property
    def late_conditions(self) -> tuple[ReportedCondition, ...]:
        """Conditions that say that a roll-out made no progress before its deadline."""
        # With several nodes KServe joins the reasons of their Deployments into one.
        return tuple(each for each in self._unmet() if _DEADLINE in each.reason)

    @property
    def unmet_conditions(self) -> tuple[ReportedCondition, ...]:
        """Ready and the components' own conditions, as far as they are there and not True."""
        candidates = (self.conditions.get("Ready"), *(component.condition for component in self.components))
        return tuple(condition for condition in candidates if condition is not None and condition.status != "True")

    @property
    def model_loaded(self) -> bool:
        """True when the active model answers, if need be after it was loaded on demand."""
        return self.active in {"Loaded", "Standby"}

    @property
    def older_revision_answers(self) -> bool:
        """True when the only thing that keeps it from being ready are revisions that have ready predecessors."""
        return (
            self.mode is Mode.SERVERLESS
            and all(component.ready or component.revisions.older_answers for component in self.components)
            and any(component.revisions.older_answers for component in self.components)
        )

    @property
    def answers(self) -> bool:
        """Does some content answer, whichever it is?

        ModelMesh says Ready=True before the first model is loaded, so there the model's state decides.
        During a roll-out KServe's Ready is not True although Knative still routes to the older revision.
        """
        if self.mode is Mode.MODEL_MESH:
            return self.ready and self.model_loaded
        return self.ready or self.older_revision_answers

    def _unmet(self) -> tuple[ReportedCondition, ...]:
        """The conditions that count and are not True.

        A component's own Ready counts whatever its severity, because KServe marks that of a transformer as
        Info; other conditions of severity Info are details. What is left of a component that is no longer in the
        spec does not count.
        """
        own = {f"{component.name.capitalize()}Ready" for component in self.components}
        names = {component.name for component in self.components}
        absent = tuple(name.capitalize() for name in COMPONENTS if name not in names)
        return tuple(
            each
            for each in self.conditions.values()
            if each.status != "True"
            and (each.type in own or (each.severity != "Info" and not each.type.startswith(absent)))
        )


def reported(resource: Resource) -> Reported:
    """Read the status, whatever shape it is in."""
    found = conditions(resource)
    model = resource.section("status", "modelStatus")
    states = resource.section("status", "modelStatus", "states")
    failure = resource.section("status", "modelStatus", "lastFailureInfo")
    return Reported(
        mode=mode_of(resource) or Mode.RAW_DEPLOYMENT,
        conditions=found,
        components=tuple(_component(resource, name, found) for name in declared_components(resource)),
        transition=text(model.get("transitionStatus")),
        active=text(states.get("activeModelState")),
        target=text(states.get("targetModelState")),
        failure=": ".join(said for key in ("reason", "message") if (said := text(failure.get(key)))),
    )


def declared_components(resource: Resource) -> tuple[str, ...]:
    """The components of the spec; there always is a predictor."""
    return tuple(name for name in COMPONENTS if name == "predictor" or resource.spec.get(name) is not None)


def _component(resource: Resource, name: str, found: Mapping[str, ReportedCondition]) -> Component:
    status = resource.section("status", "components", name)
    return Component(
        name=name,
        condition=found.get(f"{name.capitalize()}Ready"),
        revisions=Revisions.of(
            status.get("latestCreatedRevision"), status.get("latestReadyRevision"), status.get("traffic")
        ),
    )
