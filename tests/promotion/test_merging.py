"""What the primary's manifest says after a promotion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from iter8_gitops.promotion.identity import pinned_keys
from iter8_gitops.promotion.merging import merged
from iter8_gitops.promotion.references import mentions, renamed
from iter8_gitops.spec.resource import Resource, ResourceId


def resource(kind: str, name: str, group: str = "apps", namespace: str = "shop", **sections: Any) -> Resource:
    metadata = {"name": name, "namespace": namespace, **sections.pop("metadata", {})}
    manifest = {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": metadata, **sections}
    return Resource(ResourceId(group, kind, namespace, name), manifest)


def deployment(name: str, labels: dict[str, str], *, image: str = "web:1", **spec: Any) -> Resource:
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}
    return resource("Deployment", name, spec={"selector": {"matchLabels": {"app": name}}, "template": template, **spec})


def never(_one: Mapping[str, Any], _other: Mapping[str, Any]) -> bool:
    return False


def promoted(primary: Resource, candidate: Resource, *others: Resource) -> dict[str, Any]:
    pinned = pinned_keys(primary, others) | pinned_keys(candidate, others)
    return merged(primary, candidate, pinned, never).manifest


def labels_of_pods(manifest: Mapping[str, Any]) -> Any:
    return manifest["spec"]["template"]["metadata"]["labels"]


def test_a_deployment_keeps_its_selector_and_the_labels_that_it_selects_pods_by() -> None:
    primary = deployment("web", {"app": "web", "tier": "1"})
    candidate = deployment("web-2", {"app": "web-2", "tier": "2", "new": "x"}, image="web:2")
    found = promoted(primary, candidate)
    assert found["spec"]["selector"] == {"matchLabels": {"app": "web"}}
    assert labels_of_pods(found) == {"app": "web", "tier": "2", "new": "x"}
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "web:2"
    assert found["metadata"]["name"] == "web"


def service(name: str, selector: dict[str, str], namespace: str = "shop", **spec: Any) -> Resource:
    return resource("Service", name, group="", namespace=namespace, spec={"selector": selector, **spec})


def test_labels_that_a_service_selects_the_pods_by_stay() -> None:
    primary = deployment("web", {"app": "web", "track": "stable", "release": "1"})
    candidate = deployment("web-2", {"app": "web-2", "track": "canary", "release": "2"})
    found = promoted(primary, candidate, service("web", {"track": "stable"}), service("web-2", {"track": "canary"}))
    assert labels_of_pods(found) == {"app": "web", "track": "stable", "release": "2"}


def test_a_label_that_only_the_candidate_is_selected_by_does_not_come() -> None:
    primary = deployment("web", {"app": "web"})
    candidate = deployment("web-2", {"app": "web-2", "canary": "yes"})
    found = promoted(primary, candidate, service("web-2", {"app": "web-2", "canary": "yes"}))
    assert labels_of_pods(found) == {"app": "web"}


def test_a_service_of_another_namespace_or_for_other_pods_pins_nothing() -> None:
    primary = deployment("web", {"app": "web", "release": "1"})
    candidate = deployment("web-2", {"app": "web-2", "release": "2"})
    others = (service("x", {"release": "1"}, namespace="prod"), service("y", {"release": "9"}), service("z", {}))
    assert labels_of_pods(promoted(primary, candidate, *others))["release"] == "2"


@pytest.mark.parametrize(
    "selecting",
    [
        resource("NetworkPolicy", "n", spec={"podSelector": {"matchLabels": {"release": "1"}}}),
        resource(
            "PodDisruptionBudget",
            "n",
            spec={"selector": {"matchExpressions": [{"key": "release", "operator": "Exists"}]}},
        ),
        resource("DestinationRule", "n", spec={"subsets": [{"name": "a", "labels": {"release": "1"}}]}),
    ],
)
def test_whatever_selects_pods_by_a_label_pins_it(selecting: Resource) -> None:
    primary = deployment("web", {"app": "web", "release": "1"})
    candidate = deployment("web-2", {"app": "web-2", "release": "2"})
    assert labels_of_pods(promoted(primary, candidate, selecting))["release"] == "1"


def test_the_scale_of_the_primary_stays_also_where_it_states_none() -> None:
    sized = promoted(deployment("web", {}, replicas=9), deployment("web-2", {}, replicas=1))
    autoscaled = promoted(deployment("web", {}), deployment("web-2", {}, replicas=1))
    assert sized["spec"]["replicas"] == 9
    assert "replicas" not in autoscaled["spec"]


def test_the_scale_of_a_component_of_an_inference_service_stays() -> None:
    primary = resource("InferenceService", "a", spec={"predictor": {"minReplicas": 5, "model": {"uri": "1"}}})
    candidate = resource("InferenceService", "b", spec={"predictor": {"maxReplicas": 1, "model": {"uri": "2"}}})
    assert promoted(primary, candidate)["spec"] == {"predictor": {"minReplicas": 5, "model": {"uri": "2"}}}


def test_a_service_keeps_its_selector_its_addresses_and_its_node_ports() -> None:
    ports = [{"name": "http", "port": 80, "nodePort": 30080}, {"name": "grpc", "port": 90}]
    primary = service("web", {"app": "web"}, clusterIP="10.0.0.1", ports=ports)
    new = [{"name": "grpc", "port": 91, "nodePort": 30091}, {"name": "http", "port": 81, "nodePort": 30081}]
    candidate = service("web-2", {"app": "web-2"}, clusterIP="10.0.0.2", ports=new, type="NodePort")
    assert promoted(primary, candidate)["spec"] == {
        "selector": {"app": "web"},
        "clusterIP": "10.0.0.1",
        "type": "NodePort",
        "ports": [{"name": "grpc", "port": 91}, {"name": "http", "port": 81, "nodePort": 30080}],
    }


def test_labels_and_annotations_that_differ_come_but_for_those_of_tools_and_of_identity() -> None:
    primary = resource(
        "InferenceService",
        "backend-0",
        metadata={
            "labels": {
                "app.kubernetes.io/version": "v0",
                "app.kubernetes.io/instance": "a",
                "of": "backend-0",
                "team": "search",
                "iter8.tools/watch": "true",
            },
            "annotations": {"iter8.tools/weight": "90", "argocd.argoproj.io/sync-wave": "1", "why": "old"},
            "finalizers": ["x"],
        },
    )
    candidate = resource(
        "InferenceService",
        "backend-1",
        metadata={
            "labels": {
                "app.kubernetes.io/version": "v1",
                "app.kubernetes.io/instance": "b",
                "of": "backend-1",
                "new": "1",
                "iter8.tools/watch": "true",
            },
            "annotations": {"iter8.tools/weight": "10", "argocd.argoproj.io/sync-wave": "2", "why": "new"},
        },
    )
    metadata = promoted(primary, candidate)["metadata"]
    assert metadata["labels"] == {
        "app.kubernetes.io/version": "v1",
        "app.kubernetes.io/instance": "a",
        "of": "backend-0",
        "team": "search",
        "iter8.tools/watch": "true",
        "new": "1",
    }
    assert metadata["annotations"] == {
        "iter8.tools/weight": "90",
        "argocd.argoproj.io/sync-wave": "1",
        "why": "new",
    }
    assert (metadata["name"], metadata["namespace"], metadata["finalizers"]) == ("backend-0", "shop", ["x"])


def test_an_annotation_that_only_the_primary_has_goes_when_it_is_content() -> None:
    primary = resource("Thing", "a", metadata={"annotations": {"schema": "old", "note": "keep"}})
    candidate = resource("Thing", "b", metadata={"labels": {}})

    def differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        return bool(one["metadata"]["annotations"].get("schema") != other["metadata"]["annotations"].get("schema"))

    assert merged(primary, candidate, frozenset(), differ).manifest["metadata"]["annotations"] == {"note": "keep"}


def test_data_comes_whole_and_the_status_stays() -> None:
    primary = resource("ConfigMap", "a", group="", data={"x": "1", "y": "2"}, binaryData={"z": ""}, status={"s": 1})
    candidate = resource("ConfigMap", "b", group="", data={"x": "3"}, immutable=True, status={"s": 2})
    found = promoted(primary, candidate)
    assert (found["data"], found["immutable"], found["status"]) == ({"x": "3"}, True, {"s": 1})
    assert "binaryData" not in found


def test_what_is_kept_is_told_with_its_place() -> None:
    found = merged(
        deployment("web", {"app": "web"}, replicas=3),
        deployment("web-2", {"app": "web-2"}, replicas=1),
        frozenset({"app"}),
        never,
    )
    assert set(found.kept) == {"spec.selector", "spec.replicas", 'spec.template.metadata.labels."app"'}


NAMES = {
    ("ConfigMap", "cfg-2"): "cfg",
    ("Secret", "key-2"): "key",
    ("Deployment", "web-2"): "web",
    ("Service", "s-2"): "s",
}


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ({"configMapRef": {"name": "cfg-2"}}, {"configMapRef": {"name": "cfg"}}),
        ({"volumes": [{"configMap": {"name": "cfg-2"}}]}, {"volumes": [{"configMap": {"name": "cfg"}}]}),
        ({"secretKeyRef": {"name": "key-2", "key": "x"}}, {"secretKeyRef": {"name": "key", "key": "x"}}),
        ({"secret": {"secretName": "key-2"}}, {"secret": {"secretName": "key"}}),
        ({"sources": [{"secret": {"name": "key-2"}}]}, {"sources": [{"secret": {"name": "key"}}]}),
        ({"imagePullSecrets": [{"name": "key-2"}]}, {"imagePullSecrets": [{"name": "key"}]}),
        (
            {"scaleTargetRef": {"kind": "Deployment", "name": "web-2"}},
            {"scaleTargetRef": {"kind": "Deployment", "name": "web"}},
        ),
        ({"serviceName": "s-2"}, {"serviceName": "s"}),
        ({"backendRefs": [{"name": "s-2", "port": 80}]}, {"backendRefs": [{"name": "s", "port": 80}]}),
        ({"configMapRef": {"name": "key-2"}}, {"configMapRef": {"name": "key-2"}}),
        ({"containers": [{"name": "cfg-2"}]}, {"containers": [{"name": "cfg-2"}]}),
        ({"kind": "Secret", "name": "cfg-2"}, {"kind": "Secret", "name": "cfg-2"}),
    ],
)
def test_references_to_the_candidates_objects_become_those_to_the_primarys(value: Any, after: Any) -> None:
    assert renamed(value, NAMES) == after


def test_texts_that_mention_an_object_are_told_but_for_labels_and_names() -> None:
    value = {
        "args": ["--config=/etc/cfg-2/x", "--other=cfg-22"],
        "env": [{"name": "web-2", "value": "http://s-2:80"}],
        "labels": {"app": "web-2"},
    }
    assert list(mentions(value, NAMES)) == ["args[0]", "env[0].value"]
