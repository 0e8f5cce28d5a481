"""What the backend answers and says while the API server is away, cut off or hangs, and right after."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from iter8_gitops.cluster.kubernetes.health import ClusterHealth
from iter8_gitops.spec.tree import SourceFailure, SourceTree
from iter8_gitops.testing.waiting import eventually
from tests.cluster.kubernetes.running import KNATIVE, Run, backends, patch_web, service, web_in
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.proxy import ChaosProxy


@pytest.fixture
def run() -> Iterator[Run]:
    with backends() as begin:
        yield begin


def test_a_server_that_is_killed_and_restarted_changes_no_answer_and_is_said_to_fail(
    fresh_control_plane: Callable[..., ControlPlane], run: Run
) -> None:
    plane = fresh_control_plane(crds=["services"])
    plane.apply(service("default"))
    running = run(plane)
    web = web_in("default")
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
    patch_web(plane, "default", {"annotations": {"iter8.tools/weight": "7"}})
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
    control_plane.apply(service(namespace))
    running = run(control_plane, server=proxy.url, namespace=namespace)
    web = web_in(namespace)
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
    plane.apply(service("default"))
    web = web_in("default")
    lasting, stopped = run(plane, identity="lasting", elect=True), run(plane, identity="stopped", elect=True)
    for running in (lasting, stopped):
        running.watch(web)
        eventually(lambda running=running: running.cluster.leads)  # type: ignore[misc]
    plane.pause_etcd()
    try:
        eventually(lambda: lasting.cluster.condition().failure, timeout=15.0)
        assert lasting.resource(web)
        stopped.cluster.watch([KNATIVE, ("", "ConfigMap")])
        began = time.monotonic()
        stopped.cluster.stop()
        assert time.monotonic() - began < 4.0
    finally:
        plane.resume_etcd()
    patch_web(plane, "default", {"annotations": {"iter8.tools/weight": "7"}})
    eventually(lambda: (seen := lasting.resource(web)) and seen.annotations, timeout=5.0)
    eventually(lambda: not lasting.cluster.condition().failure and lasting.cluster.leads, timeout=5.0)


def test_a_backend_that_starts_together_with_the_server_never_says_that_something_is_absent(
    fresh_control_plane: Callable[..., ControlPlane], run: Run
) -> None:
    plane = fresh_control_plane(crds=["services"])
    plane.apply(service("default"))
    plane.kill_api_server()
    running = run(plane)
    web = web_in("default")
    running.cluster.watch([KNATIVE])
    eventually(lambda: running.cluster.condition().failure)
    assert running.cluster.awaited([web]).startswith("waiting for the first list of Service (serving.knative.dev): ")
    starting = threading.Thread(target=plane.start_api_server)
    starting.start()
    while running.cluster.awaited([web]):
        time.sleep(0.001)
    assert running.resource(web)
    starting.join()
