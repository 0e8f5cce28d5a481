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

_CLUSTER_IP = "spec.clusterIP"
_EXTERNAL_IPS = "spec.externalIPs"
_INGRESS = "status.loadBalancer.ingress"


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
        return Readiness.ready("ExternalName", f"it is an alias of {host}", current=True, fields=("spec.type",))
    cluster_ip = _cluster_ip(resource)
    if cluster_ip == "None":
        message = "it is headless: its name resolves to its pods"
        return Readiness.ready("Headless", message, current=True, fields=(_CLUSTER_IP,))
    if not cluster_ip:
        message = "it waits for a cluster IP (spec.clusterIP is empty)"
        return Readiness.progressing("NoClusterIP", message, fields=(_CLUSTER_IP,))
    if kind_of_service != "LoadBalancer":
        return Readiness.ready("AddressAssigned", f"it answers at {cluster_ip}", current=True, fields=(_CLUSTER_IP,))
    external = _external_field(resource)
    if external is None:
        return Readiness.progressing(
            "NoLoadBalancer",
            f"it waits for the load balancer's address (status.loadBalancer.ingress is empty); "
            f"inside the cluster it answers at {cluster_ip}",
            servable=True,
            fields=(_INGRESS, _EXTERNAL_IPS),
        )
    message = f"it answers at {cluster_ip}, and outside the cluster as {external} says"
    return Readiness.ready("AddressAssigned", message, current=True, fields=(_CLUSTER_IP, external))


def _cluster_ip(resource: Resource) -> str:
    # The API server keeps it the same as the first of `clusterIPs`, and accepts no Service where it is not.
    return text(resource.spec.get("clusterIP"))


def _external_field(resource: Resource) -> str | None:
    """Where the object says at which address it answers outside the cluster, or None when it does not."""
    ingress = mappings(resource.section("status", "loadBalancer").get("ingress"))
    if any(text(entry.get("ip")) or text(entry.get("hostname")) for entry in ingress):
        return _INGRESS
    external_ips = resource.spec.get("externalIPs")
    if isinstance(external_ips, list) and any(text(address) for address in external_ips):
        return _EXTERNAL_IPS
    return None


def _is_service(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
