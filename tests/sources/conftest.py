from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Source
from iter8_gitops.sources.backoff import Backoff
from iter8_gitops.sources.git.source import GitSource
from tests.sources.following import Following
from tests.sources.repositories import GIT_ENVIRONMENT, Repository
from tests.sources.servers import SshServer, find_sshd, serve_ssh


@pytest.fixture(autouse=True)
def _git_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the configuration of the person who runs the tests, and of a Git hook around them, out."""
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))


@pytest.fixture
def git_config(tmp_path: Path) -> Path:
    """The person's own Git configuration file; it does not exist yet."""
    return tmp_path / "gitconfig"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository without a commit."""
    return Repository(tmp_path / "served" / "routemaps")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def git_source(cache: Path) -> Callable[..., GitSource]:
    """Makes Git sources that poll and retry at once."""

    def make(url: str | Path, **options: object) -> GitSource:
        backoff = Backoff(first=0.02, base=0.05, ceiling=0.1)
        return GitSource(str(url), **{"cache": cache, "interval": 0.05, "backoff": backoff, **options})  # type: ignore[arg-type]  # options of the test

    return make


@pytest.fixture
def follow() -> Iterator[Callable[[Source], Following]]:
    """Starts to follow a source; at the end of the test, each must end in time."""
    with ExitStack() as stack:
        yield lambda source: stack.enter_context(Following(source))


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    sshd = find_sshd()
    if sshd is None:
        message = "these tests need OpenSSH's server and client (on Debian: apt-get install openssh-server)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with serve_ssh(sshd, tmp_path_factory.mktemp("ssh")) as server:
        yield server
