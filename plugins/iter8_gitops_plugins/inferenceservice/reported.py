"""What an InferenceService's status says, as values that the rules can be read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from iter8_gitops.hooks import ReportedCondition, Resource, conditions, count, mappings, text

_MODE_ANNOTATION = "serving.kserve.io/deploymentMode"
_COMPONENTS = ("predictor", "transformer", "explainer")
_KNATIVE_CONDITIONS = frozenset({"PredictorConfigurationReady", "PredictorRouteReady"})


class Mode(StrEnum):
    """How KServe deploys the service; each mode reports in its own way."""

    SERVERLESS = "Serverless"
    RAW_DEPLOYMENT = "RawDeployment"
    MODEL_MESH = "ModelMesh"


_MODES = {
    "Serverless": Mode.SERVERLESS,
    "Knative": Mode.SERVERLESS,
    "RawDeployment": Mode.RAW_DEPLOYMENT,
    "Standard": Mode.RAW_DEPLOYMENT,
    "ModelMesh": Mode.MODEL_MESH,
}


@dataclass(frozen=True, slots=True)
class Component:
    """A component of the spec (the predictor always is one) and what is reported of it.

    `condition` is its own Ready condition. The revisions are Knative's, "" when not reported;
    `newest_percent` is the share of traffic on the latest ready revision, `routed` whether any
    revision has traffic.
    """

    name: str
    condition: ReportedCondition | None
    latest_created: str
    latest_ready: str
    newest_percent: int
    routed: bool

    @property
    def ready(self) -> bool:
        """True when its own Ready condition is True."""
        return self.condition is not None and self.condition.status == "True"

    @property
    def rolled_out(self) -> bool:
        """True when the newest Knative revision takes all traffic."""
        return self.latest_ready != "" and self.latest_created == self.latest_ready and self.newest_percent >= 100

    @property
    def older_revision_answers(self) -> bool:
        """True when a newer revision is not ready, and Knative keeps the traffic on one that is."""
        return self.latest_ready != "" and self.latest_created not in {"", self.latest_ready} and self.routed


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
        """Conditions of components of the spec that are False.

        A component's own Ready counts whatever its severity, because KServe marks that of a
        transformer as Info; of its other conditions, Info ones are details that do not count.
        """
        prefixes = tuple(component.name.capitalize() for component in self.components)
        own = {f"{prefix}Ready" for prefix in prefixes}
        return tuple(
            condition
            for condition in self.conditions.values()
            if condition.status == "False"
            and condition.type.startswith(prefixes)
            and (condition.type in own or condition.severity != "Info")
        )

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
            and all(component.ready or component.older_revision_answers for component in self.components)
            and any(component.older_revision_answers for component in self.components)
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


def reported(resource: Resource) -> Reported:
    """Read the status, whatever shape it is in."""
    found = conditions(resource)
    model = resource.section("status", "modelStatus")
    states = resource.section("status", "modelStatus", "states")
    failure = resource.section("status", "modelStatus", "lastFailureInfo")
    return Reported(
        mode=_mode(resource, found),
        conditions=found,
        components=tuple(
            _component(resource, name, found)
            for name in _COMPONENTS
            if name == "predictor" or resource.spec.get(name) is not None
        ),
        transition=text(model.get("transitionStatus")),
        active=text(states.get("activeModelState")),
        target=text(states.get("targetModelState")),
        failure=": ".join(said for key in ("reason", "message") if (said := text(failure.get(key)))),
    )


def _component(resource: Resource, name: str, found: Mapping[str, ReportedCondition]) -> Component:
    status = resource.section("status", "components", name)
    traffic = mappings(status.get("traffic"))
    latest_ready = text(status.get("latestReadyRevision"))
    return Component(
        name=name,
        condition=found.get(f"{name.capitalize()}Ready"),
        latest_created=text(status.get("latestCreatedRevision")),
        latest_ready=latest_ready,
        newest_percent=sum(count(entry.get("percent")) for entry in traffic if _is_newest(entry, latest_ready)),
        routed=any(count(entry.get("percent")) > 0 for entry in traffic),
    )


def _is_newest(entry: Mapping[str, object], latest_ready: str) -> bool:
    named = text(entry.get("revisionName"))
    return named == latest_ready if named else entry.get("latestRevision") is True


def _mode(resource: Resource, found: Mapping[str, ReportedCondition]) -> Mode:
    for said in (resource.status.get("deploymentMode"), resource.annotations.get(_MODE_ANNOTATION)):
        if (mode := _MODES.get(text(said))) is not None:
            return mode
    components = [resource.section("status", "components", name) for name in _COMPONENTS]
    if not _KNATIVE_CONDITIONS.isdisjoint(found) or any(_is_knative(component) for component in components):
        return Mode.SERVERLESS
    urls = [resource.status.get("url"), *(component.get(key) for component in components for key in ("url", "grpcUrl"))]
    # Only ModelMesh publishes a gRPC endpoint.
    if any(text(url).startswith("grpc://") for url in urls):
        return Mode.MODEL_MESH
    return Mode.RAW_DEPLOYMENT


def _is_knative(component: Mapping[str, object]) -> bool:
    # RawDeployment reports the Deployment's revision here, which is a bare number.
    created = text(component.get("latestCreatedRevision"))
    named_revision = created != "" and not created.isdigit()
    return named_revision or bool(component.get("latestReadyRevision")) or bool(component.get("traffic"))
