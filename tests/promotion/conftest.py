from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.spec.kinds import KindTable
from tests.promotion.shops import Shop, isolate
from tests.sources.servers import SshServer, find_sshd, serve_ssh


@pytest.fixture(autouse=True)
def _git_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the configuration of the person who runs the tests, and of a Git hook around them, out."""
    isolate(monkeypatch, tmp_path / "gitconfig")


@pytest.fixture
def git_config(tmp_path: Path) -> Path:
    """The person's own Git configuration file; it does not exist yet."""
    return tmp_path / "gitconfig"


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    return Plugins.load()


@pytest.fixture(scope="session")
def kinds(plugins: Plugins) -> KindTable:
    return KindTable(plugins.kinds())


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The seed's application in a clone of a repository on this machine."""
    return Shop(tmp_path)


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
