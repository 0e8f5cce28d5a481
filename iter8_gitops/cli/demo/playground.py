"""What the story needs around iter8-gitops: a Git repository, a stand-in for KServe, and the running system."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import git
import yaml

from iter8_gitops.cli.demo.manifests import NAMESPACE


class Repository:
    """The team's Git repository: everything they want is a commit in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._repo = git.Repo.init(path, initial_branch="main")
        with self._repo.config_writer() as config:
            config.set_value("user", "name", "Demo")
            config.set_value("user", "email", "demo@example.com")
            config.set_value("commit", "gpgsign", "false")

    def commit(self, message: str, files: dict[str, str | None]) -> str:
        """Write (or, for None, remove) `files` and commit them. Returns the short commit id."""
        for name, content in files.items():
            path = self.path / name
            if content is None:
                self._repo.index.remove([name], working_tree=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, encoding="utf-8")
                self._repo.index.add([name])
        return self._repo.index.commit(message).hexsha[:8]

    def close(self) -> None:
        """Let go of the repository's files."""
        self._repo.close()


class Cluster:
    """Stands in for a cluster that a GitOps tool applies the commits to, and in which KServe sets the status."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def apply(self, manifest: str, status: dict[str, Any]) -> None:
        """Create or replace the object of `manifest`, with the status that KServe gives it."""
        live = yaml.safe_load(manifest)
        live["metadata"]["namespace"] = NAMESPACE
        live["status"] = status
        target = self.path / f"{live['metadata']['name']}.yaml"
        unfinished = target.with_suffix(".part")
        unfinished.write_text(yaml.safe_dump(live, sort_keys=False), encoding="utf-8")
        unfinished.replace(target)

    def delete(self, name: str) -> None:
        """Delete an object."""
        (self.path / f"{name}.yaml").unlink()


class System:
    """A running `iter8-gitops up` on free ports."""

    def __init__(self, folder: Path, repository: Repository, cluster: Cluster) -> None:
        self.port, self.grpc_port = _free_ports(2)
        self.log = folder / "iter8-gitops.log"
        self.command = (
            *(sys.executable, "-m", "iter8_gitops", "up", repository.path.as_uri()),
            *("--cluster", f"manifests:{cluster.path}", "--state-dir", str(folder / "state")),
            *(
                "--port",
                str(self.port),
                "--grpc-port",
                str(self.grpc_port),
                "--interval",
                "0.5",
                "--workers",
                "2",
            ),
        )
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(self.command, stdout=log, stderr=log, start_new_session=True)  # noqa: S603

    @property
    def server(self) -> str:
        """Where the HTTP API is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """False once the system has ended by itself."""
        return self._process.poll() is None

    def stop(self) -> int:
        """Stop everything, as Ctrl-C would. Returns the exit code."""
        self._process.terminate()
        return self._process.wait(timeout=30)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
