"""Resources wait for their traffic before they go, and for nothing else; on a real API server."""

from __future__ import annotations

import threading
import time
from typing import Any

from iter8_gitops.kube.errors import KubeForbiddenError
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.testing.waiting import eventually
from tests.cluster.kubernetes.applying import (
    FINALIZER,
    WATCHED,
    MakeRig,
    Rig,
    config_map,
    data_of,
    deployment,
    route,
)
from tests.controlplane.control_plane import ControlPlane

APP = "shop/web"


def _id(namespace: str, name: str = "web") -> ResourceId:
    return ResourceId("apps", "Deployment", namespace, name)


def _live(plane: ControlPlane, namespace: str, name: str = "web") -> dict[str, Any] | None:
    return plane.get("apps", "v1", "deployments", namespace, name)


def _finalizers(plane: ControlPlane, namespace: str, name: str = "web") -> list[str]:
    live = _live(plane, namespace, name)
    assert live is not None
    finalizers: list[str] = live["metadata"].get("finalizers", [])
    return finalizers


def _delete(plane: ControlPlane, namespace: str, name: str = "web") -> None:
    plane.delete("apps", "v1", "deployments", namespace, name)
    live = _live(plane, namespace, name)
    assert live is None or live["metadata"]["deletionTimestamp"]


def _named(plane: ControlPlane, namespace: str, rig: Rig, **keywords: Any) -> ResourceId:
    """A Deployment that `APP` names, with our finalizer."""
    plane.apply(deployment(namespace, "web", **keywords))
    rig.want(APP, named=[_id(namespace)])
    eventually(lambda: FINALIZER in _finalizers(plane, namespace))
    return _id(namespace)


def test_only_what_is_named_watched_and_alive_gets_the_finalizer(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    for name, labels in (("named", WATCHED), ("unnamed", WATCHED), ("unwatched", {})):
        control_plane.apply(deployment(namespace, name, labels=labels))
    control_plane.apply(deployment(namespace, "dying", finalizers=["example.com/theirs"]))
    _delete(control_plane, namespace, "dying")
    names = ("named", "unwatched", "dying", "missing")
    rig.want(APP, named=[_id(namespace, name) for name in names])
    eventually(lambda: FINALIZER in _finalizers(control_plane, namespace, "named"))
    rig.settle()
    assert _finalizers(control_plane, namespace, "unnamed") == []
    assert _finalizers(control_plane, namespace, "unwatched") == []
    assert _finalizers(control_plane, namespace, "dying") == ["example.com/theirs"]
    # More than one write, where the controller of Deployments was quicker and the first was refused.
    assert {(verb, path.rpartition("/")[2]) for verb, path in rig.client.writes} == {("merge", "named")}
    assert ("apps", "Deployment") in rig.ledger.read()
    control_plane.apply(deployment(namespace, "missing"))
    eventually(lambda: FINALIZER in _finalizers(control_plane, namespace, "missing"))
    control_plane.patch("apps", "v1", "deployments", namespace, "dying", {"metadata": {"finalizers": None}})


def test_a_resource_goes_after_routes_were_applied_and_the_drain_time_has_passed(
    control_plane: ControlPlane, namespace: str, make_rig: MakeRig
) -> None:
    rig = make_rig(drain=1.0)
    resource = _named(control_plane, namespace, rig)
    rig.want(APP, route(namespace, "r", {"weight": "1"}), named=[resource])
    rig.settle()
    _delete(control_plane, namespace)
    rig.settle(0.5)
    assert FINALIZER in _finalizers(control_plane, namespace)
    rig.want(APP, route(namespace, "r", {"weight": "0"}), named=[resource])
    rig.applier.release(APP, [resource])
    eventually(lambda: data_of(control_plane, namespace, "r") == {"weight": "0"})
    applied = time.monotonic()
    eventually(lambda: _live(control_plane, namespace) is None)
    assert time.monotonic() - applied >= 0.9
    rig.settle()
    assert rig.problems(APP) == ""


def test_a_resource_waits_for_every_routemap_that_names_it(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    resource = _named(control_plane, namespace, rig)
    rig.want("shop/other", named=[resource])
    _delete(control_plane, namespace)
    rig.applier.release(APP, [resource])
    rig.settle(1.0)
    assert FINALIZER in _finalizers(control_plane, namespace)
    rig.applier.release("shop/other", [resource])
    eventually(lambda: _live(control_plane, namespace) is None)


def test_a_resource_waits_while_the_routes_cannot_be_applied(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    resource = _named(control_plane, namespace, rig)
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "r", "namespace": namespace}}
    control_plane.apply(theirs | {"data": {"a": "theirs"}})
    rig.want(APP, route(namespace, "r", {"a": "ours"}), named=[resource])
    _delete(control_plane, namespace)
    rig.applier.release(APP, [resource])
    eventually(lambda: rig.problems(APP))
    rig.settle(1.0)
    assert FINALIZER in _finalizers(control_plane, namespace)
    control_plane.apply(theirs)
    rig.want(APP, route(namespace, "r", {"a": "new"}), named=[resource])
    eventually(lambda: _live(control_plane, namespace) is None)


def test_other_finalizers_stay(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    resource = _named(control_plane, namespace, rig, finalizers=["example.com/theirs"])
    assert set(_finalizers(control_plane, namespace)) == {"example.com/theirs", FINALIZER}
    _delete(control_plane, namespace)
    rig.applier.release(APP, [resource])
    eventually(lambda: _finalizers(control_plane, namespace) == ["example.com/theirs"])
    control_plane.patch("apps", "v1", "deployments", namespace, "web", {"metadata": {"finalizers": None}})
    eventually(lambda: _live(control_plane, namespace) is None)


def test_a_resource_that_no_routemap_names_any_more_is_let_go(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    resource = _named(control_plane, namespace, rig)
    rig.want("shop/other", named=[resource])
    rig.applier.prune([APP, "shop/other"])
    rig.applier.withdraw(APP)
    rig.settle()
    assert FINALIZER in _finalizers(control_plane, namespace)
    rig.want("shop/other")
    eventually(lambda: _finalizers(control_plane, namespace) == [])
    assert _live(control_plane, namespace) is not None


def test_nothing_is_let_go_before_all_routemaps_are_known(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    _named(control_plane, namespace, rig)
    rig.applier.withdraw(APP)
    rig.settle(0.8)
    assert FINALIZER in _finalizers(control_plane, namespace)
    rig.applier.prune([])
    eventually(lambda: _finalizers(control_plane, namespace) == [])


def test_nothing_is_let_go_before_every_routemap_has_said_what_it_names(
    control_plane: ControlPlane, namespace: str, make_rig: MakeRig
) -> None:
    first = make_rig()
    resource = _named(control_plane, namespace, first)
    control_plane.apply(deployment(namespace, "old"))
    first.want("shop/old", named=[_id(namespace, "old")])
    eventually(lambda: FINALIZER in _finalizers(control_plane, namespace, "old"))
    first.kill()
    second = make_rig()
    second.applier.prune([APP])  # It is declared, and another kind that it names could not be listed yet.
    _delete(control_plane, namespace)
    second.settle(0.8)
    assert FINALIZER in _finalizers(control_plane, namespace)
    second.want(APP, named=[resource])
    eventually(lambda: _finalizers(control_plane, namespace, "old") == [])
    assert FINALIZER in _finalizers(control_plane, namespace)
    second.applier.release(APP, [resource])
    eventually(lambda: _live(control_plane, namespace) is None)


def test_a_resource_that_loses_the_label_is_let_go(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    _named(control_plane, namespace, rig)
    unlabelled = {"metadata": {"labels": {"iter8.tools/watch": None}}}
    control_plane.patch("apps", "v1", "deployments", namespace, "web", unlabelled)
    eventually(lambda: _finalizers(control_plane, namespace) == [])
    control_plane.patch("apps", "v1", "deployments", namespace, "web", {"metadata": {"labels": WATCHED}})
    eventually(lambda: FINALIZER in _finalizers(control_plane, namespace))


def test_what_an_earlier_life_left_is_let_go(control_plane: ControlPlane, namespace: str, make_rig: MakeRig) -> None:
    first = make_rig()
    _named(control_plane, namespace, first)
    first.kill()
    second = make_rig(kinds=())
    second.settle()
    assert FINALIZER in _finalizers(control_plane, namespace)
    second.applier.prune([])
    eventually(lambda: _finalizers(control_plane, namespace) == [])


def test_a_label_that_was_lost_while_nobody_looked_is_noticed(
    control_plane: ControlPlane, namespace: str, make_rig: MakeRig
) -> None:
    first = make_rig()
    resource = _named(control_plane, namespace, first)
    first.kill()
    unlabelled = {"metadata": {"labels": {"iter8.tools/watch": None}}}
    control_plane.patch("apps", "v1", "deployments", namespace, "web", unlabelled)
    second = make_rig()
    second.want(APP, named=[resource])
    second.applier.prune([APP])
    eventually(lambda: _finalizers(control_plane, namespace) == [])


def test_without_finalizers_ours_are_removed(control_plane: ControlPlane, namespace: str, make_rig: MakeRig) -> None:
    first = make_rig()
    resource = _named(control_plane, namespace, first)
    first.kill()
    second = make_rig(finalizers=False)
    second.want(APP, named=[resource])
    eventually(lambda: _finalizers(control_plane, namespace) == [])
    second.settle()
    assert _finalizers(control_plane, namespace) == []


def test_a_deletion_in_the_foreground_ends(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    resource = _named(control_plane, namespace, rig)
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    control_plane.admin.delete(path, params={"propagationPolicy": "Foreground"}).raise_for_status()
    rig.settle()
    assert FINALIZER in _finalizers(control_plane, namespace)
    rig.applier.release(APP, [resource])
    eventually(lambda: _live(control_plane, namespace) is None, 30)


def test_a_namespace_that_is_deleted_goes(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    resource = _named(control_plane, namespace, rig)
    rig.want(APP, route(namespace, "r"), named=[resource])
    rig.settle()
    control_plane.delete("", "v1", "namespaces", "", namespace)
    eventually(lambda: (_live(control_plane, namespace) or {"metadata": {}})["metadata"].get("deletionTimestamp"), 30)
    rig.applier.withdraw(APP)
    rig.applier.prune([])
    eventually(lambda: control_plane.get("", "v1", "namespaces", "", namespace) is None, 60)


def test_a_replica_that_takes_over_ends_a_drain(control_plane: ControlPlane, namespace: str, make_rig: MakeRig) -> None:
    first, second = make_rig(identity="one", drain=1.0), make_rig(identity="two", drain=1.0)
    second.leading = False
    time.sleep(0.3)
    resource = _named(control_plane, namespace, first)
    second.want(APP, route(namespace, "r"), named=[resource])
    first.want(APP, route(namespace, "r"), named=[resource])
    _delete(control_plane, namespace)
    for rig in (first, second):
        rig.applier.release(APP, [resource])
    eventually(lambda: config_map(control_plane, namespace, "r"))
    first.kill()
    writes = [verb for verb, _ in first.client.writes]
    assert FINALIZER in _finalizers(control_plane, namespace)
    second.leading = True
    began = time.monotonic()
    eventually(lambda: _live(control_plane, namespace) is None)
    assert time.monotonic() - began >= 0.9
    assert [verb for verb, _ in first.client.writes] == writes


def test_leadership_that_is_lost_on_the_way_ends_all_writes(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    def lose(_verb: str, _path: str) -> None:
        rig.leading = False

    rig.client.before_write = lose
    rig.want(APP, *(route(namespace, f"r{index}", template=f"t{index}") for index in range(5)))
    eventually(lambda: rig.client.writes)
    time.sleep(1.0)
    assert len(rig.client.writes) == 1
    rig.client.before_write = lambda verb, path: None
    rig.leading = True
    eventually(lambda: config_map(control_plane, namespace, "r4"))


def test_a_named_object_of_the_cluster_is_kept_whatever_namespace_the_routemap_says(
    control_plane: ControlPlane, make_rig: MakeRig, instance: str
) -> None:
    rig = make_rig(kinds=[("", "Namespace")])
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"cluster-{instance}", "labels": WATCHED}}
    control_plane.apply(body)
    rig.want(APP, named=[ResourceId("", "Namespace", "shop", f"cluster-{instance}")])

    def finalizers() -> list[str]:
        found = control_plane.get("", "v1", "namespaces", "", f"cluster-{instance}")
        return found["metadata"].get("finalizers", []) if found else []

    eventually(lambda: FINALIZER in finalizers())
    rig.applier.prune([])
    eventually(lambda: finalizers() == [])
    control_plane.delete("", "v1", "namespaces", "", f"cluster-{instance}")


def test_whoever_calls_never_waits(control_plane: ControlPlane, namespace: str, rig: Rig) -> None:
    blocked = threading.Event()

    def block(_verb: str, _path: str) -> None:
        blocked.wait(5)

    rig.client.before_write = block
    try:
        rig.want(APP, route(namespace, "r"))
        time.sleep(0.5)
        began = time.monotonic()
        for index in range(500):
            rig.want(f"shop/a{index}", route(namespace, "r"), named=[_id(namespace)])
            rig.applier.release(f"shop/a{index}", [_id(namespace)])
        assert time.monotonic() - began < 3
    finally:
        blocked.set()


def test_a_drain_that_cannot_be_completed_ends_with_a_warning(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    rig.applier._wishes._drains._patience = 0.5
    resource = _named(control_plane, namespace, rig)
    rig.want(APP, named=[resource], held=["main"])
    _delete(control_plane, namespace)
    rig.applier.release(APP, [resource])
    eventually(lambda: _live(control_plane, namespace) is None)

    def reasons() -> list[str]:
        events = control_plane.admin.get(f"/api/v1/namespaces/{namespace}/events").raise_for_status().json()
        return [each["reason"] for each in events["items"]]

    eventually(lambda: "DrainIncomplete" in reasons())


def test_a_finalizer_that_may_not_be_put_is_a_problem_of_the_routemap(
    control_plane: ControlPlane, namespace: str, rig: Rig
) -> None:
    def refuse(_verb: str, _path: str) -> None:
        raise KubeForbiddenError("deployments.apps is forbidden", status=403)

    control_plane.apply(deployment(namespace, "web"))
    rig.client.before_write = refuse
    rig.want(APP, named=[_id(namespace)])
    eventually(lambda: rig.problems(APP))
    assert f"Deployment {namespace}/web could not be kept until its traffic has moved" in rig.problems(APP)
    assert f"allow the service account to patch deployments.apps in the namespace {namespace}" in rig.problems(APP)
    rig.want(APP)
    assert rig.problems(APP) == ""
