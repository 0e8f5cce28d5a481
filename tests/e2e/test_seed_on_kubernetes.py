"""The A/B testing tutorial for ModelMesh on a real API server, with kubectl; the test plays the part of KServe."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
import yaml

from iter8_gitops.serving.abn import abn_pb2, abn_pb2_grpc
from tests.controlplane.control_plane import ControlPlane
from tests.e2e.manifests import LOADED, LOADING, SEED_CANDIDATE, SEED_PRIMARY, SEED_PROMOTED, SEED_ROUTEMAP
from tests.e2e.system import System, eventually

pytestmark = pytest.mark.slow
NAMESPACE = "modelmesh-serving"
BACKEND = f"{NAMESPACE}/backend"
USERS = [f"user-{number}" for number in range(40)]
ISVC = ("serving.kserve.io", "v1beta1", "inferenceservices", NAMESPACE)
Up = Callable[..., System]


class Tutorial:
    """What the reader of the tutorial does, in the namespace that it uses."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.kubeconfig = plane.kubeconfig("admin", namespace=NAMESPACE)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.plane.kubectl("--namespace", NAMESPACE, *arguments, stdin=stdin)

    def kserve_says(self, name: str, status: str) -> None:
        self.plane.patch_status(*ISVC, name, yaml.safe_load(status)["status"])

    def is_gone(self, name: str) -> bool:
        return self.plane.get(*ISVC, name) is None


@pytest.fixture
def tutorial(control_plane: ControlPlane) -> Iterator[Tutorial]:
    control_plane.create_namespace(NAMESPACE)
    yield Tutorial(control_plane)
    control_plane.kubectl("delete", "namespace", NAMESPACE, "--timeout=60s")


def write_metric(system: System, user: str, value: float) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{system.grpc_port}") as channel:
        call = abn_pb2_grpc.ABNStub(channel).WriteMetric  # type: ignore[no-untyped-call] # generated code
        call(abn_pb2.MetricValue(name="sample_metric", value=str(value), application=BACKEND, user=user), timeout=10)


def dashboard(system: System) -> dict[str, Any]:
    answer = system.http.get("/abnDashboard", params={"namespace": NAMESPACE, "application": "backend"})
    return dict(answer.json()) if answer.status_code == 200 else {}


def everybody_gets(system: System, *versions: int) -> None:
    assert set(system.versions_of(BACKEND, USERS)) == set(versions)
    assert set(system.versions_over_grpc(BACKEND, USERS)) == set(versions)


@pytest.mark.parametrize("model", ["mnist-svm.joblib", "mnist-svm-2.joblib"], ids=["as-written", "a-real-candidate"])
def test_every_sentence_of_the_tutorial_holds(tutorial: Tutorial, up: Up, model: str) -> None:
    candidate, promoted = (text.replace("mnist-svm.joblib", model) for text in (SEED_CANDIDATE, SEED_PROMOTED))
    system = up(
        *(None, "--cluster", "kubernetes", "--kubeconfig", str(tutorial.kubeconfig), "--scope", "namespace"),
        *("--drain", "1"),
    )

    # "Deploy the primary version of the model", "Describe the application"
    tutorial.kubectl("apply", "-f", "-", stdin=SEED_PRIMARY)
    tutorial.kserve_says("backend-0", LOADED)
    tutorial.kubectl("apply", "-f", "-", stdin=SEED_ROUTEMAP)
    system.await_weights(BACKEND, 1, 0)
    everybody_gets(system, 0)

    # "Until the candidate version is ready, calls to Lookup() will return only the version number 0"
    tutorial.kubectl("apply", "-f", "-", stdin=candidate)
    tutorial.kserve_says("backend-1", LOADING)
    eventually(lambda: system.routemap(BACKEND)["versions"][1]["reason"] == "NotReady", "the candidate is loading")
    everybody_gets(system, 0)

    # "Once the candidate version is ready, Lookup() will return both version numbers"
    tutorial.kserve_says("backend-1", LOADED)
    winner = system.await_weights(BACKEND, 1, 1)["versions"][1]["signature"]
    everybody_gets(system, 0, 1)
    before = system.versions_of(BACKEND, USERS)
    assert system.versions_of(BACKEND, USERS) == before, "users stay"

    # "compare the behavior of the two versions", with the data source's query
    for user, version in zip(USERS, before, strict=True):
        write_metric(system, user, 10 + version)
    summaries = dashboard(system)["sample_metric"]["SummaryOverTransactions"]
    assert {(each["Version"], each["Count"], each["Mean"]) for each in summaries} == {
        (version, before.count(version), 10 + version) for version in (0, 1)
    }

    # "Redefine primary", "Delete candidate": kubectl waits until it is gone
    tutorial.kubectl("replace", "-f", "-", stdin=promoted)
    tutorial.kubectl("delete", "inferenceservice", "backend-1", "--timeout=30s")
    assert tutorial.is_gone("backend-1")
    system.await_weights(BACKEND, 1, 0)
    everybody_gets(system, 0)

    def serves_the_winner() -> bool | None:
        return system.routemap(BACKEND)["versions"][0]["signature"] == winner or None

    eventually(serves_the_winner, "the primary serves the content that the candidate had", seconds=20)

    # "Cleanup"
    tutorial.kubectl("delete", "cm/backend")
    eventually(lambda: not system.routemap(BACKEND), "the routemap is withdrawn")
    tutorial.kubectl("delete", "isvc/backend-0", "--timeout=30s")
    assert tutorial.is_gone("backend-0")
    assert system.stop() == 0
    uninstall = [sys.executable, "-m", "iter8_gitops", "uninstall", "--kubeconfig", str(tutorial.kubeconfig), "--yes"]
    done = subprocess.run([*uninstall, "--scope", "namespace"], capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    assert tutorial.plane.list_all("coordination.k8s.io", "v1", "leases", NAMESPACE) == []
