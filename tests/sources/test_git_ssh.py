from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Source
from iter8_gitops.sources.git.source import GitSource
from tests.sources.following import Following, contents
from tests.sources.repositories import Repository
from tests.sources.servers import SshServer

Follow = Callable[[Source], Following]
MakeSource = Callable[..., GitSource]
pytestmark = pytest.mark.slow


def test_commits_are_delivered_over_ssh(
    repository: Repository,
    ssh_server: SshServer,
    git_source: MakeSource,
    follow: Follow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", ssh_server.command)
    repository.commit({"a.yaml": "one"})
    url = ssh_server.url(repository.path)
    following = follow(git_source(url))
    first = following.tree()
    second = repository.commit({"a.yaml": "two"})
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}
    assert contents(follow(git_source(url, revision=second)).tree()) == {"a.yaml": "two"}


def test_the_short_form_of_an_ssh_address_is_followed(
    repository: Repository,
    ssh_server: SshServer,
    git_source: MakeSource,
    follow: Follow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", f"{ssh_server.command} -p {ssh_server.port}")
    repository.commit({"a.yaml": "one"})
    url = f"{ssh_server.user}@127.0.0.1:{repository.path}"
    assert contents(follow(git_source(url)).tree()) == {"a.yaml": "one"}


def test_the_ssh_command_of_the_persons_own_configuration_is_used(
    repository: Repository, ssh_server: SshServer, git_source: MakeSource, follow: Follow, git_config: Path
) -> None:
    git_config.write_text(f'[core]\n\tsshCommand = "{ssh_server.command}"\n')
    repository.commit({"a.yaml": "one"})
    assert contents(follow(git_source(ssh_server.url(repository.path))).tree()) == {"a.yaml": "one"}


def test_an_unknown_host_key_is_refused_without_a_question(
    repository: Repository, ssh_server: SshServer, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    url = ssh_server.url(repository.path)
    assert follow(git_source(url)).failure().message.startswith(f"cannot fetch {url}: the host key is not known")


def test_a_key_that_the_server_does_not_know_is_a_failure(
    repository: Repository,
    ssh_server: SshServer,
    git_source: MakeSource,
    follow: Follow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", f"{ssh_server.command} -oPubkeyAuthentication=no")
    url = ssh_server.url(repository.path)
    message = follow(git_source(url)).failure().message
    assert message == f"cannot fetch {url}: permission denied; the server accepted none of the ssh keys"


def test_a_repository_that_is_not_there_is_a_failure(
    ssh_server: SshServer,
    git_source: MakeSource,
    follow: Follow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", ssh_server.command)
    url = ssh_server.url(tmp_path / "nope")
    assert follow(git_source(url)).failure().message == f"cannot fetch {url}: repository not found"
