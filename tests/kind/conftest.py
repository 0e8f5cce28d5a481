"""A cluster of kind with this checkout installed in it: `make test-kind`, on machines with Docker."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

ROOT = Path(__file__).parents[2]
NAMESPACE = "shop"


@dataclass(frozen=True)
class KindCluster:
    """The programs to talk to a cluster, and where the HTTP API of the installation in it is."""

    kubeconfig: Path
    http: str

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl in the namespace of the tests; AssertionError with its complaint when it fails."""
        return run("kubectl", f"--kubeconfig={self.kubeconfig}", f"--namespace={NAMESPACE}", *words, stdin=stdin)

    def versions_of(self, name: str, users: int = 200) -> set[int]:
        """The versions that users get."""
        application = f"{NAMESPACE}/{name}"
        with httpx.Client(base_url=self.http, timeout=5, trust_env=False) as client:
            answers = [
                client.get("/v1/lookup", params={"application": application, "user": f"user-{number}"})
                for number in range(users)
            ]
        return {answer.json()["versionNumber"] if answer.is_success else -1 for answer in answers}


@pytest.fixture(scope="session")
def kind_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KindCluster]:
    """A cluster of its own, deleted afterwards. Building and starting takes minutes, so it must be asked for."""
    if os.environ.get("ITER8_TEST_KIND") != "1":
        pytest.skip("creates a Kubernetes cluster in Docker: run it with `make test-kind`")
    for program in ("docker", "kind", "kubectl"):
        if shutil.which(program) is None:
            pytest.skip(f"`make test-kind` needs {program} on the PATH (kind.sigs.k8s.io)")
    if subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=60).returncode != 0:
        pytest.skip("`make test-kind` needs a running Docker engine")
    folder = tmp_path_factory.mktemp("kind")
    name = f"iter8-gitops-{secrets.token_hex(3)}"
    config = folder / "kubeconfig"
    image = f"iter8-gitops:{name}"
    run("docker", "build", "--file", str(ROOT / "deploy" / "Dockerfile"), "--tag", image, str(ROOT))
    try:
        run("kind", "create", "cluster", "--name", name, "--kubeconfig", str(config), "--wait", "180s")
        run("kind", "load", "docker-image", image, "--name", name)
        cluster = KindCluster(config, f"http://127.0.0.1:{free_port()}")
        run("kubectl", f"--kubeconfig={config}", "create", "namespace", NAMESPACE)
        install(cluster, folder, image)
        with forwarded(cluster):
            yield cluster
    finally:
        run("kind", "delete", "cluster", "--name", name, "--kubeconfig", str(config))
        run("docker", "image", "rm", image)


def install(cluster: KindCluster, folder: Path, image: str) -> None:
    """Install the namespace-scoped variant, as docs/install.md says, and wait until it is ready."""
    name, _, tag = image.partition(":")
    overlay = {
        "namespace": NAMESPACE,
        "resources": [os.path.relpath(ROOT / "deploy" / "kustomize" / "namespace", folder.resolve())],
        "images": [{"name": "iter8-gitops", "newName": name, "newTag": tag}],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
    cluster.kubectl("apply", "-k", str(folder))
    cluster.kubectl("rollout", "status", "statefulset/iter8-gitops", "--timeout=180s")


class forwarded:  # noqa: N801 - reads as a word
    """Forwards the HTTP port of the installation while it is entered."""

    def __init__(self, cluster: KindCluster) -> None:
        port = cluster.http.rpartition(":")[2]
        self._command = ["kubectl", f"--kubeconfig={cluster.kubeconfig}", f"--namespace={NAMESPACE}"]
        self._command += ["port-forward", "service/iter8-gitops", f"{port}:8080"]
        self._cluster = cluster

    def __enter__(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_until(lambda: _answers(f"{self._cluster.http}/readyz"), "the forwarded port answers")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


def wait_until(reached: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait; AssertionError with `what` when it is not so within `seconds`."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.2)


def run(*command: str, stdin: str | None = None) -> str:
    """Run a program and return its output; AssertionError with its complaint when it fails."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr[-4000:]}"
    return done.stdout


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False
