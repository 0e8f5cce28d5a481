from __future__ import annotations

from typing import Any

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState, Resource
from tests.plugins.objects import as_resource, edited, sample

READY, PROGRESSING, FAILED = ReadinessState.READY, ReadinessState.PROGRESSING, ReadinessState.FAILED
PLUGIN = "iter8-gitops:httproute"


@pytest.mark.parametrize(
    ("name", "state", "servable", "reason"),
    [
        ("ready", READY, True, "Accepted"),
        ("ready-several-parents", READY, True, "Accepted"),
        ("ready-former-parent-left", READY, True, "Accepted"),
        ("no-status", PROGRESSING, False, "ParentPending"),
        ("no-parents-reported", PROGRESSING, False, "ParentPending"),
        ("no-parents", PROGRESSING, False, "NoParents"),
        ("one-parent-not-reported", PROGRESSING, True, "ParentPending"),
        ("generation-behind", PROGRESSING, True, "ParentPending"),
        ("one-condition-behind", PROGRESSING, True, "ParentPending"),
        ("refused-before", PROGRESSING, False, "ParentPending"),
        ("resolved-refs-missing", PROGRESSING, False, "ParentPending"),
        ("accepted-unknown", PROGRESSING, False, "ParentPending"),
        ("not-accepted", FAILED, False, "ParentFailed"),
        ("backend-not-found", FAILED, False, "ParentFailed"),
        ("one-of-two-refused", FAILED, True, "ParentFailed"),
        ("terminating", ReadinessState.TERMINATING, False, "Terminating"),
    ],
)
def test_every_parent_in_the_spec_has_a_say(
    name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    verdict = plugins.readiness(sample(f"httproute-{name}"))
    found = verdict.readiness
    assert (found.state, found.servable, found.reason, verdict.plugin) == (state, servable, reason, PLUGIN)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("one-parent-not-reported", "Gateway shop/web-gateway, section https has not reported on it yet"),
        ("one-condition-behind", "its ResolvedRefs condition is of generation 3, the spec of generation 4"),
        ("resolved-refs-missing", "Gateway shop/web-gateway: it has no ResolvedRefs condition yet"),
        ("backend-not-found", 'ResolvedRefs is False: BackendNotFound: Service "shop/web" not found'),
        ("one-of-two-refused", "Gateway shop/internal: Accepted is False: NoMatchingListenerHostname"),
        ("no-parents", "spec.parentRefs is empty"),
    ],
)
def test_the_message_names_the_parent_and_what_it_says(name: str, said: str, plugins: Plugins) -> None:
    assert said in plugins.readiness(sample(f"httproute-{name}")).readiness.message


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("one-condition-behind", ("status.parents[Gateway shop/web-gateway].conditions[ResolvedRefs]",)),
        ("not-accepted", ("status.parents[Gateway shop/web-gateway].conditions[Accepted]",)),
        ("no-status", ("status.parents",)),
        ("no-parents", ("spec.parentRefs",)),
    ],
)
def test_the_fields_are_those_that_decided(name: str, fields: tuple[str, ...], plugins: Plugins) -> None:
    assert plugins.readiness(sample(f"httproute-{name}")).readiness.fields == fields


FULL = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "shop", "name": "web-gateway"}


def matched(declared: dict[str, Any], reported: dict[str, Any], plugins: Plugins) -> bool:
    """Whether the entry of the status counts for the parent in the spec."""
    route = edited(sample("httproute-ready"), "spec", "parentRefs", to=[declared])
    return plugins.readiness(edited(route, "status", "parents", 0, "parentRef", to=reported)).readiness.state is READY


@pytest.mark.parametrize(
    ("declared", "reported"),
    [
        ({"name": "web-gateway"}, FULL),
        (FULL, {"name": "web-gateway"}),
        ({**FULL, "sectionName": "", "port": None}, FULL),
        ({**FULL, "port": 80}, {**FULL, "port": "80"}),
        ({**FULL, "group": "", "kind": "Service"}, {**FULL, "group": "", "kind": "Service"}),
    ],
)
def test_a_parent_is_matched_with_the_defaults_of_the_api(
    declared: dict[str, Any], reported: dict[str, Any], plugins: Plugins
) -> None:
    assert matched(declared, reported, plugins)


@pytest.mark.parametrize(
    "other",
    [
        {"group": ""},
        {"kind": "Service"},
        {"namespace": "infra"},
        {"name": "other"},
        {"sectionName": "https"},
        {"port": 443},
    ],
)
def test_every_part_of_a_reference_tells_parents_apart(other: dict[str, Any], plugins: Plugins) -> None:
    assert not matched({**FULL, **other}, FULL, plugins)
    assert not matched(FULL, {**FULL, **other}, plugins)
    assert matched({**FULL, **other}, {**FULL, **other}, plugins)


def with_second_controller(**conditions: dict[str, Any]) -> Resource:
    """A route whose one parent has entries of two controllers: the first is content, the second says `conditions`."""
    first = sample("httproute-ready").manifest["status"]["parents"][0]
    second = {
        **first,
        "controllerName": "example.com/other",
        "conditions": [{"type": type_, "observedGeneration": 4, **said} for type_, said in conditions.items()],
    }
    return edited(sample("httproute-ready"), "status", "parents", to=[first, second])


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        ({"Accepted": {"status": "True"}, "ResolvedRefs": {"status": "True"}}, READY),
        ({"Accepted": {"status": "False"}, "ResolvedRefs": {"status": "True"}}, FAILED),
        ({"Accepted": {"status": "True"}, "ResolvedRefs": {"status": "False"}}, FAILED),
        ({"Accepted": {"status": "False", "observedGeneration": 3}, "ResolvedRefs": {"status": "True"}}, PROGRESSING),
        ({"Accepted": {"status": "True"}}, PROGRESSING),
        ({}, PROGRESSING),
    ],
)
def test_of_several_controllers_of_one_parent_each_has_a_say_in_any_order(
    turned: bool, conditions: dict[str, dict[str, Any]], state: ReadinessState, plugins: Plugins
) -> None:
    route = with_second_controller(**conditions)
    entries = route.manifest["status"]["parents"]
    if turned:
        route = edited(route, "status", "parents", to=[entries[1], entries[0]])
    found = plugins.readiness(route).readiness
    assert (found.state, found.servable) == (state, True)


@pytest.mark.parametrize(("observed", "state"), [(3, PROGRESSING), ("3", PROGRESSING), ("4", READY), (5, READY)])
def test_only_an_older_generation_inside_a_condition_blocks(
    observed: object, state: ReadinessState, plugins: Plugins
) -> None:
    route = edited(
        sample("httproute-ready"), "status", "parents", 0, "conditions", 0, "observedGeneration", to=observed
    )
    assert plugins.readiness(route).readiness.state is state


def test_a_verdict_is_current_when_every_condition_says_its_generation(plugins: Plugins) -> None:
    route = sample("httproute-ready")
    assert plugins.readiness(route).readiness.current
    unsaid = edited(route, "status", "parents", 0, "conditions", 1, "observedGeneration", to=None)
    found = plugins.readiness(unsaid).readiness
    assert (found.state, found.current) == (READY, False)


@pytest.mark.parametrize("parents", [None, "x", [None], [{}], [{"parentRef": 5}], [{"parentRef": FULL}]])
def test_entries_that_say_nothing_leave_the_parent_pending(parents: object, plugins: Plugins) -> None:
    route = edited(sample("httproute-ready"), "status", "parents", to=parents)
    found = plugins.readiness(route).readiness
    assert (found.state, found.servable) == (PROGRESSING, False)


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_nothing_of_a_route_is_content(version: str, plugins: Plugins) -> None:
    manifest = {**sample("httproute-ready").manifest, "apiVersion": f"gateway.networking.k8s.io/{version}"}
    content = plugins.signature_content(as_resource(manifest))
    assert (content.value, content.plugin, content.error) == ({}, PLUGIN, "")
