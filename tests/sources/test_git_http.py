from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Source
from iter8_gitops.sources.git.source import GitSource
from tests.sources.following import Following, contents
from tests.sources.repositories import Repository
from tests.sources.servers import GitHttpServer, serve_files, serve_http

Follow = Callable[[Source], Following]
MakeSource = Callable[..., GitSource]
PASSWORD = "p@ss w/rd:%"
QUOTED = "p%40ss%20w%2Frd%3A%25"


@pytest.fixture
def server(repository: Repository) -> Iterator[GitHttpServer]:
    with serve_http(repository.path.parent) as server:
        yield server


@pytest.fixture
def guarded(repository: Repository) -> Iterator[GitHttpServer]:
    with serve_http(repository.path.parent, username="ada", password=PASSWORD) as server:
        yield server


def with_login(server: GitHttpServer, login: str) -> str:
    return f"{server.url.replace('://', f'://{login}@')}/routemaps"


def test_commits_are_delivered_over_http(
    repository: Repository, server: GitHttpServer, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    following = follow(git_source(f"{server.url}/routemaps"))
    first = following.tree()
    repository.commit({"a.yaml": "two"})
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}


def test_an_unchanged_remote_is_only_asked_for_its_refs(
    repository: Repository, server: GitHttpServer, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    following = follow(git_source(f"{server.url}/routemaps", revision="main"))
    following.tree()
    fetched = len(server.requests)
    following.tree()
    following.tree()
    assert len(server.requests) - fetched <= 3 * 2  # The capabilities and the refs, for each look.


def test_a_commit_and_a_tag_are_found_over_http(
    repository: Repository, server: GitHttpServer, git_source: MakeSource, follow: Follow
) -> None:
    old = repository.commit({"a.yaml": "old"})
    repository.git("tag", "--annotate", "v1", "--message=x")
    repository.commit({"a.yaml": "new"})
    for revision in (old, "v1"):
        assert contents(follow(git_source(f"{server.url}/routemaps", revision=revision)).tree()) == {"a.yaml": "old"}


def test_a_server_that_goes_away_and_returns(
    repository: Repository, server: GitHttpServer, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    following = follow(git_source(f"{server.url}/routemaps"))
    first = following.tree()
    server.stop()
    assert following.failure().message == f"cannot fetch {server.url}/routemaps: connection refused"
    server.start()
    assert following.tree() is first


def test_a_repository_that_is_not_there_is_a_failure(
    server: GitHttpServer, git_source: MakeSource, follow: Follow
) -> None:
    message = follow(git_source(f"{server.url}/nope")).failure().message
    assert message == f"cannot fetch {server.url}/nope: repository not found"


def test_a_plain_file_server_will_do(repository: Repository, git_source: MakeSource, follow: Follow) -> None:
    old = repository.commit({"a.yaml": "one"})
    repository.commit({"a.yaml": "two"})
    repository.git("update-server-info")
    with serve_files(repository.path / ".git") as url:
        assert contents(follow(git_source(url)).tree()) == {"a.yaml": "two"}
        assert contents(follow(git_source(url, revision=old)).tree()) == {"a.yaml": "one"}


@pytest.mark.parametrize("login", [f"ada:{QUOTED}", "ada:p@ss%20w%2frd%3a%25"])
def test_credentials_in_the_address_are_used(
    repository: Repository, guarded: GitHttpServer, git_source: MakeSource, follow: Follow, login: str
) -> None:
    repository.commit({"a.yaml": "one"})
    assert contents(follow(git_source(with_login(guarded, login))).tree()) == {"a.yaml": "one"}


def test_a_token_in_the_place_of_the_user_is_used(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    with serve_http(repository.path.parent, username="ghp_token") as server:
        assert contents(follow(git_source(with_login(server, "ghp_token"))).tree()) == {"a.yaml": "one"}


def test_missing_and_wrong_credentials_are_failures_without_secrets(
    repository: Repository, guarded: GitHttpServer, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    shown = f"cannot fetch {guarded.url}/routemaps"
    assert follow(git_source(f"{guarded.url}/routemaps")).failure().message == f"{shown}: authentication required"
    failure = follow(git_source(with_login(guarded, "ada:wr0ng"))).failure()
    assert failure.message == f"{shown}: authentication failed"
    assert failure.source == f"git {guarded.url}/routemaps (default branch)"


def test_credentials_of_the_persons_own_helper_are_used(
    repository: Repository, guarded: GitHttpServer, git_source: MakeSource, follow: Follow, git_config: Path
) -> None:
    repository.commit({"a.yaml": "one"})
    store = git_config.with_name("credentials")
    store.write_text(with_login(guarded, f"ada:{QUOTED}") + "\n")
    git_config.write_text(f'[credential]\n\thelper = "store --file={store}"\n')
    assert contents(follow(git_source(f"{guarded.url}/routemaps")).tree()) == {"a.yaml": "one"}


def test_credentials_in_the_address_are_not_given_to_the_persons_helper(
    repository: Repository, guarded: GitHttpServer, git_source: MakeSource, follow: Follow, git_config: Path
) -> None:
    repository.commit({"a.yaml": "one"})
    store = git_config.with_name("credentials")
    git_config.write_text(f'[credential]\n\thelper = "store --file={store}"\n')
    follow(git_source(with_login(guarded, f"ada:{QUOTED}"))).tree()
    assert not store.exists()


def test_credentials_are_not_given_to_another_host(
    repository: Repository, git_source: MakeSource, follow: Follow, git_config: Path
) -> None:
    repository.commit({"a.yaml": "one"})
    with serve_http(repository.path.parent, username="ada", password="other") as stranger:
        git_config.write_text(f'[url "{stranger.url}/"]\n\tinsteadOf = "http://127.0.0.1:1/"\n')
        failure = follow(git_source("http://ada:other@127.0.0.1:1/routemaps")).failure()
        assert failure.message.endswith("authentication required")
        assert {login for _, login in stranger.requests} == {""}
