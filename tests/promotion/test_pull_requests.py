"""`promote --pull-request`, from a clone and at a URL, with a host beside the Git server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from iter8_gitops_plugins import hosts as plugin

from iter8_gitops.hooks.manager import Plugins
from tests.plugins.receivers import without_proxies
from tests.promotion.hosts import HOSTS, TOKEN, Host, hosting
from tests.promotion.running import promote as promote_mine
from tests.promotion.running import rollback, run
from tests.promotion.shops import APPLICATION, CANDIDATE, PRIMARY, PROMOTED, Shop
from tests.sources.servers import GitHttpServer, serve_http

PREFIX = "iter8/promote-modelmesh-serving-backend-"


@pytest.fixture(autouse=True)
def _host_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin as it is here, whether or not an older installation knows of it."""
    without_proxies(monkeypatch)
    plugins = Plugins.load(extra={"git-hosts": plugin})
    monkeypatch.setattr(Plugins, "load", lambda **_: plugins)
    monkeypatch.setenv("ITER8_GIT_HOST_TOKEN", TOKEN)


@pytest.fixture(params=list(HOSTS))
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    with hosting(request.param) as host:
        yield host


@pytest.fixture
def server(shop: Shop) -> Iterator[GitHttpServer]:
    shop.origin.rename(shop.origin.parent / "moving")
    (shop.origin.parent / "you").mkdir()
    shop.origin = (shop.origin.parent / "moving").rename(shop.origin.parent / "you" / "shop.git")
    with serve_http(shop.origin.parent.parent) as server:
        shop.mine.git("remote", "set-url", "origin", f"{server.url}/you/shop.git")
        yield server


def options(host: Host) -> tuple[str, ...]:
    return ("--pull-request", "--host-type", host.type, "--host-url", host.url)


def propose(shop: Shop, host: Host, *arguments: str | Path) -> Result:
    return promote_mine(shop, *options(host), *arguments)


def proposed(shop: Shop) -> list[str]:
    listing = shop.mine.git("ls-remote", "--heads", str(shop.origin), "refs/heads/iter8/*")
    return [line.partition("refs/heads/")[2] for line in listing.splitlines()]


def test_a_branch_is_pushed_and_proposed_and_nothing_else_moves(shop: Shop, host: Host, server: GitHttpServer) -> None:
    result = propose(shop, host)
    assert result.exit_code == 0, result.output
    (branch,) = proposed(shop)
    signature = shop.message(branch).partition("Iter8-Signature: ")[2][:16]
    assert branch == PREFIX + signature
    assert (shop.read("backend-0.yaml", branch), shop.read("backend-0.yaml")) == (PROMOTED, PRIMARY)
    (posted,) = host.posts
    assert posted.document["title"] == f"Promote v1 of {APPLICATION}"
    body = posted.document.get("body") or posted.document["description"]
    assert f"Iter8-Signature: {signature}" in body
    assert "\npull request 1: http://127.0.0.1:" in result.stdout
    assert shop.mine.git("status", "--porcelain", "--branch") == "## main...origin/main"
    assert TOKEN not in result.output


def test_asked_again_the_same_branch_and_pull_request_are_shown(shop: Shop, host: Host, server: GitHttpServer) -> None:
    first = propose(shop, host)
    shop.push({"notes.txt": "main has moved on"})
    tip = shop.tip(proposed(shop)[0])
    again = propose(shop, host)
    assert again.stdout == first.stdout
    assert (shop.tip(proposed(shop)[0]), len(host.posts)) == (tip, 1)


def test_it_is_proposed_on_what_the_remote_has_now(shop: Shop, host: Host, server: GitHttpServer) -> None:
    shop.push({"backend-1.yaml": CANDIDATE.replace("svm-2", "svm-5")})
    shop.mine.commit({"mine.txt": "not pushed"})
    propose(shop, host)
    (branch,) = proposed(shop)
    assert shop.read("backend-0.yaml", branch) == PROMOTED.replace("svm-2", "svm-5")
    assert "mine.txt" not in shop.paths(branch)


def test_a_repository_at_a_url_needs_no_clone(shop: Shop, host: Host, server: GitHttpServer) -> None:
    result = run("promote", "--version", "1", "--repo", f"{server.url}/you/shop.git", *options(host))
    assert result.exit_code == 0, result.output
    assert [posted.document["title"] for posted in host.posts] == [f"Promote v1 of {APPLICATION}"]
    assert len(proposed(shop)) == 1


def test_once_it_is_merged_it_is_promoted_already(shop: Shop, host: Host, server: GitHttpServer) -> None:
    propose(shop, host)
    shop.mine.git("pull", "--quiet", "--squash", "origin", proposed(shop)[0])
    shop.mine.git("commit", "--quiet", "--message", f"{shop.message(proposed(shop)[0])}\nCo-authored-by: B <b@b>")
    shop.mine.git("push", "--quiet")
    result = propose(shop, host)
    assert result.exit_code == 0
    assert "is promoted already, by commit" in result.stdout


def test_a_branch_that_holds_something_else_is_left_alone(shop: Shop, host: Host, server: GitHttpServer) -> None:
    propose(shop, host)
    (branch,) = proposed(shop)
    shop.mine.git("push", "--quiet", "--force", "origin", f"main:refs/heads/{branch}")
    result = propose(shop, host)
    assert result.exit_code == 2
    assert f"there is a branch {branch} already, which is something else" in result.stderr
    assert shop.tip(branch) == shop.tip()


def test_a_rollback_can_be_proposed_too(shop: Shop, host: Host, server: GitHttpServer) -> None:
    promote_mine(shop, "--push")
    assert rollback(shop, *options(host)).exit_code == 0
    (branch,) = proposed(shop)
    assert branch.startswith("iter8/rollback-modelmesh-serving-backend-")
    assert (shop.read("backend-0.yaml", branch), shop.read("backend-0.yaml")) == (PRIMARY, PROMOTED)
    assert host.posts[0].document["title"] == f"Roll back v1 of {APPLICATION}"


def test_the_token_may_be_in_a_file(
    shop: Shop, host: Host, server: GitHttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ITER8_GIT_HOST_TOKEN")
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    assert propose(shop, host, "--host-token-file", tmp_path / "token").exit_code == 0


def test_a_host_that_refuses_leaves_the_branch_to_be_proposed_again(
    shop: Shop, host: Host, server: GitHttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITER8_GIT_HOST_TOKEN", "wr0ng-s3cr3t")
    result = propose(shop, host)
    assert result.exit_code == 2
    assert "the token is not valid, or has expired" in result.stderr
    assert "s3cr3t" not in result.output
    monkeypatch.setenv("ITER8_GIT_HOST_TOKEN", TOKEN)
    assert propose(shop, host).exit_code == 0
    assert len(proposed(shop)) == 1


def test_a_host_that_is_not_known_is_told_before_anything_is_pushed(shop: Shop, server: GitHttpServer) -> None:
    result = promote_mine(shop, "--pull-request")
    assert result.exit_code == 2
    assert "what kind of host 127.0.0.1 is cannot be told; say so with --host-type" in result.stderr
    assert proposed(shop) == []


def test_git_is_never_given_the_token_of_the_host(
    shop: Shop, host: Host, server: GitHttpServer, tmp_path: Path
) -> None:
    hook = shop.mine.path / ".git" / "hooks" / "pre-push"
    hook.write_text(f"#!/bin/sh\nenv > {tmp_path / 'environment'}\n")
    hook.chmod(0o755)
    assert propose(shop, host).exit_code == 0
    assert TOKEN not in (tmp_path / "environment").read_text()
