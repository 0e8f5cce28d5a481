"""The view of the cluster as a source."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from iter8_gitops.cluster.kubernetes.health import ClusterHealth, Condition, condition_of
from iter8_gitops.cluster.kubernetes.states import KindState, NotServed, Pending, Served
from iter8_gitops.contracts.cluster import KindKey
from iter8_gitops.contracts.source import Source
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeError, KubeUnreachableError
from iter8_gitops.spec.tree import SourceFailure, SourceTree

DEPLOYMENT, SERVICE, ISVC = ("apps", "Deployment"), ("", "Service"), ("serving.kserve.io", "InferenceService")
SERVED = Served(Endpoint("apps", "v1", "Deployment", "deployments", namespaced=True))
WAITING = Pending("waiting for the first list of Service (core)")
FAILING = Pending("waiting for the first list of Service (core): refused", failing=True)
GONE = NotServed("KindNotInstalled", "the cluster serves no InferenceService")
AWAY = KubeUnreachableError("the API server does not answer")


@pytest.mark.parametrize(
    ("states", "failures", "expected"),
    [
        ({}, {}, Condition(complete=True)),
        ({DEPLOYMENT: SERVED, ISVC: GONE}, {}, Condition(complete=True)),
        ({DEPLOYMENT: SERVED, SERVICE: WAITING}, {}, Condition(complete=False)),
        (
            {DEPLOYMENT: SERVED, SERVICE: FAILING},
            {},
            Condition(False, "waiting for the first list of Service (core): refused"),
        ),
        (
            {DEPLOYMENT: SERVED},
            {DEPLOYMENT: AWAY},
            Condition(True, "Deployment (apps) cannot be followed: the API server does not answer"),
        ),
        (
            {DEPLOYMENT: SERVED, SERVICE: SERVED, ISVC: SERVED},
            {DEPLOYMENT: AWAY, SERVICE: AWAY, ISVC: AWAY},
            Condition(True, "Service (core) and 2 more kinds cannot be followed: the API server does not answer"),
        ),
        (
            {DEPLOYMENT: SERVED, SERVICE: FAILING},
            {DEPLOYMENT: AWAY},
            Condition(False, "waiting for the first list of Service (core): refused (and 1 more kind)"),
        ),
    ],
)
def test_the_condition_names_what_cannot_be_seen(
    states: Mapping[KindKey, KindState], failures: Mapping[KindKey, KubeError], expected: Condition
) -> None:
    assert condition_of(states, failures) == expected


@dataclass
class FakeCluster:
    now: Condition
    location: str = "https://127.0.0.1:6443, all namespaces"

    def condition(self) -> Condition:
        return self.now


def test_the_first_delivery_comes_when_everything_is_listed() -> None:
    cluster = FakeCluster(Condition(complete=False))
    threading.Timer(0.3, lambda: setattr(cluster, "now", Condition(complete=True))).start()
    began = time.monotonic()
    first = next(iter(ClusterHealth(cluster).deliveries(threading.Event())))
    assert first == SourceTree("cluster", "", ())
    assert 0.25 < time.monotonic() - began < 1.0


def test_the_tree_is_always_the_identical_object_also_after_failures() -> None:
    cluster = FakeCluster(Condition(complete=True))
    deliveries = iter(ClusterHealth(cluster).deliveries(threading.Event()))
    first = next(deliveries)
    cluster.now = Condition(complete=True, failure="Service (core) cannot be followed: away")
    assert next(deliveries) == SourceFailure("cluster", "Service (core) cannot be followed: away")
    cluster.now = Condition(complete=True)
    assert next(deliveries) is first


def test_a_source_that_waits_ends_at_once_when_it_is_stopped() -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    assert list(ClusterHealth(FakeCluster(Condition(complete=False))).deliveries(stop)) == []
    assert time.monotonic() - began < 1.0


def test_the_source_says_where_the_objects_are() -> None:
    health: Source = ClusterHealth(FakeCluster(Condition(complete=True)))
    assert (health.name, health.location) == ("cluster", "https://127.0.0.1:6443, all namespaces")
