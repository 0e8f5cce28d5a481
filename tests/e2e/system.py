"""A running `iter8-gitops up`, a Git repository to commit to, and clients: what users have."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import git
import grpc
import httpx

from iter8_gitops.serving.abn import abn_pb2, abn_pb2_grpc

_Seen = TypeVar("_Seen")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], _Seen | None], what: str, seconds: float = 30.0) -> _Seen:
    """Look again and again until there is something to see."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            seen = look()
        except httpx.HTTPError:
            seen = None
        if seen:
            return seen
        assert time.monotonic() < deadline, f"not seen within {seconds} s: {what}"
        time.sleep(0.05)


class Repository:
    """A Git repository with a work tree."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._repo = git.Repo.init(path, initial_branch="main")
        with self._repo.config_writer() as config:
            config.set_value("user", "name", "Test")
            config.set_value("user", "email", "test@example.com")

    def commit(self, files: Mapping[str, str | bytes | None]) -> str:
        for name, content in files.items():
            path = self.path / name
            if content is None:
                self._repo.index.remove([name], working_tree=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            self._repo.index.add([name])
        return self._repo.index.commit("a change").hexsha

    def close(self) -> None:
        self._repo.close()


class System:
    """`iter8-gitops up [LOCATION]` in a process of its own."""

    def __init__(self, location: str | Path | None, state: Path, *options: str) -> None:
        self.port, self.grpc_port = free_port(), free_port()
        self.log = state.with_suffix(".log")
        command = [
            *(sys.executable, "-m", "iter8_gitops", "up", *([] if location is None else [str(location)])),
            *("--state-dir", str(state), "--workers", "2"),
            *("--port", str(self.port), "--grpc-port", str(self.grpc_port), "--interval", "0.3", *options),
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10)

    @property
    def url(self) -> str:
        return str(self.http.base_url)

    def ready(self) -> System:
        eventually(lambda: self.http.get("/readyz").status_code == 200 or None, f"ready; see {self.log}")
        return self

    def lookup(self, application: str, user: str) -> dict[str, Any]:
        answer = self.http.get("/v1/lookup", params={"application": application, "user": user})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def versions_of(self, application: str, users: Iterable[str]) -> list[int]:
        return [self.lookup(application, user)["versionNumber"] for user in users]

    def versions_over_grpc(self, application: str, users: Sequence[str]) -> list[int]:
        """The same over gRPC, many at a time."""
        with grpc.insecure_channel(f"127.0.0.1:{self.grpc_port}") as channel:
            lookup = abn_pb2_grpc.ABNStub(channel).Lookup  # type: ignore[no-untyped-call] # generated code
            versions: list[int] = []
            for start in range(0, len(users), 250):
                some = users[start : start + 250]
                calls = [lookup.future(abn_pb2.Application(name=application, user=user)) for user in some]
                versions.extend(call.result(timeout=30).versionNumber for call in calls)
            return versions

    def routemap(self, application: str) -> dict[str, Any]:
        answer = self.http.get(f"/v1/routemaps/{application}")
        return dict(answer.json()) if answer.status_code == 200 else {}

    def await_weights(self, application: str, *weights: int) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            seen = self.routemap(application)
            return seen if [v["weight"] for v in seen.get("versions", [])] == list(weights) else None

        return eventually(look, f"{application} with weights {weights}; see {self.log}")

    def processes(self) -> dict[int, str]:
        """Every process below this one: id -> command line."""
        children: dict[int, list[int]] = {}
        commands: dict[int, str] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                    commands[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
                except (OSError, UnicodeDecodeError):
                    continue
                children.setdefault(parent, []).append(int(entry.name))
        found: dict[int, str] = {}
        waiting = [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found[pid] = commands.get(pid, "")
            waiting.extend(children.get(pid, []))
        return found

    def stop(self) -> int:
        """Stop it as Ctrl-C does."""
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def kill_everything(self) -> None:
        """`kill -9` of every process, the supervisor first, so that nothing is started again."""
        pids = list(self.processes())
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids) or None, "all processes gone")
        self.http.close()
