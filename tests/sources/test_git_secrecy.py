"""Where a password must never be seen: command lines, environments, files, logs, messages, names."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Credentials, Source
from iter8_gitops.sources.git.logins import Login
from iter8_gitops.sources.git.source import GitSource
from iter8_gitops.spec.tree import SourceFailure
from tests.sources.following import Following
from tests.sources.repositories import Repository
from tests.sources.servers import GitHttpServer, hang_after_login, serve_http

Follow = Callable[[Source], Following]
MakeSource = Callable[..., GitSource]
USER = "quentin"
PASSWORD = "zw9 p@ss/w:rd"
SPELLINGS = Login(USER, PASSWORD).secrets()


def _in_address(url: str, tmp_path: Path) -> tuple[str, Credentials | None]:
    return url.replace("://", f"://{USER}:zw9%20p%40ss%2Fw%3Ard@"), None


def _in_a_file(url: str, tmp_path: Path) -> tuple[str, Credentials | None]:
    (tmp_path / "password").write_text(PASSWORD)
    return url, Credentials(USER, password_file=tmp_path / "password")


def _resolved(url: str, tmp_path: Path) -> tuple[str, Credentials | None]:
    return url, Credentials(USER, PASSWORD)


@pytest.fixture(params=[_in_address, _in_a_file, _resolved])
def source(
    request: pytest.FixtureRequest, git_source: MakeSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], GitSource]:
    """Makes a source that was given the password in one of the ways there are."""
    monkeypatch.setenv("ITER8_GIT_TOKEN", PASSWORD)
    monkeypatch.setenv("ITER8_GIT_PASSWORD", PASSWORD)

    def make(url: str) -> GitSource:
        address, credentials = request.param(url, tmp_path)
        return git_source(address, credentials=credentials, subpath="apps")

    return make


@pytest.fixture
def server(repository: Repository) -> Iterator[GitHttpServer]:
    repository.git("config", "uploadpack.allowFilter", "true")
    with serve_http(repository.path.parent, username=USER, password=PASSWORD) as server:
        yield server


def shows_secret(text: str | bytes) -> bool:
    shown = text if isinstance(text, str) else text.decode("latin-1")
    return any(spelling in shown for spelling in SPELLINGS)


def test_a_secret_is_in_no_file_log_message_or_name(
    repository: Repository,
    server: GitHttpServer,
    source: Callable[[str], GitSource],
    follow: Follow,
    cache: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    commands: list[str] = []
    popen = subprocess.Popen.__init__

    def record(self: subprocess.Popen[bytes], args: list[str], *rest: object, **options: object) -> None:
        if "http-backend" not in args:  # That is the server's.
            commands.append(repr(args) + repr(options.get("env")))
        popen(self, args, *rest, **options)  # type: ignore[call-overload]  # passed on as they are

    monkeypatch.setattr(subprocess.Popen, "__init__", record)
    repository.commit({"apps/a.yaml": "one", "b.yaml": "left"})
    opened = source(f"{server.url}/routemaps")
    following = follow(opened)
    first = following.tree()
    server.login = "another:one"
    failures = [following.failure()]
    server.stop()
    failures += [following.failure() for _ in range(3)]
    server.login = f"{USER}:{PASSWORD}"
    server.start()
    repository.commit({"apps/a.yaml": "two"})
    following.tree_after(first)

    assert any("--filter" in command for command in commands)
    assert not any(shows_secret(command) for command in commands)
    assert {failure.message.rpartition(": ")[2] for failure in failures} >= {"authentication failed"}
    assert not any(shows_secret(failure.message) for failure in failures)
    assert not shows_secret(caplog.text)
    assert not shows_secret(opened.name + opened.location + repr(opened))
    cached = [file for file in cache.rglob("*") if file.is_file()]
    assert any(file.name == "config" for file in cached)
    assert not any(shows_secret(file.read_bytes()) for file in cached)


def test_a_secret_is_in_no_command_line_and_no_environment_while_a_server_hangs(
    source: Callable[[str], GitSource], cache: Path
) -> None:
    with hang_after_login() as (url, known), Following(source(f"{url}/routemaps")):
        assert known.wait(15)
        processes = _processes_of(url)
        assert any(b"remote-http" in line for line in processes.values())
        for process, line in processes.items():
            assert not shows_secret(line)
            assert not shows_secret((process / "environ").read_bytes())
        assert not any(shows_secret(file.read_bytes()) for file in cache.rglob("*") if file.is_file())


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_what_a_server_echoes_is_not_repeated(
    git_source: MakeSource, follow: Follow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    """A Git that fails with the secret in its own words stands for a server that shows what it was sent."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat >/dev/null\nprintf '%s\\n' 'fatal: who is {spelling}?' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    failure = follow(git_source("https://host/repo", credentials=Credentials(USER, PASSWORD))).failure()
    assert failure == SourceFailure(
        "git https://host/repo (default branch)", "cannot fetch https://host/repo: who is ***?"
    )


def test_credentials_do_not_show_their_password() -> None:
    assert PASSWORD not in repr(Credentials(USER, PASSWORD))


def _processes_of(url: str) -> dict[Path, bytes]:
    """The processes that were given this address, with their command lines."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if url.encode() in line:
            found[process] = line
    return found
