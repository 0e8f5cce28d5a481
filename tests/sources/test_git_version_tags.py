"""A source that follows the newest version tag in a range."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from iter8_gitops.contracts.source import Source
from iter8_gitops.sources.git.source import GitSource
from tests.sources.following import Following, contents
from tests.sources.repositories import Repository
from tests.sources.servers import serve_http

Follow = Callable[[Source], Following]
MakeSource = Callable[..., GitSource]


def release(repository: Repository, *tags: str, annotated: bool = False) -> None:
    """Commit a file that names the first of the tags, and tag the commit."""
    repository.commit({"a.yaml": tags[0]})
    for tag in tags:
        repository.git("tag", *(("--annotate", "--message=x") if annotated else ()), tag)


@pytest.mark.parametrize("annotated", [False, True])
def test_the_newest_tag_in_the_range_is_followed(
    repository: Repository, git_source: MakeSource, follow: Follow, annotated: bool
) -> None:
    for tag in ("v1.9.0", "v1.10.0", "1.2.0", "v2.0.0", "v1.11.0-rc.1", "nightly"):
        release(repository, tag, annotated=annotated)
    following = follow(git_source(repository.path, revision="semver:>=1.2 <2"))
    first = following.tree()
    assert contents(first) == {"a.yaml": "v1.10.0"}
    release(repository, "1.11.0", annotated=annotated)
    assert contents(following.tree_after(first)) == {"a.yaml": "1.11.0"}
    repository.git("tag", "--delete", "1.11.0")
    assert following.tree_that(lambda tree: tree.revision == first.revision).files == first.files


def test_a_tag_in_the_range_that_is_moved_is_followed(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    release(repository, "v1.0.0")
    following = follow(git_source(repository.path, revision="semver:1.x"))
    first = following.tree()
    repository.commit({"a.yaml": "moved"})
    repository.git("tag", "--force", "v1.0.0")
    assert contents(following.tree_after(first)) == {"a.yaml": "moved"}


def test_a_branch_of_that_name_is_no_version(repository: Repository, git_source: MakeSource, follow: Follow) -> None:
    release(repository, "v1.0.0")
    repository.git("checkout", "--quiet", "-b", "v1.5.0")
    repository.commit({"a.yaml": "branch"})
    assert contents(follow(git_source(repository.path, revision="semver:1.x")).tree()) == {"a.yaml": "v1.0.0"}


def test_without_a_tag_in_the_range_the_failure_lists_the_newest(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    release(repository, "v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0", "v1.4.0", "v2.0.0-rc.1")
    following = follow(git_source(repository.path, revision="semver:>=2"))
    assert following.failure().message == (
        f"cannot fetch {repository.path}: no tag is a version in the range >=2; "
        "its newest version tags are v2.0.0-rc.1, v1.4.0, v1.3.0, v1.2.0, v1.1.0"
    )
    release(repository, "v2.0.0")
    assert contents(following.tree()) == {"a.yaml": "v2.0.0"}


def test_without_any_version_tag_the_failure_says_what_one_looks_like(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    release(repository, "nightly", "v1")
    message = follow(git_source(repository.path, revision="semver:*")).failure().message
    assert message.endswith("no tag is a version in the range *; it has no version tags, such as v1.2.3")


def test_tags_are_found_over_http(repository: Repository, git_source: MakeSource, follow: Follow) -> None:
    release(repository, "v1.0.0", annotated=True)
    release(repository, "v1.1.0", annotated=True)
    with serve_http(repository.path.parent) as server:
        source = git_source(f"{server.url}/routemaps", revision="semver:^1.0.0")
        assert contents(follow(source).tree()) == {"a.yaml": "v1.1.0"}


def test_the_location_says_what_is_followed(git_source: MakeSource) -> None:
    source = git_source("https://host/repo", revision="semver:>=1.2 <2", subpath="apps")
    assert source.location == "git https://host/repo (version tags >=1.2 <2, path apps)"
