"""Promotion in a repository at a URL: over HTTP and ssh, with credentials, and while others push."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from tests.promotion.running import run
from tests.promotion.shops import APPLICATION, CANDIDATE, PRIMARY, PROMOTED, Shop
from tests.sources.servers import GitHttpServer, SshServer, hang, serve_http

PASSWORD = "p@ss s3cr3t/rd:%"


@pytest.fixture
def server(shop: Shop) -> Iterator[GitHttpServer]:
    with serve_http(shop.origin.parent) as server:
        yield server


@pytest.fixture
def guarded(shop: Shop) -> Iterator[GitHttpServer]:
    with serve_http(shop.origin.parent, username="ada", password=PASSWORD) as server:
        yield server


def promote(url: str, *arguments: str | Path) -> Result:
    return run("promote", "--version", "1", "--repo", url, *arguments)


def test_it_is_pushed_over_http(shop: Shop, server: GitHttpServer) -> None:
    shop.push({"history.txt": "long"})
    result = promote(f"{server.url}/shop.git")
    assert result.exit_code == 0, result.output
    assert shop.read("backend-0.yaml") == PROMOTED
    assert shop.paths() == ["backend-0.yaml", "backend.yaml", "history.txt"]
    assert shop.subjects() == [f"Promote v1 of {APPLICATION}", "somebody else's", "begin"]
    assert f"on main at {server.url}/shop.git\n" in result.stdout


def test_a_dry_run_pushes_nothing(shop: Shop, server: GitHttpServer) -> None:
    result = promote(f"{server.url}/shop.git", "--dry-run")
    assert result.exit_code == 0
    assert "+++ /dev/null" in result.stdout
    assert shop.subjects() == ["begin"]
    assert not any("git-receive-pack" in line for line, _ in server.requests)


def test_a_branch_is_made_or_goes_on(shop: Shop, server: GitHttpServer) -> None:
    assert promote(f"{server.url}/shop.git", "--branch", "winner").exit_code == 0
    assert (shop.read("backend-0.yaml"), shop.read("backend-0.yaml", "winner")) == (PRIMARY, PROMOTED)
    shop.mine.git("fetch", "--quiet")
    shop.mine.git("switch", "--quiet", "winner")
    shop.mine.commit({"backend-1.yaml": CANDIDATE.replace("svm-2", "svm-3")}, "next")
    shop.mine.git("push", "--quiet")
    assert promote(f"{server.url}/shop.git", "--branch", "winner").exit_code == 0
    assert shop.read("backend-0.yaml", "winner") == PROMOTED.replace("svm-2", "svm-3")


def test_again_and_rolling_back_need_the_history_and_fetch_it(shop: Shop, server: GitHttpServer) -> None:
    url = f"{server.url}/shop.git"
    promote(url)
    shop.push({"later.txt": "1"})
    again = promote(url)
    assert (again.exit_code, again.stdout[:12]) == (0, "v1 of modelm")
    assert "is promoted already, by commit" in again.stdout
    assert run("rollback", "--repo", url).exit_code == 0
    assert (shop.read("backend-0.yaml"), shop.read("backend-1.yaml")) == (PRIMARY, CANDIDATE)
    assert shop.read("later.txt") == "1"


@pytest.mark.parametrize("way", ["file", "variable", "address"])
def test_a_login_is_used_and_never_shown(
    way: str, shop: Shop, guarded: GitHttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{guarded.url}/shop.git"
    options: list[str | Path] = []
    if way == "address":
        url = url.replace("://", "://ada:p%40ss%20s3cr3t%2Frd%3A%25@")
    elif way == "file":
        (tmp_path / "password").write_text(PASSWORD + "\n")
        options = ["--git-username", "ada", "--git-password-file", tmp_path / "password"]
    else:
        monkeypatch.setenv("ITER8_GIT_PASSWORD", PASSWORD)
        options = ["--git-username", "ada"]
    result = promote(url, *options)
    assert result.exit_code == 0, result.output
    assert shop.read("backend-0.yaml") == PROMOTED
    assert "s3cr3t" not in result.output


def test_a_wrong_login_is_told_without_it(shop: Shop, guarded: GitHttpServer) -> None:
    result = promote(f"{guarded.url}/shop.git".replace("://", "://ada:s3cr3t@"))
    assert result.exit_code == 2
    assert f"cannot reach {guarded.url}/shop.git: auth" in result.stderr
    assert "s3cr3t" not in result.output


class Interrupting(list[tuple[str, str]]):
    """The requests of a server, one of which it answers only after something else has happened."""

    def __init__(self, mark: str, happen: Callable[[], object], times: int) -> None:
        super().__init__()
        self.mark = mark
        self.happen = happen
        self.left = times

    def append(self, request: tuple[str, str]) -> None:
        super().append(request)
        if self.left and self.mark in request[0]:
            self.left -= 1
            self.happen()


GET, POST = "GET /shop.git/info/refs?service=git-receive-pack", "POST /shop.git/git-receive-pack"


@pytest.mark.parametrize("moment", [GET, POST])
def test_a_push_that_loses_a_race_at_any_moment_is_made_again(shop: Shop, server: GitHttpServer, moment: str) -> None:
    shop.clone("other")
    later = iter(range(3, 9))
    server.requests = Interrupting(
        moment, lambda: shop.push({"backend-1.yaml": CANDIDATE.replace("svm-2", f"svm-{next(later)}")}), times=2
    )
    result = promote(f"{server.url}/shop.git")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("somebody else was quicker") == 2
    assert shop.read("backend-0.yaml") == PROMOTED.replace("svm-2", "svm-4")
    assert shop.subjects() == [f"Promote v1 of {APPLICATION}", *["somebody else's"] * 2, "begin"]


def test_a_race_is_not_run_for_ever(shop: Shop, server: GitHttpServer) -> None:
    shop.clone("other")
    server.requests = Interrupting(GET, lambda: shop.push({"t.txt": str(len(server.requests))}), times=99)
    result = promote(f"{server.url}/shop.git")
    assert result.exit_code == 2
    assert "others pushed each time, 6 times in a row" in result.stderr
    assert shop.read("backend-0.yaml") == PRIMARY


def test_two_who_promote_at_once_make_one_promotion(shop: Shop, server: GitHttpServer) -> None:
    plain = str(shop.origin)
    server.requests = Interrupting(GET, lambda: promote(plain, "--evidence", "theirs"), times=1)
    result = promote(f"{server.url}/shop.git")
    assert result.exit_code == 0
    assert "is promoted already" in result.stdout
    assert shop.subjects() == [f"Promote v1 of {APPLICATION}", "begin"]


def test_it_is_pushed_over_ssh(shop: Shop, ssh_server: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", ssh_server.command)
    result = promote(ssh_server.url(shop.origin))
    assert result.exit_code == 0, result.output
    assert shop.read("backend-0.yaml") == PROMOTED


def test_a_clone_pushes_over_ssh_with_its_own_configuration(shop: Shop, ssh_server: SshServer) -> None:
    shop.mine.git("config", "core.sshCommand", ssh_server.command)
    shop.mine.git("remote", "set-url", "origin", ssh_server.url(shop.origin))
    result = run("promote", "--version", "1", "--repo", shop.mine.path, "--push")
    assert result.exit_code == 0, result.output
    assert shop.read("backend-0.yaml") == PROMOTED


def test_a_clone_pushes_with_the_credential_helper_of_its_owner(
    shop: Shop, guarded: GitHttpServer, git_config: Path
) -> None:
    git_config.write_text(
        f"[credential]\n\thelper = \"!f() {{ echo username=ada; echo 'password={PASSWORD}'; }}; f\"\n"
    )
    shop.mine.git("remote", "set-url", "origin", f"{guarded.url}/shop.git")
    result = run("promote", "--version", "1", "--repo", shop.mine.path, "--push")
    assert result.exit_code == 0, result.output
    assert shop.read("backend-0.yaml") == PROMOTED


def test_a_file_that_only_a_link_leads_to_is_edited_where_it_is(shop: Shop, server: GitHttpServer) -> None:
    shop.mine.git("mv", "backend-0.yaml", "real.yaml")
    (shop.mine.path / "backend-0.yaml").symlink_to("real.yaml")
    shop.mine.commit_all()
    shop.mine.git("push", "--quiet")
    assert promote(f"{server.url}/shop.git").exit_code == 0
    assert shop.read("real.yaml") == PROMOTED
    assert shop.read("backend-0.yaml") == "real.yaml"


def test_a_repository_with_sha256_is_no_different(tmp_path: Path) -> None:
    from tests.promotion.shops import FILES
    from tests.promotion.shops import run as git
    from tests.sources.repositories import Repository

    origin = tmp_path / "new.git"
    git("init", "--quiet", "--bare", "--initial-branch=main", "--object-format=sha256", str(origin))
    mine = Repository(tmp_path / "sha256", object_format="sha256")
    mine.commit(FILES)
    mine.git("push", "--quiet", str(origin), "main")
    assert promote(str(origin)).exit_code == 0
    assert git("show", "main:backend-0.yaml", folder=origin) == PROMOTED.strip()


def test_what_is_no_repository_is_told(shop: Shop, server: GitHttpServer) -> None:
    result = promote(f"{server.url}/nothing.git")
    assert result.exit_code == 2
    assert f"cannot reach {server.url}/nothing.git: repository not found" in result.stderr
    assert promote("ext::sh -c touch% /tmp/x").exit_code == 2


def test_an_empty_repository_is_told(tmp_path: Path) -> None:
    from tests.promotion.shops import run as git

    git("init", "--quiet", "--bare", str(tmp_path / "empty.git"))
    result = promote(str(tmp_path / "empty.git"))
    assert result.exit_code == 2
    assert "has no commit on its default branch yet" in result.stderr


def test_a_remote_that_hangs_can_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iter8_gitops.promotion.git.commands.REMOTE_SECONDS", 0.5)
    with hang() as port:
        result = promote(f"http://127.0.0.1:{port}/shop.git")
    assert result.exit_code == 2
    assert "no answer within 0.5 seconds" in result.stderr
