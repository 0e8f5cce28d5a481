"""Services of the core API group (Knative has a kind of the same name): ready once they have an address."""

from __future__ import annotations

from iter8_gitops.hooks import (
    JsonValue,
    Readiness,
    Resource,
    ResourceKind,
    early_verdict,
    hookimpl,
    mappings,
    text,
)
from iter8_gitops.spec.content import pick

KIND = ResourceKind("", "v1", "Service", "services", ("svc", "service"))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """Service, as `svc`."""
    return [KIND]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """ExternalName and headless are ready; else a cluster IP is needed, and a load balancer's address too."""
    if not _is_service(resource):
        return None
    return early_verdict(resource, servable=bool(_cluster_ip(resource))) or _verdict(resource)


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """Which pods or host the Service stands for; its own addresses and ports are not content."""
    if not _is_service(resource):
        return None
    ports = mappings(resource.spec.get("ports"))
    return {
        **pick(resource.spec, {"selector", "externalName"}),
        # The API server fills in a missing targetPort with the port.
        "targetPorts": [port.get("targetPort", port.get("port")) for port in ports],
    }


def _verdict(resource: Resource) -> Readiness:
    kind_of_service = text(resource.spec.get("type"))
    if kind_of_service == "ExternalName":
        host = text(resource.spec.get("externalName")) or "another host"
        return Readiness.ready("ExternalName", f"it is an alias of {host}", current=True)
    cluster_ip = _cluster_ip(resource)
    if cluster_ip == "None":
        return Readiness.ready("Headless", "it is headless: its name resolves to its pods", current=True)
    if not cluster_ip:
        return Readiness.progressing("NoClusterIP", "it waits for a cluster IP (spec.clusterIP is empty)")
    if kind_of_service == "LoadBalancer" and not _external_address(resource):
        return Readiness.progressing(
            "NoLoadBalancer",
            f"it waits for the load balancer's address (status.loadBalancer.ingress is empty); "
            f"inside the cluster it answers at {cluster_ip}",
            servable=True,
        )
    return Readiness.ready("AddressAssigned", f"it answers at {cluster_ip}", current=True)


def _cluster_ip(resource: Resource) -> str:
    several = resource.spec.get("clusterIPs")
    first = several[0] if isinstance(several, list) and several else None
    return text(resource.spec.get("clusterIP")) or text(first)


def _external_address(resource: Resource) -> bool:
    ingress = mappings(resource.section("status", "loadBalancer").get("ingress"))
    external_ips = resource.spec.get("externalIPs")
    return any(text(entry.get("ip")) or text(entry.get("hostname")) for entry in ingress) or (
        isinstance(external_ips, list) and any(text(address) for address in external_ips)
    )


def _is_service(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
