from __future__ import annotations

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from tests.plugins.objects import edited, sample

READY, PROGRESSING = ReadinessState.READY, ReadinessState.PROGRESSING
PLUGIN = "iter8-gitops:service"


@pytest.mark.parametrize(
    ("name", "state", "servable", "reason"),
    [
        ("service-clusterip", READY, True, "AddressAssigned"),
        ("service-headless", READY, True, "Headless"),
        ("service-externalname", READY, True, "ExternalName"),
        ("service-loadbalancer-ip", READY, True, "AddressAssigned"),
        ("service-loadbalancer-hostname", READY, True, "AddressAssigned"),
        ("service-loadbalancer-externalips", READY, True, "AddressAssigned"),
        ("service-loadbalancer-pending", PROGRESSING, True, "NoLoadBalancer"),
        ("service-no-address", PROGRESSING, False, "NoClusterIP"),
        ("service-terminating", ReadinessState.TERMINATING, False, "Terminating"),
    ],
)
def test_a_service_is_ready_once_it_has_its_addresses(
    name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    verdict = plugins.readiness(sample(name))
    found = verdict.readiness
    assert (found.state, found.servable, found.reason, verdict.plugin) == (state, servable, reason, PLUGIN)
    assert found.current == (state is READY)


def test_a_pending_load_balancer_says_where_it_answers_meanwhile(plugins: Plugins) -> None:
    message = plugins.readiness(sample("service-loadbalancer-pending")).readiness.message
    assert "waits for the load balancer's address" in message
    assert "10.96.14.8" in message


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("service-clusterip", ("spec.clusterIP",)),
        ("service-headless", ("spec.clusterIP",)),
        ("service-externalname", ("spec.type",)),
        ("service-loadbalancer-ip", ("spec.clusterIP", "status.loadBalancer.ingress")),
        ("service-loadbalancer-externalips", ("spec.clusterIP", "spec.externalIPs")),
        ("service-loadbalancer-pending", ("status.loadBalancer.ingress", "spec.externalIPs")),
        ("service-no-address", ("spec.clusterIP",)),
    ],
)
def test_a_verdict_says_where_to_look(name: str, fields: tuple[str, ...], plugins: Plugins) -> None:
    assert plugins.readiness(sample(name)).readiness.fields == fields


@pytest.mark.parametrize("ingress", [[{}], [{"ip": ""}], [{"ip": None, "hostname": 5}], "10.0.0.1", [[]]])
def test_an_ingress_without_an_address_does_not_count(ingress: object, plugins: Plugins) -> None:
    pending = edited(sample("service-loadbalancer-pending"), "status", "loadBalancer", "ingress", to=ingress)
    assert plugins.readiness(pending).readiness.state is PROGRESSING


@pytest.mark.parametrize("name", ["service-clusterip", "service-headless", "service-loadbalancer-ip"])
def test_a_list_of_cluster_ips_does_not_stand_for_the_cluster_ip(name: str, plugins: Plugins) -> None:
    several = edited(sample(name), "spec", "clusterIPs", to=["10.96.14.7"])
    assert plugins.readiness(several).readiness.state is READY
    unassigned = edited(several, "spec", "clusterIP", to="")
    found = plugins.readiness(unassigned).readiness
    assert (found.state, found.servable, found.reason) == (PROGRESSING, False, "NoClusterIP")


def test_a_knative_service_is_of_another_kind(plugins: Plugins) -> None:
    verdict = plugins.readiness(sample("knative-service-ready"))
    assert (verdict.readiness.state, verdict.plugin) == (READY, "iter8-gitops:knative-service")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "clusterIP"), "10.96.99.99"),
        (("spec", "clusterIPs"), ["10.96.99.99"]),
        (("spec", "type"), "LoadBalancer"),
        (("spec", "ports", 0, "nodePort"), 30123),
        (("spec", "ports", 0, "name"), "web"),
        (("metadata", "labels"), {"team": "ml"}),
        (("status",), {}),
    ],
)
def test_the_signature_stays_when_addresses_change(
    path: tuple[str | int, ...], value: object, plugins: Plugins
) -> None:
    resource = sample("service-clusterip")
    assert plugins.signature_content(resource) == plugins.signature_content(edited(resource, *path, to=value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "selector"), {"app": "backend", "version": "v2"}),
        (("spec", "ports", 0, "targetPort"), 9090),
        (("spec", "externalName"), "other.example.com"),
    ],
)
def test_the_signature_moves_with_what_the_service_stands_for(
    path: tuple[str | int, ...], value: object, plugins: Plugins
) -> None:
    resource = sample("service-clusterip")
    assert plugins.signature_content(resource) != plugins.signature_content(edited(resource, *path, to=value))


def test_a_target_port_that_the_api_server_fills_in_is_no_new_content(plugins: Plugins) -> None:
    declared = edited(sample("service-no-address"), "spec", "ports", to=[{"port": 80}])
    live = edited(declared, "spec", "ports", to=[{"port": 80, "targetPort": 80, "protocol": "TCP"}])
    assert plugins.signature_content(declared) == plugins.signature_content(live)
