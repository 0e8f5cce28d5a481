from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Source
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sources.git.source import GitSource
from iter8_gitops.spec.tree import SourceTree
from tests.sources.following import Following, contents, refusals
from tests.sources.repositories import Repository

Follow = Callable[[Source], Following]
MakeSource = Callable[..., GitSource]


def test_a_commit_is_delivered_with_its_id_and_its_files(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    commit = repository.commit({"a.yaml": "one", "sub/b.yml": "two", "README.md": "no"})
    tree = follow(git_source(repository.path)).tree()
    assert tree.revision == commit
    assert contents(tree) == {"a.yaml": "one", "sub/b.yml": "two"}
    assert tree.files[0].digest == repository.git("rev-parse", "HEAD:a.yaml")


def test_the_author_of_a_commit_is_part_of_the_tree(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    repository.git("commit", "--quiet", "--amend", "--no-edit", "--author=Zo\u00eb <zoe@example.com>")
    assert follow(git_source(repository.path)).tree().author == "Zo\u00eb <zoe@example.com>"


def test_a_new_commit_is_delivered(repository: Repository, git_source: MakeSource, follow: Follow) -> None:
    repository.commit({"a.yaml": "one", "b.yaml": "same"})
    following = follow(git_source(repository.path))
    first = following.tree()
    second_commit = repository.commit({"a.yaml": "two"})
    second = following.tree_after(first)
    assert second.revision == second_commit
    assert contents(second) == {"a.yaml": "two", "b.yaml": "same"}
    assert second.files[1].content is first.files[1].content


def test_a_removed_file_is_gone(repository: Repository, git_source: MakeSource, follow: Follow) -> None:
    repository.commit({"a.yaml": "one", "b.yaml": "two"})
    following = follow(git_source(repository.path))
    first = following.tree()
    repository.commit({"a.yaml": None})
    assert contents(following.tree_after(first)) == {"b.yaml": "two"}


def test_a_look_without_a_change_delivers_the_identical_tree(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    following = follow(git_source(repository.path))
    first = following.next()
    assert following.next() is first
    assert following.next() is first


def test_uncommitted_changes_do_not_count(repository: Repository, git_source: MakeSource, follow: Follow) -> None:
    repository.commit({"a.yaml": "one"})
    (repository.path / "a.yaml").write_text("draft")
    (repository.path / "b.yaml").write_text("draft")
    repository.git("add", "b.yaml")
    assert contents(follow(git_source(repository.path)).tree()) == {"a.yaml": "one"}


def test_neither_filters_nor_hooks_run(
    repository: Repository, git_source: MakeSource, follow: Follow, git_config: Path
) -> None:
    trap = git_config.with_name("trap")
    hooks = git_config.with_name("hooks")
    hooks.mkdir()
    for hook in ("reference-transaction", "post-checkout", "post-merge"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch '{trap}'\n")
        (hooks / hook).chmod(0o755)
    repository.commit({".gitattributes": "*.yaml filter=evil\n", "a.yaml": "one"})
    git_config.write_text(
        f'[core]\n\thooksPath = "{hooks}"\n[filter "evil"]\n\tsmudge = "touch {trap}; cat"\n\tclean = cat\n'
    )
    assert contents(follow(git_source(repository.path)).tree()) == {"a.yaml": "one"}
    assert not trap.exists()


def test_without_a_name_the_default_branch_is_followed(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "main"})
    repository.git("checkout", "--quiet", "-b", "trunk")
    repository.commit({"a.yaml": "trunk"})
    following = follow(git_source(repository.path))
    first = following.tree()
    assert contents(first) == {"a.yaml": "trunk"}
    repository.git("checkout", "--quiet", "main")
    assert contents(following.tree_after(first)) == {"a.yaml": "main"}


def test_a_branch_a_tag_and_a_commit_are_told_apart(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    old = repository.commit({"a.yaml": "old"})
    repository.git("tag", "light")
    repository.git("tag", "--annotate", "annotated", "--message=x")
    repository.git("tag", "both")
    repository.git("checkout", "--quiet", "-b", "both")
    repository.commit({"a.yaml": "branch"})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"a.yaml": "new"})
    expected = {
        None: "new",
        "main": "new",
        "both": "branch",
        "refs/tags/both": "old",
        "light": "old",
        "annotated": "old",
        old: "old",
        old.upper(): "old",
    }
    for revision, content in expected.items():
        tree = follow(git_source(repository.path, revision=revision)).tree()
        assert contents(tree) == {"a.yaml": content}, revision


def test_a_tag_that_is_moved_is_followed(repository: Repository, git_source: MakeSource, follow: Follow) -> None:
    repository.commit({"a.yaml": "one"})
    repository.git("tag", "--annotate", "live", "--message=x")
    following = follow(git_source(repository.path, revision="live"))
    first = following.tree()
    repository.commit({"a.yaml": "two"})
    repository.git("tag", "--annotate", "--force", "live", "--message=y")
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}


def test_a_tag_of_a_file_is_a_failure(repository: Repository, git_source: MakeSource, follow: Follow) -> None:
    repository.commit({"a.yaml": "one"})
    repository.git("tag", "blob", "HEAD:a.yaml")
    assert (
        "tag blob does not lead to a commit" in follow(git_source(repository.path, revision="blob")).failure().message
    )


def test_an_old_commit_is_found_where_only_tips_are_served(
    repository: Repository, git_source: MakeSource, follow: Follow, git_config: Path
) -> None:
    git_config.write_text("[protocol]\n\tversion = 0\n")
    old = repository.commit({"a.yaml": "old"})
    repository.commit({"a.yaml": "new"})
    assert contents(follow(git_source(repository.path, revision=old)).tree()) == {"a.yaml": "old"}


@pytest.mark.parametrize("protocol", [0, 2])
def test_a_commit_that_does_not_exist_is_a_failure(
    repository: Repository, git_source: MakeSource, follow: Follow, git_config: Path, protocol: int
) -> None:
    git_config.write_text(f"[protocol]\n\tversion = {protocol}\n")
    repository.commit({"a.yaml": "one"})
    message = follow(git_source(repository.path, revision="0123" * 10)).failure().message
    assert message.startswith(f"cannot fetch {repository.path}: it does not have what was asked for") or message == (
        f"cannot fetch {repository.path}: it has no commit {'0123' * 10}"
    )


def test_rewritten_history_is_followed(repository: Repository, git_source: MakeSource, follow: Follow) -> None:
    first_commit = repository.commit({"a.yaml": "one"})
    repository.commit({"a.yaml": "two"})
    following = follow(git_source(repository.path, revision="main"))
    second = following.tree()
    repository.git("reset", "--quiet", "--hard", first_commit)
    rewritten = repository.commit({"a.yaml": "three"})
    third = following.tree_after(second)
    assert (third.revision, contents(third)) == (rewritten, {"a.yaml": "three"})
    repository.git("checkout", "--quiet", "--orphan", "other")
    unrelated = repository.commit({"a.yaml": "four"})
    repository.git("branch", "--force", "main", "other")
    assert following.tree_after(third).revision == unrelated


def test_a_vanished_branch_is_a_failure_until_it_returns(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    repository.git("branch", "feature")
    following = follow(git_source(repository.path, revision="feature"))
    first = following.tree()
    repository.git("branch", "-D", "feature")
    assert following.failure().message == f"cannot fetch {repository.path}: it has no branch or tag feature"
    repository.git("branch", "feature")
    assert following.tree() is first


def test_only_the_subpath_is_read(repository: Repository, git_source: MakeSource, follow: Follow) -> None:
    repository.commit({"apps/a.yaml": "a", "apps/sub/b.yaml": "b", "other.yaml": "no", "apps.yaml": "no"})
    following = follow(git_source(repository.path, subpath="./apps/"))
    assert contents(following.tree()) == {"a.yaml": "a", "sub/b.yaml": "b"}


def test_the_subpath_may_be_one_file(repository: Repository, git_source: MakeSource, follow: Follow) -> None:
    repository.commit({"apps/a.yaml": "a", "apps/b.yaml": "b"})
    assert contents(follow(git_source(repository.path, subpath="apps/a.yaml")).tree()) == {"a.yaml": "a"}


def test_a_link_may_lead_out_of_the_subpath_but_not_out_of_the_repository(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    (repository.path / "apps").mkdir()
    (repository.path / "apps" / "shared.yaml").symlink_to("../shared/base.yaml")
    repository.commit({"shared/base.yaml": "base"})
    assert contents(follow(git_source(repository.path, subpath="apps")).tree()) == {"shared.yaml": "base"}


def test_a_missing_subpath_is_a_failure_that_names_it(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    commit = repository.commit({"a.yaml": "one"})
    following = follow(git_source(repository.path, subpath="apps/web"))
    expected = f"cannot read {repository.path}: the path 'apps/web' is not in commit {commit[:12]}"
    assert following.failure().message == expected
    repository.commit({"apps/web/a.yaml": "two"})
    assert contents(following.tree()) == {"a.yaml": "two"}


def test_a_subpath_that_goes_missing_keeps_the_failure_until_it_returns(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"apps/a.yaml": "one"})
    following = follow(git_source(repository.path, subpath="apps"))
    first = following.tree()
    repository.commit({"apps/a.yaml": None, "x.yaml": ""})
    assert "'apps'" in following.failure().message
    assert "'apps'" in following.failure().message
    repository.commit({"apps/a.yaml": "two"})
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}


def test_a_repository_without_commits_is_a_failure_until_the_first(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    following = follow(git_source(repository.path))
    assert "no commit on its default branch yet" in following.failure().message
    repository.commit({"a.yaml": "one"})
    assert contents(following.tree()) == {"a.yaml": "one"}


def test_a_commit_without_files_is_an_empty_tree(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    commit = repository.commit({})
    assert follow(git_source(repository.path)).tree() == SourceTree(
        git_source(repository.path).name, commit, (), "Ada <ada@example.com>"
    )


def test_submodules_are_passed_over(
    repository: Repository, git_source: MakeSource, follow: Follow, tmp_path: Path
) -> None:
    other = Repository(tmp_path / "other")
    other.commit({"b.yaml": "not ours"})
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "vendor")
    repository.commit({"a.yaml": "one"})
    assert contents(follow(git_source(repository.path)).tree()) == {"a.yaml": "one"}


def test_a_path_in_a_submodule_is_a_failure_that_says_so(
    repository: Repository, git_source: MakeSource, follow: Follow, tmp_path: Path
) -> None:
    other = Repository(tmp_path / "other")
    other.commit({"apps/b.yaml": "not ours"})
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "vendor")
    (repository.path / "linked.yaml").symlink_to("vendor/apps/b.yaml")
    repository.commit({"a.yaml": "one"})
    submodule = "it lies in the submodule 'vendor', and submodules are not followed"
    for subpath in ("vendor", "vendor/apps"):
        message = follow(git_source(repository.path, subpath=subpath)).failure().message
        assert message == f"cannot read {repository.path}: the path {subpath!r} cannot be used: {submodule}"
    assert refusals(follow(git_source(repository.path)).tree()) == {"linked.yaml": submodule}


@pytest.mark.parametrize("form", ["{}", "file://{}", "{}/.git"])
def test_a_repository_of_this_machine_is_read_by_path_and_by_file_url(
    repository: Repository, git_source: MakeSource, follow: Follow, form: str
) -> None:
    repository.commit({"a.yaml": "one"})
    assert contents(follow(git_source(form.format(repository.path))).tree()) == {"a.yaml": "one"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to another user")
def test_a_repository_of_another_user_is_read(repository: Repository, git_source: MakeSource, follow: Follow) -> None:
    repository.commit({"a.yaml": "one"})
    for path in (repository.path, *repository.path.rglob("*")):
        os.chown(path, 65534, 65534)
    assert contents(follow(git_source(repository.path)).tree()) == {"a.yaml": "one"}


def test_a_shallow_clone_can_be_the_source(
    repository: Repository, git_source: MakeSource, follow: Follow, tmp_path: Path
) -> None:
    repository.commit({"a.yaml": "one"})
    repository.commit({"a.yaml": "two"})
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.path}", str(tmp_path / "shallow"))
    assert contents(follow(git_source(tmp_path / "shallow")).tree()) == {"a.yaml": "two"}


def test_a_linked_work_tree_can_be_the_source(
    repository: Repository, git_source: MakeSource, follow: Follow, tmp_path: Path
) -> None:
    repository.commit({"a.yaml": "one"})
    repository.git("worktree", "add", "--quiet", "-b", "feature", str(tmp_path / "linked"))
    assert contents(follow(git_source(tmp_path / "linked")).tree()) == {"a.yaml": "one"}


def test_a_sha256_repository_is_read(git_source: MakeSource, follow: Follow, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "sha256", object_format="sha256")
    old = repository.commit({"a.yaml": "one"})
    repository.commit({"a.yaml": "two"})
    assert contents(follow(git_source(repository.path)).tree()) == {"a.yaml": "two"}
    assert contents(follow(git_source(repository.path, revision=old)).tree()) == {"a.yaml": "one"}


def test_two_sources_share_one_cache(
    repository: Repository, git_source: MakeSource, follow: Follow, cache: Path
) -> None:
    repository.commit({"a/a.yaml": "a", "b/b.yaml": "b"})
    repository.git("tag", "v1")
    for _ in range(3):
        followings = [
            follow(git_source(repository.path, **options))
            for options in ({"subpath": "a"}, {"subpath": "b"}, {"revision": "v1", "subpath": "a"})
        ]
        assert [contents(each.tree()) for each in followings] == [{"a.yaml": "a"}, {"b.yaml": "b"}, {"a.yaml": "a"}]
    assert len(list(cache.glob("*.git"))) == 1


def test_a_source_inside_a_git_hook_reads_its_own_repository(
    repository: Repository, git_source: MakeSource, follow: Follow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a.yaml": "one"})
    other = Repository(tmp_path / "other")
    other.commit({"a.yaml": "other"})
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git" / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.path / ".git" / "objects"))
    assert contents(follow(git_source(repository.path)).tree()) == {"a.yaml": "one"}


@pytest.mark.parametrize("interval", [0, -1, float("nan"), float("inf")])
def test_an_impossible_interval_is_refused(cache: Path, interval: float) -> None:
    with pytest.raises(ConfigurationError, match="polling interval"):
        GitSource("/repo", cache=cache, interval=interval)


def test_nothing_is_touched_before_the_source_is_followed(cache: Path) -> None:
    GitSource("https://host/repo", cache=cache)
    assert not cache.exists()


def test_a_stopped_source_delivers_nothing(repository: Repository, git_source: MakeSource) -> None:
    stop = threading.Event()
    stop.set()
    assert list(git_source(repository.path).deliveries(stop)) == []


def test_name_and_location_say_what_is_followed(cache: Path) -> None:
    assert GitSource("/srv/repo", cache=cache).location == "git /srv/repo (default branch)"
    source = GitSource(
        "https://a:b@host/repo", cache=cache, revision="refs/heads/main", subpath="apps", name="routemaps"
    )
    assert source.location == "git https://host/repo (branch main, path apps)"
    assert source.name == "routemaps"
