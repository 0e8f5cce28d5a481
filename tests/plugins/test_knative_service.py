from __future__ import annotations

from typing import Any

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from iter8_gitops.spec.kinds import KindTable
from tests.plugins.objects import edited, sample

READY, PROGRESSING, FAILED = ReadinessState.READY, ReadinessState.PROGRESSING, ReadinessState.FAILED
PLUGIN = "iter8-gitops:knative-service"


@pytest.mark.parametrize(
    ("name", "state", "servable", "reason"),
    [
        ("ready", READY, True, "RolledOut"),
        ("ready-with-tags", READY, True, "RolledOut"),
        ("ready-several-entries", READY, True, "RolledOut"),
        ("no-status", PROGRESSING, False, "NoReadyCondition"),
        ("no-conditions", PROGRESSING, False, "NoReadyCondition"),
        ("starting", PROGRESSING, False, "NotReady"),
        ("ingress-pending", PROGRESSING, False, "NotReady"),
        ("updating", PROGRESSING, True, "NotReady"),
        ("route-switching", PROGRESSING, True, "NotReady"),
        ("generation-behind", PROGRESSING, True, "GenerationNotObserved"),
        ("revisions-differ", PROGRESSING, True, "RollingOut"),
        ("traffic-split", PROGRESSING, True, "RollingOut"),
        ("pinned-to-older", PROGRESSING, True, "RollingOut"),
        ("first-revision-failed", FAILED, False, "ServiceFailed"),
        ("update-failed", FAILED, True, "ServiceFailed"),
        ("terminating", ReadinessState.TERMINATING, False, "Terminating"),
    ],
)
def test_the_verdict_follows_the_newest_revision(
    name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    verdict = plugins.readiness(sample(f"knative-service-{name}"))
    found = verdict.readiness
    assert (found.state, found.servable, found.reason, verdict.plugin) == (state, servable, reason, PLUGIN)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ready", "revision web-00002 takes all traffic"),
        ("traffic-split", "revision web-00002 has 20% of the traffic"),
        ("pinned-to-older", "revision web-00002 has 0% of the traffic"),
        ("revisions-differ", "revision web-00002 is not ready yet, revision web-00001 still answers"),
        ("update-failed", "Container failed with: exit status 1.; an older revision still answers"),
        ("starting", "is waiting for a Revision to become ready"),
    ],
)
def test_the_message_says_what_it_waits_for(name: str, said: str, plugins: Plugins) -> None:
    assert said in plugins.readiness(sample(f"knative-service-{name}")).readiness.message


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("starting", ("status.conditions[Ready]",)),
        ("revisions-differ", ("status.latestCreatedRevisionName", "status.latestReadyRevisionName")),
        ("traffic-split", ("status.traffic",)),
        ("generation-behind", ("status.observedGeneration", "metadata.generation")),
    ],
)
def test_the_fields_are_those_that_decided(name: str, fields: tuple[str, ...], plugins: Plugins) -> None:
    assert plugins.readiness(sample(f"knative-service-{name}")).readiness.fields == fields


def test_a_verdict_is_current_once_its_own_generation_is_observed(plugins: Plugins) -> None:
    ready = sample("knative-service-ready")
    assert plugins.readiness(ready).readiness.current
    found = plugins.readiness(edited(ready, "status", "observedGeneration", to=None)).readiness
    assert (found.state, found.current) == (READY, False)


@pytest.mark.parametrize("observed", [2, "2", 7])
def test_generations_come_as_numbers_or_text_and_only_an_older_one_blocks(observed: object, plugins: Plugins) -> None:
    resource = edited(sample("knative-service-ready"), "status", "observedGeneration", to=observed)
    assert plugins.readiness(resource).readiness.state is READY


TO_NEWEST: dict[str, Any] = {"revisionName": "web-00002", "latestRevision": True, "percent": 100}


@pytest.mark.parametrize(
    ("traffic", "state"),
    [
        ([{"latestRevision": True, "percent": 100}], READY),
        ([{"revisionName": "web-00002", "percent": "100"}], READY),
        ([TO_NEWEST, {"revisionName": "web-00001", "tag": "old"}], READY),
        ([{**TO_NEWEST, "percent": 50}, {**TO_NEWEST, "percent": 50}], READY),
        # Knative calls the entry the latest by what the spec says; the revision is the one that is named.
        ([{"revisionName": "web-00001", "latestRevision": True, "percent": 100}], PROGRESSING),
        ([{**TO_NEWEST, "percent": 99}, {"revisionName": "web-00001", "percent": 1}], PROGRESSING),
        ([TO_NEWEST, {"revisionName": "web-00001", "percent": 1}], PROGRESSING),
        ([{"revisionName": "web-00002", "tag": "only"}], PROGRESSING),
        ([{"percent": 100}], PROGRESSING),
        ([], PROGRESSING),
        (None, PROGRESSING),
        ("web-00002", PROGRESSING),
    ],
)
def test_all_traffic_must_be_on_the_newest_revision(traffic: object, state: ReadinessState, plugins: Plugins) -> None:
    resource = edited(sample("knative-service-ready"), "status", "traffic", to=traffic)
    found = plugins.readiness(resource).readiness
    assert (found.state, found.servable) == (state, True)


@pytest.mark.parametrize("field", ["latestCreatedRevisionName", "latestReadyRevisionName"])
@pytest.mark.parametrize("value", [None, "", 5])
def test_revisions_that_are_not_named_do_not_count_as_equal(field: str, value: object, plugins: Plugins) -> None:
    resource = edited(sample("knative-service-ready"), "status", field, to=value)
    assert plugins.readiness(resource).readiness.state is PROGRESSING


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "template", "metadata", "annotations", "autoscaling.knative.dev/min-scale"), "3"),
        (("spec", "template", "metadata", "annotations", "autoscaling.knative.dev/class"), "hpa"),
        (("spec", "template", "metadata", "annotations"), {}),
        (("spec", "template", "metadata"), {}),
        (("spec", "traffic"), [{"revisionName": "web-00001", "percent": 100}]),
        (("metadata", "annotations"), {"serving.knative.dev/rollout-duration": "60s"}),
        (("metadata", "generation"), 44),
        (("metadata", "labels"), {"team": "ml"}),
        (("status",), {}),
    ],
)
def test_the_signature_stays_when_scale_or_traffic_changes(
    path: tuple[str | int, ...], value: object, plugins: Plugins
) -> None:
    resource = sample("knative-service-ready")
    before, after = plugins.signature_content(resource), plugins.signature_content(edited(resource, *path, to=value))
    assert before.value == after.value
    assert (after.plugin, after.error) == (PLUGIN, "")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "template", "spec", "containers", 0, "image"), "registry.example/web:3"),
        (("spec", "template", "spec", "timeoutSeconds"), 60),
        (("spec", "template", "metadata", "annotations", "checksum/config"), "f00"),
    ],
)
def test_the_signature_moves_with_the_template(path: tuple[str | int, ...], value: object, plugins: Plugins) -> None:
    resource = sample("knative-service-ready")
    assert plugins.signature_content(resource) != plugins.signature_content(edited(resource, *path, to=value))


@pytest.mark.parametrize("turned", [False, True])
def test_its_short_names_leave_those_of_the_core_service_alone_in_any_order_of_plugins(
    turned: bool, plugins: Plugins
) -> None:
    kinds = KindTable(plugins.kinds()[::-1] if turned else plugins.kinds())
    meant = {name: kinds.by_short_name(name) for name in ("svc", "service", "services", "ksvc", "kservice")}
    groups = {name: kind.group for name, kind in meant.items() if kind is not None and kind.kind == "Service"}
    core = dict.fromkeys(("svc", "service", "services"), "")
    assert groups == {**core, "ksvc": "serving.knative.dev", "kservice": "serving.knative.dev"}
    assert kinds.conflicts == ()
