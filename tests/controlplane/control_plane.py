"""A Kubernetes control plane of its own for tests: etcd, kube-apiserver and, if wanted, kube-controller-manager."""

from __future__ import annotations

import base64
import shutil
import ssl
import subprocess
from collections.abc import Iterable
from pathlib import Path

import httpx

from tests.controlplane.binaries import Binaries
from tests.controlplane.crds import CustomResources
from tests.controlplane.credentials import ADMIN, Credentials
from tests.controlplane.objects import ObjectCalls
from tests.controlplane.processes import Server, flag_exists, free_port

_CONTROLLERS = "garbagecollector,deployment,replicaset,namespace"

PLAIN_USERS = ("controller", "other", "nobody")
"""The users that every control plane knows unless told otherwise."""


class ControlPlane(ObjectCalls):
    """The servers on random ports of the loopback interface, with their files in `folder`.

    `users` are the plain users beside "admin"; each is in the group "testers" and may do only what RBAC objects allow.
    `flags` are further flags of the API server, such as "--watch-cache=false". There is no scheduler and no kubelet:
    pods stay pending until a test patches their status. Methods may be called from any thread.
    """

    def __init__(
        self,
        binaries: Binaries,
        folder: Path,
        *,
        users: Iterable[str] = PLAIN_USERS,
        flags: Iterable[str] = (),
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self._binaries = binaries
        self._flags = tuple(flags)
        self._credentials = Credentials(folder, users)
        self._etcd_port = free_port()
        self._etcd: Server | None = None
        self._api_server: Server | None = None
        self._controller_manager: Server | None = None
        self._clients: list[httpx.Client] = []
        self._admin: httpx.Client | None = None
        self._kubeconfigs: dict[str, Path] = {}
        self._custom_resources = CustomResources(binaries.crds)

    @property
    def url(self) -> str:
        """The address of the API server."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca(self) -> Path:
        """The certificate that clients must trust; valid for 127.0.0.1 on any port."""
        return self.folder / "certificates" / "apiserver.crt"

    @property
    def admin(self) -> httpx.Client:
        """The client of the user "admin"."""
        if self._admin is None:
            self._admin = self.api(ADMIN)
        return self._admin

    def start(self) -> None:
        """Start etcd and the API server and return when it is ready. Raises StartError."""
        self._start_etcd()
        self.start_api_server()

    def stop(self) -> None:
        """Kill all servers, close all clients and remove the folder."""
        for client in self._clients:
            client.close()
        for server in (self._controller_manager, self._api_server, self._etcd):
            if server is not None:
                server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_api_server(self) -> None:
        """Start the API server, on the same port with the same data if it ran before, and wait until it is ready."""
        key = self._credentials.signing_key
        command: list[str | Path] = [
            self._binaries.api_server,
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            f"--secure-port={self.port}",
            "--bind-address=127.0.0.1",
            f"--cert-dir={self.ca.parent}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={self._credentials.token_file}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount",
            # Only tests compact; what they read stays.
            "--etcd-compaction-interval=0",
            *self._flags,
        ]
        self._api_server = Server(command, self.folder / "kube-apiserver.log")
        self._api_server.wait_until(self._is_ready)

    def kill_api_server(self) -> None:
        """Kill the API server; connections break, and new ones are refused."""
        if self._api_server is not None:
            self._api_server.kill()

    def start_controller_manager(self) -> None:
        """Start the controllers of deployments, replica sets and namespaces, and the garbage collector; does not wait.

        The garbage collector learns of resources that are defined later within 30 s.
        """
        binary = self._binaries.controller_manager
        command: list[str | Path] = [
            binary,
            f"--kubeconfig={self.kubeconfig()}",
            f"--controllers={_CONTROLLERS}",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        ]
        if flag_exists(binary, "--port"):
            # Until 1.23 there is an insecure port, too, which all control planes of a machine would share.
            command.append("--port=0")
        self._controller_manager = Server(command, self.folder / "kube-controller-manager.log")

    def pause_etcd(self) -> None:
        """Stop etcd where it is: the API server accepts requests and answers none that needs the store."""
        _started(self._etcd).pause()

    def resume_etcd(self) -> None:
        """Let etcd go on."""
        _started(self._etcd).resume()

    def compact(self) -> None:
        """Forget the history up to now, so that a watch or a page from an earlier resource version gets 410 Gone.

        With the watch cache (the default), the API server still serves watches from its own memory of the
        events since its start; use "--watch-cache=false", or kill and start it.
        """
        key = base64.b64encode(b"compacted").decode()
        with httpx.Client(base_url=f"http://127.0.0.1:{self._etcd_port}/v3/kv/", trust_env=False, timeout=30) as etcd:
            # Two revisions of its own, so that even who saw the last change of an object has missed a revision.
            for _ in range(2):
                written = etcd.post("put", json={"key": key}).raise_for_status().json()
            compaction = {"revision": written["header"]["revision"], "physical": True}
            etcd.post("compaction", json=compaction).raise_for_status()

    def kubeconfig(self, user: str = ADMIN, *, namespace: str = "default", server: str | None = None) -> Path:
        """Write a kubeconfig file for `user`; `server` replaces the address, for a proxy on 127.0.0.1."""
        return self._credentials.kubeconfig(user, server or self.url, self.ca, namespace)

    def token(self, user: str = ADMIN) -> str:
        """Return the bearer token of a user."""
        return self._credentials.tokens[user]

    def kubectl(self, *arguments: str, stdin: str | None = None, user: str = ADMIN) -> str:
        """Run kubectl and return its output; raise AssertionError with its complaint when it fails."""
        if user not in self._kubeconfigs:
            self._kubeconfigs[user] = self.kubeconfig(user)
        config = self._kubeconfigs[user]
        options = [f"--kubeconfig={config}", f"--cache-dir={self.folder / 'cache'}"]
        command = [str(self._binaries.kubectl), *options, *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def api(self, user: str = ADMIN, *, server: str | None = None) -> httpx.Client:
        """Return a client for raw calls as `user`; it is closed with the control plane. Times out after 30 s."""
        client = httpx.Client(
            base_url=server or self.url,
            headers={"Authorization": f"Bearer {self.token(user)}"},
            verify=ssl.create_default_context(cafile=self.ca),
            timeout=30,
            trust_env=False,
        )
        self._clients.append(client)
        return client

    def install_crds(self) -> None:
        """Install all CustomResourceDefinitions and wait until they are served."""
        self._custom_resources.install(self.admin, *self._custom_resources.plurals)

    def install_crd(self, plural: str) -> None:
        """Install one definition, such as "inferenceservices", and wait until it is served."""
        self._custom_resources.install(self.admin, plural)

    def delete_crd(self, plural: str) -> None:
        """Delete one definition with all its objects, and wait until it is no longer served."""
        self._custom_resources.delete(self.admin, plural)

    def _start_etcd(self) -> None:
        address = f"http://127.0.0.1:{self._etcd_port}"
        command: list[str | Path] = [
            self._binaries.etcd,
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={address}",
            f"--advertise-client-urls={address}",
            f"--listen-peer-urls=http://127.0.0.1:{free_port()}",
            # The definition of InferenceService is larger than what etcd takes by default.
            "--max-request-bytes=8000000",
            "--log-level=warn",
        ]
        if flag_exists(self._binaries.etcd, "--unsafe-no-fsync"):
            command.append("--unsafe-no-fsync")
        self._etcd = Server(command, self.folder / "etcd.log")

    def _is_ready(self) -> bool:
        """Ask without the pool of a client: a server that was killed leaves broken connections in it.

        A new server says that it is ready a moment before it has made the namespace `default`.
        """
        if not self.ca.exists():
            return False
        context = ssl.create_default_context(cafile=self.ca)
        headers = {"Authorization": f"Bearer {self.token()}"}
        try:
            with httpx.Client(base_url=self.url, headers=headers, verify=context, timeout=5, trust_env=False) as client:
                return client.get("/readyz").is_success and client.get("/api/v1/namespaces/default").is_success
        except httpx.TransportError:
            return False


def _started(server: Server | None) -> Server:
    assert server is not None, "start the control plane first"
    return server
