"""Events on a real API server."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.events import EventRecorder, ObjectRef
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.proxy import ChaosProxy

EVENTS = ("", "v1", "events")
StartRecorder = Callable[..., EventRecorder]


@pytest.fixture
def start(control_plane: ControlPlane) -> Iterator[StartRecorder]:
    """Starts recorders; `running` False leaves that to the test."""
    with ExitStack() as stack:

        def start_one(
            *, user: str = "admin", server: str | None = None, running: bool = True, **options: Any
        ) -> EventRecorder:
            client = KubeClient.connect(kubeconfig=str(control_plane.kubeconfig(user, server=server)))
            stack.callback(client.close)
            recorder = EventRecorder(client, "pod-0", pause=0.1, **options)
            stack.callback(recorder.stop)
            if running:
                recorder.start()
            return recorder

        yield start_one


def web(namespace: str, name: str = "web") -> ObjectRef:
    return ObjectRef("v1", "ConfigMap", namespace, name, "3f0c0bd0-0000-4000-8000-000000000001")


def eventually(reached: Callable[[], object], within: float = 10.0) -> None:
    deadline = time.monotonic() + within
    while not reached():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.02)


def events_of(control_plane: ControlPlane, namespace: str) -> list[dict[str, Any]]:
    return sorted(control_plane.list_all(*EVENTS, namespace), key=lambda event: str(event["metadata"]["name"]))


def test_an_event_is_about_its_object_and_names_us(
    start: StartRecorder, control_plane: ControlPlane, namespace: str
) -> None:
    start(clock=lambda: 1_800_000_000.4).record(web(namespace), "Weights changed", "1:0 -> 1:1", warning=True)
    eventually(lambda: events_of(control_plane, namespace))
    (event,) = events_of(control_plane, namespace)
    assert event["metadata"]["name"].startswith("web.")
    assert event["involvedObject"] == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "namespace": namespace,
        "name": "web",
        "uid": "3f0c0bd0-0000-4000-8000-000000000001",
    }
    assert (event["type"], event["reason"], event["message"]) == ("Warning", "WeightsChanged", "1:0 -> 1:1")
    assert event["source"] == {"component": "iter8-gitops"}
    assert (event["reportingComponent"], event["reportingInstance"]) == ("iter8-gitops", "pod-0")
    assert (event["count"], event["firstTimestamp"], event["lastTimestamp"]) == (1, *["2027-01-15T08:00:00Z"] * 2)
    assert "Weights" in control_plane.kubectl("get", "events", "-n", namespace)


def test_what_repeats_is_counted_also_after_the_event_was_forgotten(
    start: StartRecorder, control_plane: ControlPlane, namespace: str
) -> None:
    recorder = start()
    for _ in range(3):
        recorder.record(web(namespace), "Problem", "again")
    eventually(lambda: [event["count"] for event in events_of(control_plane, namespace)] == [3])
    name = events_of(control_plane, namespace)[0]["metadata"]["name"]
    control_plane.delete(*EVENTS, namespace, name)
    recorder.record(web(namespace), "Problem", "again")
    eventually(lambda: [event["count"] for event in events_of(control_plane, namespace)] == [4])


def test_many_different_messages_become_one_event(
    start: StartRecorder, control_plane: ControlPlane, namespace: str
) -> None:
    recorder = start()
    for number in range(15):
        recorder.record(web(namespace), "Problem", f"try {number}")
    recorder.stop()
    events = events_of(control_plane, namespace)
    assert len(events) == 11
    assert events[-1]["message"] == "(combined from similar events): try 14"
    assert events[-1]["count"] == 5


def test_an_object_without_a_namespace_has_its_events_in_default(
    start: StartRecorder, control_plane: ControlPlane, namespace: str
) -> None:
    recorder = start()
    recorder.record(ObjectRef("v1", "Namespace", "", namespace), "Seen", "x" * 3000)
    recorder.stop()
    assert recorder.dropped == 0
    mine = [
        event for event in control_plane.list_all(*EVENTS, "default") if event["involvedObject"]["name"] == namespace
    ]
    assert [len(event["message"]) for event in mine] == [1024]


def test_recording_never_waits_and_what_is_too_much_is_dropped_with_one_log_line(
    start: StartRecorder, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = start(running=False, capacity=100)
    began = time.monotonic()
    for number in range(5000):
        recorder.record(web(namespace, f"web-{number}"), "Problem", "x")
    assert time.monotonic() - began < 1
    assert recorder.dropped == 4900
    assert caplog.text.count("events are dropped") == 1


def test_what_was_recorded_before_the_start_is_written(
    start: StartRecorder, control_plane: ControlPlane, namespace: str
) -> None:
    recorder = start(running=False)
    recorder.record(web(namespace), "Problem", "x")
    recorder.start()
    eventually(lambda: events_of(control_plane, namespace))


def test_where_events_may_not_be_written_they_are_dropped_at_once(
    start: StartRecorder, control_plane: ControlPlane, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    control_plane.kubectl("create", "role", "events", "--verb=create,patch", "--resource=events", "-n", namespace)
    control_plane.kubectl("create", "rolebinding", "events", "--role=events", "--user=controller", "-n", namespace)
    recorder = start(user="controller")
    for number in range(5):
        recorder.record(web("default", f"web-{number}"), "Problem", "x")
    recorder.record(web(namespace), "Problem", "x")
    eventually(lambda: events_of(control_plane, namespace))
    assert recorder.dropped == 5
    assert caplog.text.count("events are dropped") == 1
    assert "cannot create resource" in caplog.text


def test_a_namespace_that_is_missing_or_going_away_costs_only_its_events(
    start: StartRecorder, control_plane: ControlPlane, namespace: str
) -> None:
    recorder = start()
    recorder.record(web("missing"), "Problem", "x")
    control_plane.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "held", "namespace": namespace, "finalizers": ["example.org/held"]},
        }
    )
    control_plane.delete("", "v1", "namespaces", "", namespace)
    recorder.record(web(namespace), "Problem", "x")
    recorder.record(web("default", f"web-{namespace}"), "Problem", "x")
    eventually(lambda: recorder.dropped == 2)
    recorder.stop()
    assert any(event["involvedObject"]["name"] == f"web-{namespace}" for event in events_of(control_plane, "default"))
    control_plane.patch("", "v1", "configmaps", namespace, "held", {"metadata": {"finalizers": None}})


def test_a_short_outage_costs_no_event_and_a_long_one_only_those_of_its_time(
    start: StartRecorder,
    control_plane: ControlPlane,
    namespace: str,
    chaos_proxy: Callable[[ControlPlane], ChaosProxy],
) -> None:
    proxy = chaos_proxy(control_plane)
    recorder = start(server=proxy.url)
    recorder.record(web(namespace), "Problem", "before")
    eventually(lambda: len(events_of(control_plane, namespace)) == 1)
    proxy.cut()
    recorder.record(web(namespace), "Problem", "right after")
    eventually(lambda: len(events_of(control_plane, namespace)) == 2)
    proxy.refuse()
    proxy.cut()
    recorder.record(web(namespace), "Problem", "lost")
    eventually(lambda: recorder.dropped == 1)
    proxy.accept()
    recorder.record(web(namespace), "Problem", "afterwards")
    eventually(lambda: len(events_of(control_plane, namespace)) == 3)


def test_stopping_is_prompt_while_the_api_server_hangs(
    start: StartRecorder, control_plane: ControlPlane, namespace: str, chaos_proxy: Callable[[ControlPlane], ChaosProxy]
) -> None:
    proxy = chaos_proxy(control_plane)
    recorder = start(server=proxy.url)
    proxy.freeze()
    for number in range(10):
        recorder.record(web(namespace), "Problem", f"{number}")
    began = time.monotonic()
    recorder.stop()
    assert time.monotonic() - began < 2.5
    recorder.record(web(namespace), "Problem", "after the end")
    proxy.close()
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name == "events"])


def test_nothing_that_is_said_makes_recording_fail(
    start: StartRecorder, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    recorder = start()
    recorder.record(web(namespace), "", "")
    recorder.record(web(namespace), "\x00", "\x00\ud800")
    recorder.record(web(namespace, "Not A Name"), "Problem", "x")
    recorder.record(ObjectRef("", "", "", ""), "Problem", "x")
    recorder.record(web(namespace, "fine"), "Problem", "x")
    recorder.stop()
    assert not [record for record in caplog.records if record.exc_info]
