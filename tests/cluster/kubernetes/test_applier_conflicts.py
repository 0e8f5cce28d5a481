"""Routes that others have a hand in, on a real API server."""

from __future__ import annotations

import secrets
from typing import Any

from iter8_gitops.testing.waiting import eventually
from tests.cluster.kubernetes.applying import MakeRig, Rig, config_map, data_of, rendered, route
from tests.controlplane.control_plane import ControlPlane

APP = "shop/web"


def _theirs(plane: ControlPlane, namespace: str, data: dict[str, str]) -> None:
    """Somebody else declares the object, with server-side apply."""
    plane.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "r", "namespace": namespace}, "data": data}
    )


def _service(namespace: str, cluster_ip: str) -> dict[str, Any]:
    spec = {"clusterIP": cluster_ip, "ports": [{"port": 80, "protocol": "TCP"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": namespace}, "spec": spec}


def test_a_field_that_another_applies_is_reported_and_not_taken(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    _theirs(control_plane, namespace, {"a": "theirs"})
    rig.want(APP, route(namespace, "r", {"a": "ours"}))
    eventually(lambda: rig.problems(APP))
    said = rig.problems(APP)
    assert said.startswith(f"routing template 'main': ConfigMap {namespace}/r has fields that somebody else manages")
    assert "'kubectl' holds .data.a" in said
    assert "forceConflicts: true" in said
    assert data_of(control_plane, namespace, "r") == {"a": "theirs"}
    assert frozenset({APP}) in rig.news


def test_a_solved_conflict_is_no_problem_any_more(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "r", {"a": "ours"}))
    rig.settle()
    _theirs(control_plane, namespace, {"a": "theirs"})
    eventually(lambda: "'kubectl' holds .data.a" in rig.problems(APP))
    rig.news.clear()
    _theirs(control_plane, namespace, {"b": "theirs"})
    eventually(lambda: not rig.problems(APP))
    assert frozenset({APP}) in rig.news
    assert data_of(control_plane, namespace, "r") == {"a": "ours", "b": "theirs"}


def test_a_field_that_another_applies_is_taken_when_the_routemap_says_so(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    _theirs(control_plane, namespace, {"a": "theirs", "b": "theirs"})
    rig.want(APP, route(namespace, "r", {"a": "ours"}, force=True))
    rig.settle()
    assert data_of(control_plane, namespace, "r") == {"a": "ours", "b": "theirs"}
    assert rig.problems(APP) == ""


def test_an_edit_of_an_object_that_is_not_ours_yet_is_reported(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    control_plane.kubectl("create", "configmap", "r", "-n", namespace, "--from-literal=a=theirs")
    rig.want(APP, route(namespace, "r", {"a": "ours"}))
    eventually(lambda: "'kubectl-create' holds .data.a" in rig.problems(APP))
    assert data_of(control_plane, namespace, "r") == {"a": "theirs"}


def test_who_keeps_changing_our_fields_is_named_and_no_longer_fought(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    rig.want(APP, route(namespace, "r", {"a": "ours"}))
    rig.settle()
    for _ in range(3):
        control_plane.kubectl("patch", "configmap", "r", "-n", namespace, "-p", '{"data": {"a": "theirs"}}')
        eventually(lambda: data_of(control_plane, namespace, "r") == {"a": "ours"})
        rig.settle()
        assert rig.problems(APP) == ""
    control_plane.kubectl("patch", "configmap", "r", "-n", namespace, "-p", '{"data": {"a": "theirs"}}')
    eventually(lambda: f"kubectl-patch keeps changing .data.a of ConfigMap {namespace}/r" in rig.problems(APP))
    rig.client.writes.clear()
    control_plane.kubectl("patch", "configmap", "r", "-n", namespace, "-p", '{"data": {"b": "theirs"}}')
    rig.settle()
    assert rig.client.writes == []
    assert data_of(control_plane, namespace, "r") == {"a": "theirs", "b": "theirs"}


def test_who_keeps_deleting_a_route_is_no_longer_fought(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "r"))
    rig.settle()
    for _ in range(3):
        control_plane.delete("", "v1", "configmaps", namespace, "r")
        eventually(lambda: data_of(control_plane, namespace, "r") is not None)
        rig.settle()
    control_plane.delete("", "v1", "configmaps", namespace, "r")
    eventually(lambda: f"somebody keeps changing ConfigMap {namespace}/r" in rig.problems(APP))


def test_two_routemaps_for_one_object_are_told_apart(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    rig.want("shop/first", route(namespace, "r", {"a": "first"}))
    rig.settle()
    rig.want("shop/second", route(namespace, "r", {"a": "second"}, template="other"))
    eventually(lambda: rig.problems("shop/second"))
    said = rig.problems("shop/second")
    assert "routing template 'other'" in said
    assert "is applied by the routing template 'main' of the routemap shop/first" in said
    assert rig.problems("shop/first") == ""
    assert data_of(control_plane, namespace, "r") == {"a": "first"}


def test_the_second_routemap_inherits_the_object_of_the_first_one(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    rig.want("shop/first", route(namespace, "r", {"a": "first"}))
    rig.settle()
    rig.want("shop/second", route(namespace, "r", {"a": "second"}))
    eventually(lambda: rig.problems("shop/second"))
    rig.client.writes.clear()
    rig.applier.withdraw("shop/first")
    eventually(lambda: data_of(control_plane, namespace, "r") == {"a": "second"})
    rig.settle()
    assert "delete" not in [verb for verb, _ in rig.client.writes]
    rig.applier.withdraw("shop/second")
    eventually(lambda: data_of(control_plane, namespace, "r") is None)


def test_a_template_that_is_renamed_keeps_its_object(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "r", template="before"))
    rig.settle()
    rig.client.writes.clear()
    rig.want(APP, route(namespace, "r", template="after"))
    rig.settle()
    assert [verb for verb, _ in rig.client.writes] == ["apply"]
    assert rig.problems(APP) == ""


def test_an_object_of_another_installation_is_left_alone(
    control_plane: ControlPlane, namespace: str, make_rig: MakeRig
) -> None:
    other = make_rig(instance=f"other-{secrets.token_hex(4)}")
    other.want(APP, route(namespace, "r", {"a": "theirs"}))
    other.settle()
    rig = make_rig()
    rig.want(APP, route(namespace, "r", {"a": "ours"}, force=True))
    eventually(lambda: "is applied by the installation 'other-" in rig.problems(APP))
    assert data_of(control_plane, namespace, "r") == {"a": "theirs"}


def test_a_field_that_cannot_be_changed_is_a_problem_of_its_template_alone(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    rig.want(APP, rendered(_service(namespace, "None"), template="service"))
    rig.settle()
    rig.want(APP, rendered(_service(namespace, "10.0.0.77"), template="service"), route(namespace, "r", {"a": "1"}))
    eventually(lambda: rig.problems(APP))
    assert rig.problems(APP).startswith(f"routing template 'service': Service {namespace}/s could not be applied: ")
    assert "may not change" in rig.problems(APP) or "immutable" in rig.problems(APP)
    eventually(lambda: data_of(control_plane, namespace, "r") == {"a": "1"})
    control_plane.delete("", "v1", "services", namespace, "s")
    eventually(lambda: not rig.problems(APP))


def test_fields_that_the_kind_does_not_have_are_named(namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "r", nonsense={"a": "1"}))
    eventually(lambda: ".nonsense: field not declared in schema" in rig.problems(APP))


def test_a_kind_that_is_not_installed_is_named(namespace: str, rig: Rig) -> None:
    metadata = {"name": "n", "namespace": namespace}
    rig.want(APP, rendered({"apiVersion": "nobody.example/v1", "kind": "Nothing", "metadata": metadata}))
    eventually(lambda: "serves no Nothing of group nobody.example" in rig.problems(APP))


def test_a_missing_permission_is_named(namespace: str, make_rig: MakeRig) -> None:
    rig = make_rig(user="nobody")
    rig.want(APP, route(namespace, "r"))
    eventually(lambda: rig.problems(APP), 20)
    assert "is forbidden" in rig.problems(APP)


def test_another_namespace_is_out_of_scope(control_plane: ControlPlane, namespace: str, make_rig: MakeRig) -> None:
    rig = make_rig(namespace=namespace)
    cluster_wide = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x", "namespace": namespace}}
    rig.want(APP, route("default", "r", template="a"), rendered(cluster_wide, template="b"))
    eventually(lambda: rig.problems(APP))
    assert "ConfigMap default/r is in the namespace default, and this installation is for" in rig.problems(APP)
    assert "Namespace x is of the cluster" in rig.problems(APP)
    assert rig.client.writes == []


def test_metadata_that_no_object_can_have_is_a_problem(namespace: str, rig: Rig) -> None:
    metadata = {"name": "r", "namespace": namespace, "labels": ["a"]}
    rig.want(APP, rendered({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}))
    eventually(lambda: "metadata.labels that is not a mapping" in rig.problems(APP))


def test_an_object_of_the_cluster_is_applied_without_a_namespace(control_plane: ControlPlane, rig: Rig) -> None:
    name = f"test-{secrets.token_hex(4)}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "namespace": "shop"}}
    rig.want(APP, rendered(body))
    rig.settle()
    assert rig.problems(APP) == ""
    assert control_plane.get("", "v1", "namespaces", "", name) is not None
    rig.client.writes.clear()
    rig.want(APP, rendered(body), route("default", name))
    rig.settle()
    assert [path.rpartition("/")[0] for _, path in rig.client.writes] == ["/api/v1/namespaces/default/configmaps"]
    rig.applier.withdraw(APP)
    eventually(lambda: config_map(control_plane, "default", name) is None)
    eventually(lambda: control_plane.get("", "v1", "namespaces", "", name) is None, 30)


def test_an_object_that_comes_between_look_and_apply_is_not_taken_for_ours(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    def meanwhile(_verb: str, _path: str) -> None:
        rig.client.before_write = lambda verb, path: None
        _theirs(control_plane, namespace, {"b": "theirs"})

    rig.client.before_write = meanwhile
    rig.want(APP, route(namespace, "r", {"a": "ours"}))
    rig.settle()
    found = config_map(control_plane, namespace, "r")
    assert found is not None
    assert "iter8.tools/created" not in found["metadata"]["annotations"]
    rig.applier.withdraw(APP)
    eventually(lambda: data_of(control_plane, namespace, "r") == {"b": "theirs"})


def test_an_object_that_vanishes_while_it_is_let_go_is_not_made_anew(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    _theirs(control_plane, namespace, {"b": "theirs"})
    rig.want(APP, route(namespace, "r", {"a": "ours"}))
    rig.settle()

    def meanwhile(_verb: str, _path: str) -> None:
        control_plane.delete("", "v1", "configmaps", namespace, "r")

    rig.client.before_write = meanwhile
    rig.applier.withdraw(APP)
    rig.settle(1.0)
    assert data_of(control_plane, namespace, "r") is None


def test_an_object_that_would_be_invalid_without_our_fields_only_loses_our_marks(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    metadata = {"name": "h", "namespace": namespace}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    body = {"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "metadata": metadata}
    control_plane.apply(body | {"spec": {"scaleTargetRef": target, "maxReplicas": 3}})
    rig.want(APP, rendered(body | {"spec": {"maxReplicas": 5}}, force=True))

    def live() -> dict[str, Any]:
        found = control_plane.get("autoscaling", "v1", "horizontalpodautoscalers", namespace, "h")
        assert found is not None
        return found

    eventually(lambda: live()["spec"]["maxReplicas"] == 5)
    rig.applier.withdraw(APP)
    eventually(lambda: "labels" not in live()["metadata"])
    assert live()["spec"]["maxReplicas"] == 5
    assert "iter8.tools/route" not in live()["metadata"].get("annotations", {})
