"""The backend as a whole on a real API server: what it observes, who writes, and what it says when things break."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from iter8_gitops.cluster.backend import News, Owner, Wanted
from iter8_gitops.cluster.kubernetes.cluster import KubernetesCluster
from iter8_gitops.cluster.kubernetes.health import ClusterHealth
from iter8_gitops.cluster.kubernetes.settings import KubernetesSettings
from iter8_gitops.core.transitions import Transition
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.spec.resource import Absent, Observation, Resource, ResourceId
from iter8_gitops.spec.tree import SourceFailure, SourceTree
from tests.cluster.waiting import eventually
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.proxy import ChaosProxy

KNATIVE = ("serving.knative.dev", "Service")
LABEL = {"iter8.tools/watch": "true"}


class Running:
    """A started backend, with the number of times that it woke us."""

    def __init__(self, cluster: KubernetesCluster) -> None:
        self.cluster = cluster
        self.wakes = 0
        cluster.start(self._wake)

    def see(self, wanted: ResourceId) -> Observation:
        return self.cluster.observe([wanted])[wanted]

    def resource(self, wanted: ResourceId) -> Resource | None:
        seen = self.see(wanted)
        return seen if isinstance(seen, Resource) else None

    def reason(self, wanted: ResourceId) -> str:
        seen = self.see(wanted)
        return seen.reason if isinstance(seen, Absent) else ""

    def watch(self, *ids: ResourceId) -> None:
        self.cluster.watch({(each.group, each.kind) for each in ids})
        eventually(lambda: not self.cluster.awaited(ids))

    def _wake(self) -> None:
        self.wakes += 1


Run = Callable[..., Running]


@pytest.fixture
def run() -> Iterator[Run]:
    """Starts backends. By default they lead without an election, as installations of their own."""
    with ExitStack() as stack:

        def begin(plane: ControlPlane, *, user: str = "admin", server: str | None = None, **settings: Any) -> Running:
            client = KubeClient.connect(kubeconfig=str(plane.kubeconfig(user, server=server)))
            stack.callback(client.close)
            chosen = {"identity": "one", "instance": f"test-{secrets.token_hex(4)}", "elect": False, **settings}
            running = Running(KubernetesCluster(client, KubernetesSettings(**chosen)))
            stack.callback(running.cluster.stop)
            return running

        yield begin


def _service(namespace: str, name: str = "web", labels: Mapping[str, str] = LABEL) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": dict(labels)}
    return {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": metadata, "spec": {}}


def _web(namespace: str, name: str = "web") -> ResourceId:
    return ResourceId(*KNATIVE, namespace, name)


def _patch(plane: ControlPlane, namespace: str, metadata: Mapping[str, Any]) -> None:
    plane.patch("serving.knative.dev", "v1", "services", namespace, "web", {"metadata": metadata})


def test_nothing_is_observable_before_the_first_list(control_plane: ControlPlane, namespace: str, run: Run) -> None:
    running = run(control_plane, namespace=namespace)
    web = _web(namespace)
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
    control_plane.apply(_service(namespace))
    web = _web(namespace)
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
    control_plane.admin.patch(path, params=params, headers=headers, json=_service(namespace)).raise_for_status()
    eventually(lambda: (seen := running.resource(web)) and seen.metadata["resourceVersion"] != before)
    assert running.cluster.news() == News()


def test_an_object_that_loses_its_label_is_said_to_lack_it(
    control_plane: ControlPlane, namespace: str, run: Run
) -> None:
    running = run(control_plane, namespace=namespace)
    web = _web(namespace)
    control_plane.apply(_service(namespace))
    running.watch(web)
    eventually(lambda: running.resource(web))
    _patch(control_plane, namespace, {"labels": {"iter8.tools/watch": None}})
    eventually(lambda: running.reason(web) == "NotWatched")
    eventually(lambda: (*KNATIVE, "web") in running.cluster.news().resources)
    _patch(control_plane, namespace, {"labels": LABEL})
    eventually(lambda: running.resource(web))


def test_an_object_that_is_being_deleted_stays_visible_as_such(
    control_plane: ControlPlane, namespace: str, run: Run
) -> None:
    running = run(control_plane, namespace=namespace)
    web = _web(namespace)
    control_plane.apply(_service(namespace))
    _patch(control_plane, namespace, {"finalizers": ["example.org/keep"]})
    running.watch(web)
    eventually(lambda: running.resource(web))
    control_plane.delete("serving.knative.dev", "v1", "services", namespace, "web")
    eventually(lambda: (seen := running.resource(web)) and seen.terminating)
    _patch(control_plane, namespace, {"finalizers": None})
    eventually(lambda: running.reason(web) == "NotFound")


def test_what_is_outside_of_the_namespace_is_out_of_scope_and_never_awaited(
    control_plane: ControlPlane, namespace: str, run: Run
) -> None:
    running = run(control_plane, namespace=namespace)
    elsewhere = _web("kube-system")
    assert running.cluster.awaited([elsewhere]) == ""
    said = f"Service kube-system/web is in another namespace, and this installation looks at {namespace} only"
    assert running.see(elsewhere) == Absent("OutOfScope", said)


def test_kinds_that_cannot_be_seen_are_absent_with_the_reason(
    control_plane: ControlPlane, namespace: str, run: Run
) -> None:
    running = run(control_plane, user="nobody", namespace=namespace)
    web, foo = _web(namespace), ResourceId("example.org", "Foo", namespace, "foo")
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
    control_plane.apply(_service(namespace))
    web = _web(namespace)
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
    running.watch(_web(namespace), ResourceId("", "ConfigMap", namespace, "any"))
    running.cluster.apply(f"{namespace}/web", Wanted(named=frozenset({_web(namespace)})))
    began = time.monotonic()
    running.cluster.stop()
    assert time.monotonic() - began < 2.0
    eventually(lambda: set(threading.enumerate()) <= before, timeout=2.0)


def test_a_server_that_is_killed_and_restarted_changes_no_answer_and_is_said_to_fail(
    fresh_control_plane: Callable[..., ControlPlane], run: Run
) -> None:
    plane = fresh_control_plane(crds=["services"])
    plane.apply(_service("default"))
    running = run(plane)
    web = _web("default")
    running.watch(web)
    health = ClusterHealth(running.cluster).deliveries(threading.Event())
    assert isinstance(next(health), SourceTree)
    plane.kill_api_server()
    eventually(lambda: isinstance(next(health), SourceFailure))
    failure = running.cluster.condition().failure
    assert failure.startswith("Service (serving.knative.dev) cannot be followed: ")
    assert running.resource(web)
    assert running.cluster.awaited([web]) == ""
    plane.start_api_server()
    _patch(plane, "default", {"annotations": {"iter8.tools/weight": "7"}})
    recovered = time.monotonic()
    eventually(lambda: (seen := running.resource(web)) and seen.annotations, timeout=5.0)
    eventually(lambda: not running.cluster.condition().failure, timeout=5.0)
    assert time.monotonic() - recovered < 5.0


def test_after_connections_are_cut_again_and_again_the_last_change_is_seen(
    control_plane: ControlPlane,
    chaos_proxy: Callable[[ControlPlane], ChaosProxy],
    namespace: str,
    run: Run,
) -> None:
    proxy = chaos_proxy(control_plane)
    control_plane.apply(_service(namespace))
    running = run(control_plane, server=proxy.url, namespace=namespace)
    web = _web(namespace)
    running.watch(web)
    for generation in range(5):
        proxy.cut()
        status = {"observedGeneration": generation}
        control_plane.patch_status("serving.knative.dev", "v1", "services", namespace, "web", status)
        assert running.resource(web)
    eventually(lambda: (seen := running.resource(web)) and seen.status == {"observedGeneration": 4}, timeout=5.0)
    eventually(lambda: not running.cluster.condition().failure, timeout=5.0)


def test_while_the_store_hangs_answers_stay_and_stopping_takes_a_few_seconds_at_most(
    fresh_control_plane: Callable[..., ControlPlane], run: Run
) -> None:
    plane = fresh_control_plane(crds=["services"])
    plane.apply(_service("default"))
    web = _web("default")
    lasting, stopped = run(plane, identity="lasting", elect=True), run(plane, identity="stopped", elect=True)
    for running in (lasting, stopped):
        running.watch(web)
        eventually(lambda running=running: running.cluster.leads)  # type: ignore[misc]
    plane.pause_etcd()
    try:
        time.sleep(5.0)
        assert lasting.resource(web)
        stopped.cluster.watch([KNATIVE, ("", "ConfigMap")])
        began = time.monotonic()
        stopped.cluster.stop()
        assert time.monotonic() - began < 4.0
    finally:
        plane.resume_etcd()
    _patch(plane, "default", {"annotations": {"iter8.tools/weight": "7"}})
    eventually(lambda: (seen := lasting.resource(web)) and seen.annotations, timeout=5.0)
    eventually(lambda: not lasting.cluster.condition().failure and lasting.cluster.leads, timeout=5.0)


def test_a_backend_that_starts_together_with_the_server_never_says_that_something_is_absent(
    fresh_control_plane: Callable[..., ControlPlane], run: Run
) -> None:
    plane = fresh_control_plane(crds=["services"])
    plane.apply(_service("default"))
    plane.kill_api_server()
    running = run(plane)
    web = _web("default")
    running.cluster.watch([KNATIVE])
    eventually(lambda: running.cluster.condition().failure)
    assert running.cluster.awaited([web]).startswith("waiting for the first list of Service (serving.knative.dev): ")
    starting = threading.Thread(target=plane.start_api_server)
    starting.start()
    while running.cluster.awaited([web]):
        time.sleep(0.001)
    assert running.resource(web)
    starting.join()
