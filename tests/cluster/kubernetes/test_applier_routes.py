"""Routes on a real API server: applied, healed and taken back."""

from __future__ import annotations

import time
from typing import Any

from iter8_gitops.contracts.cluster import Owner
from iter8_gitops.testing.waiting import eventually
from tests.cluster.kubernetes.applying import MakeRig, Rig, config_map, data_of, rendered, route
from tests.controlplane.control_plane import ControlPlane

APP = "shop/web"


def _found(plane: ControlPlane, namespace: str, name: str) -> dict[str, Any]:
    found = config_map(plane, namespace, name)
    assert found is not None
    return found


def test_a_route_carries_our_marks(control_plane: ControlPlane, namespace: str, rig: Rig, instance: str) -> None:
    rig.want(APP, route(namespace, "r", {"a": "1"}))
    rig.settle()
    live = _found(control_plane, namespace, "r")
    assert live["data"] == {"a": "1"}
    assert live["metadata"]["labels"] == {"iter8.tools/instance": instance}
    assert live["metadata"]["annotations"] == {"iter8.tools/route": "shop/web/main", "iter8.tools/created": "true"}
    assert "ownerReferences" not in live["metadata"]
    assert rig.problems(APP) == ""
    assert ("", "ConfigMap") in rig.ledger.read()


def test_nothing_is_written_when_everything_is_right(namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "r", {"a": "1"}))
    rig.settle()
    rig.client.writes.clear()
    rig.want(APP, route(namespace, "r", {"a": "1"}))
    rig.applier.release(APP, ())
    rig.want(APP, route(namespace, "r", {"a": "1"}), held=["other"])
    rig.settle(1.0)
    assert rig.client.writes == []


def test_a_restart_applies_once_and_the_server_changes_nothing(
    control_plane: ControlPlane, namespace: str, make_rig: MakeRig
) -> None:
    first = make_rig()
    first.want(APP, route(namespace, "r", {"a": "1"}))
    first.settle()
    first.kill()
    before = _found(control_plane, namespace, "r")
    second = make_rig()
    second.want(APP, route(namespace, "r", {"a": "1"}))
    second.settle()
    assert [verb for verb, _ in second.client.writes] == ["apply"]
    assert _found(control_plane, namespace, "r") == before


def test_a_change_of_the_route_is_applied(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "r", {"a": "1", "b": "1"}))
    rig.settle()
    rig.want(APP, route(namespace, "r", {"a": "2"}))
    rig.settle()
    assert data_of(control_plane, namespace, "r") == {"a": "2"}
    assert _found(control_plane, namespace, "r")["metadata"]["annotations"]["iter8.tools/created"] == "true"


def test_a_field_that_somebody_removed_comes_back(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "r", {"a": "1"}))
    rig.settle()
    control_plane.patch("", "v1", "configmaps", namespace, "r", {"data": {"a": None}})
    eventually(lambda: data_of(control_plane, namespace, "r") == {"a": "1"})


def test_what_was_edited_by_hand_is_put_right(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "r", {"a": "1"}))
    rig.settle()
    control_plane.kubectl("patch", "configmap", "r", "-n", namespace, "-p", '{"data": {"a": "2", "extra": "kept"}}')
    eventually(lambda: data_of(control_plane, namespace, "r") == {"a": "1", "extra": "kept"})
    rig.settle()
    assert rig.problems(APP) == ""


def test_our_marks_are_put_right(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "r", {"a": "1"}))
    rig.settle()
    before = _found(control_plane, namespace, "r")["metadata"]
    annotations = {"iter8.tools/created": None, "iter8.tools/route": None}
    patch = {"metadata": {"annotations": annotations, "labels": {"iter8.tools/instance": None}}}
    control_plane.patch("", "v1", "configmaps", namespace, "r", patch)
    eventually(lambda: _found(control_plane, namespace, "r")["metadata"].get("annotations") == before["annotations"])
    assert _found(control_plane, namespace, "r")["metadata"]["labels"] == before["labels"]


def test_a_deleted_route_is_made_again(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "r", {"a": "1"}))
    rig.settle()
    control_plane.delete("", "v1", "configmaps", namespace, "r")
    eventually(lambda: data_of(control_plane, namespace, "r") == {"a": "1"})
    rig.settle()
    assert _found(control_plane, namespace, "r")["metadata"]["annotations"]["iter8.tools/created"] == "true"


def test_a_status_of_the_route_changes_nothing(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    spec = {"spec": {"hostnames": ["a.example"]}}
    metadata = {"name": "r", "namespace": namespace}
    body = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata, **spec}
    rig.want(APP, rendered(body))
    rig.settle()
    rig.client.writes.clear()
    group = "gateway.networking.k8s.io"
    status: dict[str, Any] = {"parents": []}
    control_plane.patch_status(group, "v1", "httproutes", namespace, "r", status)
    rig.settle(0.8)
    assert rig.client.writes == []


def test_a_route_in_an_older_version_of_its_kind_settles(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    metadata = {"name": "r", "namespace": namespace}
    body = {"apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "HTTPRoute", "metadata": metadata, "spec": {}}
    rig.want(APP, rendered(body))
    rig.settle()
    rig.client.writes.clear()
    patch = {"metadata": {"labels": {"x": "y"}}}
    control_plane.patch("gateway.networking.k8s.io", "v1", "httproutes", namespace, "r", patch)
    rig.settle(0.8)
    assert [verb for verb, _ in rig.client.writes] == ["apply"]


def test_the_route_is_owned_by_the_configmap_of_the_routemap_and_goes_with_it(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "map", "namespace": namespace}}
    uid = control_plane.apply(body)[0]["metadata"]["uid"]
    rig.want(APP, route(namespace, "r", {"a": "1"}), owner=Owner(namespace, "map", uid))
    rig.settle()
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "map", "uid": uid}
    expected = reference | {"controller": False, "blockOwnerDeletion": False}
    assert _found(control_plane, namespace, "r")["metadata"]["ownerReferences"] == [expected]
    rig.kill()
    control_plane.delete("", "v1", "configmaps", namespace, "map")
    eventually(lambda: config_map(control_plane, namespace, "r") is None, 30)


def test_a_route_outlives_the_configmap_that_is_replaced(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "map", "namespace": namespace}}

    def want() -> str:
        uid: str = control_plane.apply(body)[0]["metadata"]["uid"]
        rig.want(APP, route(namespace, "r", {"a": "1"}), owner=Owner(namespace, "map", uid))
        rig.settle()
        return uid

    def uid_of_route() -> str | None:
        found = config_map(control_plane, namespace, "r")
        return found["metadata"]["uid"] if found is not None else None

    want()
    first = uid_of_route()
    control_plane.delete("", "v1", "configmaps", namespace, "map")
    eventually(lambda: uid_of_route() not in (first, None), 30)
    rig.settle(1.0)
    second = _found(control_plane, namespace, "r")["metadata"]
    assert "ownerReferences" not in second
    assert rig.problems(APP) == ""
    owner = want()
    last = _found(control_plane, namespace, "r")["metadata"]
    assert (last["uid"], last["ownerReferences"][0]["uid"]) == (second["uid"], owner)


def test_what_was_there_before_outlives_the_configmap_of_the_routemap(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "map", "namespace": namespace}}
    uid = control_plane.apply(body)[0]["metadata"]["uid"]
    control_plane.kubectl("create", "configmap", "r", "-n", namespace, "--from-literal=theirs=1")
    rig.want(APP, route(namespace, "r", {"ours": "1"}), owner=Owner(namespace, "map", uid))
    rig.settle()
    live = _found(control_plane, namespace, "r")
    assert live["data"] == {"theirs": "1", "ours": "1"}
    assert "ownerReferences" not in live["metadata"]


def test_what_goes_from_a_routemap_goes_from_the_cluster(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "one", template="one"), route(namespace, "two", template="two"))
    rig.settle()
    rig.want(APP, route(namespace, "one", template="one"))
    rig.settle()
    assert config_map(control_plane, namespace, "one") is not None
    assert config_map(control_plane, namespace, "two") is None
    rig.applier.withdraw(APP)
    rig.settle()
    assert config_map(control_plane, namespace, "one") is None


def test_the_object_of_a_held_template_stays(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "one", template="one"), route(namespace, "two", template="two"))
    rig.settle()
    rig.want(APP, held=["one"])
    rig.settle()
    assert config_map(control_plane, namespace, "one") is not None
    assert config_map(control_plane, namespace, "two") is None


def test_a_renamed_object_is_made_before_the_old_one_goes(namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "old"))
    rig.settle()
    rig.client.writes.clear()
    rig.want(APP, route(namespace, "new"))
    rig.settle()
    writes = [(verb, path.rpartition("/")[2]) for verb, path in rig.client.writes]
    assert writes == [("apply", "new"), ("delete", "old")]


def test_an_object_that_was_there_before_is_only_let_go(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    control_plane.kubectl("create", "configmap", "r", "-n", namespace, "--from-literal=theirs=1")
    rig.want(APP, route(namespace, "r", {"ours": "1"}))
    rig.settle()
    live = _found(control_plane, namespace, "r")
    assert live["data"] == {"theirs": "1", "ours": "1"}
    assert "iter8.tools/created" not in live["metadata"]["annotations"]
    rig.applier.withdraw(APP)
    rig.settle()
    left = _found(control_plane, namespace, "r")
    assert left["data"] == {"theirs": "1"}
    assert not left["metadata"].get("labels")
    assert not left["metadata"].get("annotations")


def test_a_copy_of_a_route_is_left_alone(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "r"))
    rig.settle()
    metadata = _found(control_plane, namespace, "r")["metadata"]
    marks = {"labels": metadata["labels"], "annotations": metadata["annotations"]}
    copy = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "copy", "namespace": namespace, **marks}}
    control_plane.apply(copy)
    rig.settle()
    rig.applier.withdraw(APP)
    rig.settle()
    assert config_map(control_plane, namespace, "r") is None
    assert config_map(control_plane, namespace, "copy") is not None


def test_prune_removes_what_an_earlier_life_left_in_a_kind_that_only_the_ledger_names(
    control_plane: ControlPlane, namespace: str, make_rig: MakeRig
) -> None:
    first = make_rig()
    first.want("shop/gone", route(namespace, "gone"))
    first.want("shop/kept", route(namespace, "kept"))
    first.want("shop/late", route(namespace, "late"))
    first.settle()
    first.kill()
    second = make_rig()
    second.settle(1.0)
    assert config_map(control_plane, namespace, "gone") is not None
    second.applier.prune(["shop/kept"])
    eventually(lambda: config_map(control_plane, namespace, "gone") is None)
    second.settle()
    assert config_map(control_plane, namespace, "kept") is not None
    assert config_map(control_plane, namespace, "late") is None


def test_prune_removes_what_is_applied_and_not_kept(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    rig.want(APP, route(namespace, "r"))
    rig.settle()
    rig.applier.prune([])
    rig.settle()
    assert config_map(control_plane, namespace, "r") is None


def test_only_the_leader_writes(control_plane: ControlPlane, namespace: str, make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.leading = False
    rig.want(APP, route(namespace, "r"))
    rig.applier.prune([])
    rig.want(APP, route(namespace, "r"))
    time.sleep(1)
    assert rig.client.writes == []
    rig.leading = True
    rig.applier.leadership_changed(True)
    eventually(lambda: config_map(control_plane, namespace, "r") is not None)


def test_what_was_applied_is_removed_though_no_watch_showed_it(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    rig.applier.route_changed = lambda kind, changes: None  # type: ignore[method-assign]
    rig.want(APP, route(namespace, "r"))
    rig.settle()
    rig.applier.withdraw(APP)
    rig.settle()
    assert config_map(control_plane, namespace, "r") is None
