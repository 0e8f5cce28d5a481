"""`promote`, as people run it, on real repositories."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from iter8_gitops.cli import main
from tests.promotion.running import file, promote, rollback, run, status
from tests.promotion.shops import APPLICATION, CANDIDATE, PRIMARY, PROMOTED, ROUTEMAP, Shop, isolate


@pytest.fixture(autouse=True)
def _git_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    isolate(monkeypatch, tmp_path / "gitconfig")


@pytest.fixture
def git_config(tmp_path: Path) -> Path:
    return tmp_path / "gitconfig"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_one_commit_redefines_the_primary_and_deletes_the_candidate(shop: Shop) -> None:
    result = promote(shop)
    assert result.exit_code == 0, result.output
    assert file(shop, "backend-0.yaml") == PROMOTED
    assert not (shop.mine.path / "backend-1.yaml").exists()
    assert file(shop, "backend.yaml").startswith(ROUTEMAP)
    assert file(shop, "backend.yaml").removeprefix(ROUTEMAP).startswith("    assignment:\n      salt: ")
    assert shop.mine.git("rev-list", "--count", "HEAD") == "2"
    assert status(shop) == ""


def test_what_was_done_and_what_to_do_next_is_told(shop: Shop) -> None:
    said = promote(shop).stdout
    commit = shop.mine.git("rev-parse", "HEAD")
    assert said == (
        f"Promote v1 of {APPLICATION}: commit {commit[:12]} on main\n"
        "  changed  backend-0.yaml\n"
        "  removed  backend-1.yaml\n"
        "  changed  backend.yaml\n"
        "nothing is pushed yet; do that with: git push\n"
    )
    assert shop.subjects() == ["begin"]


def test_the_message_says_what_changed_and_its_trailers_are_those_of_git(shop: Shop) -> None:
    promote(shop, "--evidence", "more orders")
    message = shop.mine.git("log", "-1", "--format=%B")
    assert message.startswith(f"Promote v1 of {APPLICATION}\n\n")
    assert "spec.predictor.model.storageUri" in message
    trailers = shop.mine.git("log", "-1", "--format=%(trailers:only)")
    assert trailers.splitlines() == [
        f"Iter8-Application: {APPLICATION}",
        "Iter8-Version: v1",
        f"Iter8-Signature: {trailers.split('Signature: ')[1][:16]}",
        "Iter8-Evidence: more orders",
    ]


def test_a_dry_run_shows_diff_and_message_and_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    before = shop.mine.git("rev-parse", "HEAD")
    result = promote(shop, "--dry-run")
    assert result.exit_code == 0
    assert '-      storageUri: "s3://models/mnist-svm.joblib"  # trained in May\n' in result.stdout
    assert '+      storageUri: "s3://models/mnist-svm-2.joblib"  # trained in May\n' in result.stdout
    assert "\nIter8-Version: v1\n" in result.stdout
    assert (shop.mine.git("rev-parse", "HEAD"), status(shop)) == (before, "")
    promote(shop)
    promoted = shop.mine.git("diff", "--name-status", before)
    shop.mine.git("reset", "--quiet", "--hard", before)
    (tmp_path / "patch").write_text(result.stdout.partition("\n\nPromote ")[0] + "\n")
    shop.mine.git("apply", "--index", str(tmp_path / "patch"))
    assert shop.mine.git("diff", "--cached", "--name-status") == promoted


def test_the_repository_is_the_one_around_the_current_folder(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.mine.path / "deep").mkdir()
    monkeypatch.chdir(shop.mine.path / "deep")
    assert run("promote", "--version", "v1").exit_code == 0
    assert file(shop, "backend-0.yaml") == PROMOTED


def test_promoting_twice_says_so_and_does_nothing(shop: Shop) -> None:
    promote(shop)
    commit = shop.mine.git("rev-parse", "HEAD")
    again = promote(shop)
    assert (again.exit_code, shop.mine.git("rev-parse", "HEAD")) == (0, commit)
    assert again.stdout == f"v1 of {APPLICATION} is promoted already, by commit {commit[:12]}\n"
    assert promote(shop, "--dry-run").stdout == again.stdout


def test_a_primary_that_changed_after_its_promotion_is_not_called_promoted(shop: Shop) -> None:
    promote(shop)
    shop.mine.commit({"backend-0.yaml": PROMOTED.replace("svm-2", "svm-3")})
    result = promote(shop)
    assert result.exit_code == 1
    assert "was promoted by commit" in result.stderr
    assert "the primary has changed since" in result.stderr


def test_the_next_candidate_can_be_promoted_after_that(shop: Shop) -> None:
    promote(shop)
    first = file(shop, "backend.yaml")
    shop.mine.commit({"backend-1.yaml": CANDIDATE.replace("svm-2", "svm-3").replace("v1", "v2")})
    assert promote(shop).exit_code == 0
    assert file(shop, "backend-0.yaml") == PROMOTED.replace("svm-2", "svm-3").replace("v1", "v2")
    second = file(shop, "backend.yaml")
    assert [a for a, b in zip(first.splitlines(), second.splitlines(), strict=True) if a != b] == first.splitlines()[
        -1:
    ]


def test_with_push_the_commit_is_at_the_remote_and_checked_out_here(shop: Shop) -> None:
    result = promote(shop, "--push")
    assert result.exit_code == 0, result.output
    assert shop.read("backend-0.yaml") == PROMOTED == file(shop, "backend-0.yaml")
    assert shop.mine.git("rev-parse", "HEAD") == shop.tip()
    assert "on main at origin\n" in result.stdout
    assert status(shop) == ""


def test_with_push_a_clone_that_is_behind_promotes_what_is_there_now(shop: Shop) -> None:
    shop.push({"backend-1.yaml": CANDIDATE.replace("svm-2", "svm-7"), "notes.txt": "hello"})
    assert promote(shop, "--push").exit_code == 0
    assert shop.read("backend-0.yaml") == PROMOTED.replace("svm-2", "svm-7")
    assert (shop.mine.path / "notes.txt").read_text() == "hello"


def test_a_clone_that_has_diverged_is_refused(shop: Shop) -> None:
    shop.push({"notes.txt": "theirs"})
    shop.mine.commit({"mine.txt": "mine"})
    result = promote(shop, "--push")
    assert result.exit_code == 2
    assert "main and main at origin have diverged" in result.stderr
    assert "git pull" in result.stderr


def test_earlier_commits_of_mine_go_with_it_and_that_is_told(shop: Shop) -> None:
    shop.mine.commit({"mine.txt": "mine"}, "mine")
    result = promote(shop, "--push")
    assert "an earlier commit of main went with it" in result.stdout
    assert shop.subjects()[1] == "mine"


def test_a_new_branch_gets_the_commit_and_the_checkout_stays(shop: Shop) -> None:
    result = promote(shop, "--branch", "promote/backend")
    assert result.exit_code == 0, result.output
    assert "git push -u origin promote/backend" in result.stdout
    assert shop.mine.git("branch", "--show-current") == "main"
    assert file(shop, "backend-0.yaml") == PRIMARY
    assert shop.mine.git("show", "promote/backend:backend-0.yaml") == PROMOTED.strip()


def test_a_new_branch_can_be_pushed_at_once(shop: Shop) -> None:
    assert promote(shop, "--branch", "winner", "--push").exit_code == 0
    assert shop.read("backend-0.yaml", "winner") == PROMOTED
    assert shop.read("backend-0.yaml") == PRIMARY


def test_a_branch_that_exists_is_refused(shop: Shop) -> None:
    shop.mine.git("branch", "old")
    result = promote(shop, "--branch", "old")
    assert result.exit_code == 2
    assert "git switch old" in result.stderr


def test_a_branch_that_exists_at_the_remote_is_refused(shop: Shop) -> None:
    shop.mine.git("push", "--quiet", "origin", "main:old")
    result = promote(shop, "--branch", "old", "--push")
    assert result.exit_code == 2
    assert "there is a branch old at origin already: name a new one" in result.stderr


def test_the_inside_of_a_repository_is_no_work_tree(shop: Shop) -> None:
    result = run("promote", "--version", "1", "--repo", shop.mine.path / ".git")
    assert result.exit_code == 2
    assert "is not in the work tree of a repository" in result.stderr


def test_other_peoples_changes_are_neither_committed_nor_touched(shop: Shop) -> None:
    shop.mine.commit({"other.yaml": "a: 1\n", "staged.yaml": "a: 1\n"})
    (shop.mine.path / "other.yaml").write_text("a: 2\n")
    (shop.mine.path / "staged.yaml").write_text("a: 2\n")
    (shop.mine.path / "new.txt").write_text("new")
    shop.mine.git("add", "staged.yaml")
    assert promote(shop).exit_code == 0
    assert status(shop).splitlines() == ["M other.yaml", "M  staged.yaml", "?? new.txt"]
    assert shop.mine.git("show", "--format=", "--name-only").splitlines() == [
        *("backend-0.yaml", "backend-1.yaml", "backend.yaml"),
    ]


@pytest.mark.parametrize("staged", [False, True])
def test_uncommitted_changes_of_the_files_that_it_would_touch_are_refused(shop: Shop, staged: bool) -> None:
    (shop.mine.path / "backend-1.yaml").write_text(CANDIDATE + "# more\n")
    if staged:
        shop.mine.git("add", "backend-1.yaml")
    result = promote(shop)
    assert result.exit_code == 2
    assert "backend-1.yaml has changes that are not committed: commit or stash them first" in result.stderr
    assert file(shop, "backend-1.yaml") == CANDIDATE + "# more\n"


def test_a_candidate_that_is_not_committed_is_not_found_and_that_is_the_hint(shop: Shop) -> None:
    shop.mine.commit({"backend-1.yaml": None})
    (shop.mine.path / "backend-1.yaml").write_text(CANDIDATE)
    result = promote(shop)
    assert result.exit_code == 1
    assert "InferenceService modelmesh-serving/backend-1 is not in the repository" in result.stderr
    assert "only what is committed counts" in result.stderr


def test_a_detached_head_is_refused(shop: Shop) -> None:
    shop.mine.git("checkout", "--quiet", "--detach")
    result = promote(shop)
    assert result.exit_code == 2
    assert "no branch is checked out" in result.stderr


def test_a_merge_under_way_is_refused(shop: Shop) -> None:
    shop.mine.git("branch", "side")
    shop.mine.commit({"a.txt": "mine"})
    shop.mine.git("switch", "--quiet", "side")
    shop.mine.commit({"a.txt": "theirs"})
    subprocess.run(["git", "merge", "main"], cwd=shop.mine.path, check=False, capture_output=True)
    result = promote(shop)
    assert result.exit_code == 2
    assert "a merge is under way" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--version", "0"], 2, "v0 is the primary of modelmesh-serving/backend already"),
        (["--version", "v0"], 2, "v0 is the primary"),
        (["--version", "9"], 1, "has no version 9; it has 0 (v0), 1 (v1)"),
        (["--version", "v1", "--path", "elsewhere"], 1, "is not in the folder elsewhere of the repository"),
        (["--version", "v1", "--repo", "/nowhere"], 2, "--repo /nowhere: there is no such folder"),
        (["--version", "v1", "--repo", "/"], 2, "/ is not in a Git repository; say which one with --repo"),
        (["--version", "v1", "--author", "me"], 2, '--author must be written as "Name <mail>"'),
        (["--version", "v1", "--pull-request", "--branch", "x"], 2, "leave out --branch"),
        (["--version", "v1", "--pull-request"], 2, "ITER8_GIT_HOST_TOKEN"),
        ([], 2, "Missing option '--version'"),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(
    shop: Shop, arguments: list[str], code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.mine.path)
    result = run("promote", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert shop.mine.git("rev-list", "--count", "HEAD") == "1"


def test_an_application_that_is_not_there_is_named_with_the_nearest(shop: Shop) -> None:
    result = CliRunner().invoke(
        main, ["promote", "modelmesh-serving/bakend", "--version", "1", "--repo", str(shop.mine.path)]
    )
    assert result.exit_code == 1
    assert "did you mean `modelmesh-serving/backend`?" in result.stderr


def test_without_an_identity_it_says_how_to_give_one(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    result = promote(shop)
    assert result.exit_code == 2
    assert "Git does not know who commits" in result.stderr
    assert promote(shop, "--author", "Grace Hopper <grace@example.com>").exit_code == 0
    assert shop.mine.git("log", "-1", "--format=%an %ae %cn") == "Grace Hopper grace@example.com Grace Hopper"


def test_the_author_can_be_another_than_who_commits(shop: Shop) -> None:
    assert promote(shop, "--author", "Grace Hopper <grace@example.com>").exit_code == 0
    assert shop.mine.git("log", "-1", "--format=%an <%ae> %cn") == "Grace Hopper <grace@example.com> Ada"


def test_a_message_of_ones_own_begins_the_commit_message_and_the_trailers_stay(shop: Shop) -> None:
    promote(shop, "--message", "Ship the second model\n\nIter8-Version: v7 is what we wait for.")
    message = shop.mine.git("log", "-1", "--format=%B")
    assert message.startswith("Ship the second model\n\n")
    assert message.count("Iter8-Version: v1") == 1
    assert promote(shop).stdout.startswith("v1 of modelmesh-serving/backend is promoted already")


@pytest.fixture
def signing(git_config: Path, tmp_path: Path) -> str:
    """A key to sign with; returns its public half."""
    key = tmp_path / "signing"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    allowed = tmp_path / "allowed"
    allowed.write_text(f"ada@example.com {Path(f'{key}.pub').read_text()}")
    git_config.write_text(
        f'[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = {key}.pub\n[gpg "ssh"]\n\tallowedSignersFile = {allowed}\n'
    )
    return str(allowed)


def test_a_commit_is_signed_on_demand(shop: Shop, signing: str) -> None:
    promote(shop)
    assert shop.mine.git("log", "-1", "--format=%G?") == "N"
    rollback(shop, "--sign")
    assert shop.mine.git("log", "-1", "--format=%G?") == "G"


def test_a_commit_is_signed_where_git_is_configured_to(shop: Shop, signing: str) -> None:
    shop.mine.git("config", "commit.gpgSign", "true")
    assert promote(shop).exit_code == 0
    assert shop.mine.git("log", "-1", "--format=%G?") == "G"


def test_a_commit_that_cannot_be_signed_is_not_made(shop: Shop, git_config: Path) -> None:
    git_config.write_text("[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = /nowhere.pub\n")
    result = promote(shop, "--sign")
    assert result.exit_code == 2
    assert "the commit cannot be signed" in result.stderr
    assert shop.mine.git("rev-list", "--count", "HEAD") == "1"


def test_an_environment_that_means_another_repository_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere/.git")
    result = promote(shop)
    assert result.exit_code == 2
    assert "GIT_DIR" in result.stderr


@contextmanager
def answering(body: bytes, code: int = 200) -> Iterator[str]:
    """A server that always answers the same; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_the_server_says_how_many_users_each_version_had(shop: Shop) -> None:
    body = b'{"versions": [{"name": "v0", "exposedUsers": 512}, {"name": "v1", "exposedUsers": 498}]}'
    with answering(body) as server:
        assert promote(shop, "--server", server).exit_code == 0
    assert "Iter8-Evidence: exposed users: v0 512, v1 498" in shop.mine.git("log", "-1", "--format=%B")


@pytest.mark.parametrize("body", [b"[]", b"{}", b"<html>"])
def test_a_server_that_cannot_say_delays_no_promotion(shop: Shop, body: bytes) -> None:
    with answering(body) as server:
        result = promote(shop, "--server", server)
    assert result.exit_code == 0
    assert "no evidence from the server" in result.stderr
    assert "Iter8-Evidence" not in shop.mine.git("log", "-1", "--format=%B")


def test_a_remote_that_refuses_is_quoted_with_what_to_do(shop: Shop) -> None:
    hook = shop.origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'main is protected: review it first' >&2\nexit 1\n")
    hook.chmod(0o755)
    result = promote(shop, "--push")
    assert result.exit_code == 2
    assert "origin does not take commits on main: pre-receive hook declined" in result.stderr
    assert "main is protected: review it first" in result.stderr
    assert "--pull-request" in result.stderr
    assert (file(shop, "backend-0.yaml"), status(shop)) == (PRIMARY, "")


def test_a_remote_that_is_away_is_told(shop: Shop) -> None:
    shop.mine.git("remote", "set-url", "origin", str(shop.folder / "gone.git"))
    result = promote(shop, "--push")
    assert result.exit_code == 2
    assert "cannot fetch from origin: repository not found" in result.stderr


def test_a_repository_without_a_remote_commits_and_cannot_push(shop: Shop) -> None:
    shop.mine.git("remote", "remove", "origin")
    result = promote(shop, "--push")
    assert result.exit_code == 2
    assert "git remote add origin URL" in result.stderr
    assert "git push" not in promote(shop).stdout
    assert file(shop, "backend-0.yaml") == PROMOTED


def test_a_bare_repository_of_this_machine_is_pushed_to(shop: Shop) -> None:
    result = run("promote", "--version", "1", "--repo", shop.origin)
    assert result.exit_code == 0, result.output
    assert shop.read("backend-0.yaml") == PROMOTED
    assert f"on main at {shop.origin}\n" in result.stdout


def test_a_linked_work_tree_is_a_repository_like_any_other(shop: Shop) -> None:
    shop.mine.git("worktree", "add", "--quiet", "-b", "linked", str(shop.folder / "linked"))
    result = run("promote", "--version", "1", "--repo", shop.folder / "linked")
    assert result.exit_code == 0, result.output
    assert (shop.folder / "linked" / "backend-0.yaml").read_text() == PROMOTED
    assert file(shop, "backend-0.yaml") == PRIMARY


def test_modes_and_odd_names_of_files_stay(shop: Shop) -> None:
    shop.mine.git("mv", "backend-0.yaml", "das Ä modell.yaml")
    (shop.mine.path / "das Ä modell.yaml").chmod(0o755)
    shop.mine.commit_all()
    assert promote(shop).exit_code == 0
    assert file(shop, "das Ä modell.yaml") == PROMOTED
    listing = shop.mine.git("-c", "core.quotePath=false", "ls-files", "--stage", "das*")
    assert listing.startswith("100755 ")
    assert status(shop) == ""


def test_lines_that_git_converts_in_the_work_tree_are_committed_as_they_were(shop: Shop) -> None:
    shop.mine.commit({".gitattributes": "*.yaml text eol=crlf\n"})
    for path in ("backend.yaml", "backend-0.yaml", "backend-1.yaml"):
        (shop.mine.path / path).unlink()
    shop.mine.git("checkout", "--", ".")
    assert b"\r\n" in (shop.mine.path / "backend-0.yaml").read_bytes()
    assert promote(shop).exit_code == 0
    assert shop.mine.git("show", "HEAD:backend-0.yaml") == PROMOTED.strip()
    assert (shop.mine.path / "backend-0.yaml").read_bytes() == PROMOTED.replace("\n", "\r\n").encode()
    assert status(shop) == ""
