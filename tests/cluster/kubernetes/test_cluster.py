"""The backend as a whole on a real API server: what it observes, and who writes and reports."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from iter8_gitops.cluster.kubernetes.cluster import KubernetesCluster
from iter8_gitops.cluster.kubernetes.health import ClusterHealth
from iter8_gitops.cluster.kubernetes.settings import KubernetesSettings
from iter8_gitops.contracts.cluster import News, Owner, Wanted
from iter8_gitops.core.transitions import Transition
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.spec.resource import Absent, ResourceId
from iter8_gitops.spec.tree import SourceTree
from iter8_gitops.testing.waiting import eventually
from tests.cluster.kubernetes.running import KNATIVE, LABEL, Run, backends, patch_web, service, web_in
from tests.controlplane.control_plane import ControlPlane


@pytest.fixture
def run() -> Iterator[Run]:
    with backends() as begin:
        yield begin


def test_nothing_is_observable_before_the_first_list(control_plane: ControlPlane, namespace: str, run: Run) -> None:
    running = run(control_plane, namespace=namespace)
    web = web_in(namespace)
    assert running.cluster.awaited([web]) == "Service (serving.knative.dev) is not watched yet"
    assert running.reason(web) == "NotSeenYet"
    running.watch(web)
    assert KNATIVE in running.cluster.news().kinds
    assert running.wakes
    assert running.reason(web) == "NotFound"


def test_a_status_is_news_and_a_write_without_effect_is_none(
    control_plane: ControlPlane, namespace: str, run: Run
) -> None:
    running = run(control_plane, namespace=namespace)
    control_plane.apply(service(namespace))
    web = web_in(namespace)
    running.watch(web)
    eventually(lambda: running.cluster.news() and running.cluster.idle)
    wakes = running.wakes
    control_plane.patch_status("serving.knative.dev", "v1", "services", namespace, "web", {"observedGeneration": 7})
    eventually(lambda: running.wakes > wakes)
    assert running.cluster.news() == News(resources=frozenset({(*KNATIVE, "web")}))
    seen = running.resource(web)
    assert seen is not None
    assert seen.status == {"observedGeneration": 7}
    before = seen.metadata["resourceVersion"]
    # Another manager takes part in the same fields: only managedFields and resourceVersion change.
    path = f"/apis/serving.knative.dev/v1/namespaces/{namespace}/services/web"
    headers = {"Content-Type": "application/apply-patch+yaml"}
    params = {"fieldManager": "somebody", "force": "true"}
    control_plane.admin.patch(path, params=params, headers=headers, json=service(namespace)).raise_for_status()
    eventually(lambda: (seen := running.resource(web)) and seen.metadata["resourceVersion"] != before)
    assert running.cluster.news() == News()


def test_an_object_that_loses_its_label_is_said_to_lack_it(
    control_plane: ControlPlane, namespace: str, run: Run
) -> None:
    running = run(control_plane, namespace=namespace)
    web = web_in(namespace)
    control_plane.apply(service(namespace))
    running.watch(web)
    eventually(lambda: running.resource(web))
    patch_web(control_plane, namespace, {"labels": {"iter8.tools/watch": None}})
    eventually(lambda: running.reason(web) == "NotWatched")
    eventually(lambda: (*KNATIVE, "web") in running.cluster.news().resources)
    patch_web(control_plane, namespace, {"labels": LABEL})
    eventually(lambda: running.resource(web))


def test_an_object_that_is_being_deleted_stays_visible_as_such(
    control_plane: ControlPlane, namespace: str, run: Run
) -> None:
    running = run(control_plane, namespace=namespace)
    web = web_in(namespace)
    control_plane.apply(service(namespace))
    patch_web(control_plane, namespace, {"finalizers": ["example.org/keep"]})
    running.watch(web)
    eventually(lambda: running.resource(web))
    control_plane.delete("serving.knative.dev", "v1", "services", namespace, "web")
    eventually(lambda: (seen := running.resource(web)) and seen.terminating)
    patch_web(control_plane, namespace, {"finalizers": None})
    eventually(lambda: running.reason(web) == "NotFound")


def test_what_is_outside_of_the_namespace_is_out_of_scope_and_never_awaited(
    control_plane: ControlPlane, namespace: str, run: Run
) -> None:
    running = run(control_plane, namespace=namespace)
    elsewhere = web_in("kube-system")
    assert running.cluster.awaited([elsewhere]) == ""
    said = f"Service kube-system/web is in another namespace, and this installation looks at {namespace} only"
    assert running.see(elsewhere) == Absent("OutOfScope", said)


def test_kinds_that_cannot_be_seen_are_absent_with_the_reason(
    control_plane: ControlPlane, namespace: str, run: Run
) -> None:
    running = run(control_plane, user="nobody", namespace=namespace)
    web, foo = web_in(namespace), ResourceId("example.org", "Foo", namespace, "foo")
    running.watch(web, foo)
    refused, missing = running.see(web), running.see(foo)
    assert isinstance(refused, Absent)
    assert refused.reason == "Forbidden"
    assert refused.message.startswith("the service account may not list services.serving.knative.dev: ")
    said = "the cluster serves no Foo of group example.org; install its CustomResourceDefinition"
    assert missing == Absent("KindNotInstalled", said)
    assert next(iter(ClusterHealth(running.cluster).deliveries(threading.Event()))) == SourceTree("cluster", "", ())


def test_the_leader_stops_and_another_replica_leads_at_once(
    control_plane: ControlPlane, namespace: str, run: Run
) -> None:
    shared = {"namespace": namespace, "lease_namespace": namespace, "instance": "shared", "elect": True}
    first = run(control_plane, **{**shared, "identity": "first"}).cluster
    eventually(lambda: first.leads)
    second = run(control_plane, **{**shared, "identity": "second"}).cluster
    eventually(lambda: second.leader == "first")
    assert not second.leads
    began = time.monotonic()
    first.stop()
    assert time.monotonic() - began < 2.0
    eventually(lambda: second.leads, timeout=3.0)
    assert not first.leads


def test_only_the_leader_reports_and_it_reports_on_routemap_and_resource(
    control_plane: ControlPlane, namespace: str, run: Run
) -> None:
    shared = {"namespace": namespace, "lease_namespace": namespace, "instance": "shared", "elect": True}
    control_plane.apply(service(namespace))
    web = web_in(namespace)
    leader = run(control_plane, **{**shared, "identity": "leader"})
    eventually(lambda: leader.cluster.leads)
    follower = run(control_plane, **{**shared, "identity": "follower"})
    owner = Owner(namespace, "web-routemap", "0a1b")
    for running, message in ((follower, "from the follower"), (leader, "from the leader")):
        running.watch(web)
        eventually(lambda running=running: running.resource(web))  # type: ignore[misc]
        told = Transition("VersionAvailable", message, resource=web)
        running.cluster.report(f"{namespace}/web", owner, [told])
    leader.cluster.report(f"{namespace}/from-git", None, [Transition("Declared", "declared", warning=True)])

    def events() -> set[tuple[str, str, str, str]]:
        found = control_plane.list_all("", "v1", "events", namespace)
        return {
            (each["involvedObject"]["kind"], each["involvedObject"]["name"], each["type"], each["message"])
            for each in found
            if each["source"]["component"] == "iter8-gitops"
        }

    eventually(lambda: len(events()) >= 3)
    assert events() == {
        ("ConfigMap", "web-routemap", "Normal", "from the leader"),
        ("Service", "web", "Normal", f"{namespace}/web: from the leader"),
        ("Routemap", "from-git", "Warning", "declared"),
    }


def test_a_backend_that_never_started_can_be_stopped(control_plane: ControlPlane) -> None:
    client = KubeClient.connect(kubeconfig=str(control_plane.kubeconfig()))
    KubernetesCluster(client, KubernetesSettings(identity="one")).stop()
    client.close()


def test_no_thread_outlives_the_stop(control_plane: ControlPlane, namespace: str, run: Run) -> None:
    before = set(threading.enumerate())
    running = run(control_plane, namespace=namespace, lease_namespace=namespace, elect=True)
    running.watch(web_in(namespace), ResourceId("", "ConfigMap", namespace, "any"))
    running.cluster.apply(f"{namespace}/web", Wanted(named=frozenset({web_in(namespace)})))
    began = time.monotonic()
    running.cluster.stop()
    assert time.monotonic() - began < 2.0
    eventually(lambda: set(threading.enumerate()) <= before, timeout=2.0)
