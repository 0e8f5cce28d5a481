"""What is left at a remote over HTTP when only a part of the repository is followed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Source
from iter8_gitops.sources.git import promises
from iter8_gitops.sources.git.source import GitSource
from iter8_gitops.spec.tree import MAX_FILE_BYTES, SourceFailure, SourceTree
from tests.sources.following import Following, contents, refusals
from tests.sources.repositories import Repository
from tests.sources.servers import GitHttpServer, serve_files, serve_http

Follow = Callable[[Source], Following]
MakeSource = Callable[..., GitSource]
LARGE = random.Random(1).randbytes(1_000_000)
"""Content that cannot be compressed."""


def has_revision(commit: str, tree: SourceTree) -> bool:
    return tree.revision == commit


@pytest.fixture
def server(repository: Repository) -> Iterator[GitHttpServer]:
    """A server that filters, as the public ones do."""
    repository.git("config", "uploadpack.allowFilter", "true")
    with serve_http(repository.path.parent) as server:
        yield server


@pytest.fixture
def apps(server: GitHttpServer, git_source: MakeSource) -> Callable[[], GitSource]:
    """Makes sources that follow the folder apps."""
    return lambda: git_source(f"{server.url}/routemaps", subpath="apps")


def test_contents_outside_the_path_stay_at_the_remote(
    repository: Repository, server: GitHttpServer, apps: Callable[[], GitSource], follow: Follow
) -> None:
    repository.commit({"apps/a.yaml": "one", "apps/sub/b.yaml": "two", "videos/large.yaml": LARGE})
    assert contents(follow(apps()).tree()) == {"a.yaml": "one", "sub/b.yaml": "two"}
    assert server.sent < 50_000


def test_all_contents_inside_the_path_come_with_one_question(
    repository: Repository, server: GitHttpServer, apps: Callable[[], GitSource], follow: Follow
) -> None:
    repository.commit({f"apps/{number}.yaml": str(number) for number in range(50)})
    assert len(follow(apps()).tree().files) == 50
    fetches = [line for line, _ in server.requests if line.startswith("POST")]
    assert len(fetches) < 10


def test_a_change_is_delivered_with_what_is_new_alone(
    repository: Repository, server: GitHttpServer, apps: Callable[[], GitSource], follow: Follow
) -> None:
    repository.commit({"apps/a.yaml": "one", "apps/b.yaml": LARGE, "videos/large.yaml": LARGE + b"x"})
    following = follow(apps())
    first = following.tree()
    sent = server.sent
    assert sent > len(LARGE)
    repository.commit({"apps/a.yaml": "two", "videos/large.yaml": LARGE + b"y"})
    second = following.tree_after(first)
    assert second.files[0].content == b"two"
    assert second.files[1].content is first.files[1].content
    assert server.sent - sent < 50_000


def test_links_may_lead_to_what_was_left_behind(
    repository: Repository, apps: Callable[[], GitSource], follow: Follow
) -> None:
    (repository.path / "apps").mkdir()
    (repository.path / "apps" / "linked").symlink_to("../shared")
    (repository.path / "shared").mkdir()
    (repository.path / "shared" / "b.yaml").symlink_to("../base/c.yaml")
    repository.commit({"apps/a.yaml": "one", "base/c.yaml": "two"})
    assert contents(follow(apps()).tree()) == {"a.yaml": "one", "linked/b.yaml": "two"}


def test_a_file_over_the_limit_is_refused(
    repository: Repository, apps: Callable[[], GitSource], follow: Follow
) -> None:
    repository.commit({"apps/a.yaml": "one", "apps/b.yaml": b"x" * (MAX_FILE_BYTES + 1)})
    tree = follow(apps()).tree()
    assert contents(tree) == {"a.yaml": "one"}
    assert refusals(tree) == {"b.yaml": "the file has 4,194,305 bytes; at most 4,194,304 are allowed"}


def test_several_paths_and_the_whole_share_one_cache(
    repository: Repository, server: GitHttpServer, git_source: MakeSource, follow: Follow, cache: Path
) -> None:
    url = f"{server.url}/routemaps"
    for text in ("one", "two", "three"):
        commit = repository.commit({"a/a.yaml": f"a {text}", "b/b.yaml": f"b {text}"})
        for subpath, expected in (
            ("a", {"a.yaml": f"a {text}"}),
            ("", {"a/a.yaml": f"a {text}", "b/b.yaml": f"b {text}"}),
            ("b", {"b.yaml": f"b {text}"}),
        ):
            with Following(git_source(url, subpath=subpath)) as following:
                assert contents(following.tree_that(partial(has_revision, commit))) == expected
    assert len(list(cache.glob("*.git"))) == 1


def test_after_a_restart_without_the_remote_the_last_good_tree_comes_first(
    repository: Repository, server: GitHttpServer, apps: Callable[[], GitSource]
) -> None:
    repository.commit({"apps/a.yaml": "one", "b.yaml": "two"})
    with Following(apps()) as following:
        before = following.tree()
    server.stop()
    with Following(apps()) as following:
        assert following.next() == before
        assert isinstance(following.next(), SourceFailure)
    server.start()


def test_a_remote_that_goes_away_between_commit_and_contents_is_a_failure_until_it_is_back(
    repository: Repository, server: GitHttpServer, apps: Callable[[], GitSource], follow: Follow
) -> None:
    repository.commit({"apps/a.yaml": "one"})
    server.most_posts = 3  # For the refs, for the refs again, and for the commit.
    following = follow(apps())
    expected = f"cannot fetch {server.url}/routemaps: the server answered with HTTP 503"
    assert following.failure().message == expected
    server.most_posts = None
    assert contents(following.tree()) == {"a.yaml": "one"}


@pytest.mark.parametrize("protocol", [0, 2])
def test_a_server_that_does_not_filter_sends_everything(
    repository: Repository, git_source: MakeSource, follow: Follow, git_config: Path, protocol: int
) -> None:
    git_config.write_text(f"[protocol]\n\tversion = {protocol}\n")
    repository.commit({"apps/a.yaml": "one", "b.yaml": "two"})
    with serve_http(repository.path.parent) as server:
        following = follow(git_source(f"{server.url}/routemaps", subpath="apps"))
        first = following.tree()
        assert contents(first) == {"a.yaml": "one"}
        repository.commit({"apps/a.yaml": "two"})
        assert contents(following.tree_after(first)) == {"a.yaml": "two"}


def test_a_server_that_refuses_this_filter_is_asked_for_everything(
    repository: Repository, server: GitHttpServer, apps: Callable[[], GitSource], follow: Follow
) -> None:
    repository.git("config", "uploadpackfilter.blob:none.allow", "false")
    repository.commit({"apps/a.yaml": "one"})
    following = follow(apps())
    first = following.next()
    assert not isinstance(first, SourceFailure)
    repository.commit({"apps/a.yaml": "two"})
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}


def test_a_server_that_filters_but_serves_no_single_contents_is_asked_for_everything(
    repository: Repository, server: GitHttpServer, apps: Callable[[], GitSource], follow: Follow, git_config: Path
) -> None:
    git_config.write_text("[protocol]\n\tversion = 0\n")
    repository.commit({"apps/a.yaml": "one", "b.yaml": "two"})
    following = follow(apps())
    first = following.next()
    assert not isinstance(first, SourceFailure)
    assert contents(first) == {"a.yaml": "one"}
    asked = len(server.requests)
    repository.commit({"apps/a.yaml": "two"})
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}
    assert len([line for line, _ in server.requests[asked:] if line.startswith("POST")]) <= 2
    with Following(apps()) as restarted:
        assert contents(restarted.tree()) == {"a.yaml": "two"}


def test_a_plain_file_server_will_do(repository: Repository, git_source: MakeSource, follow: Follow) -> None:
    repository.commit({"apps/a.yaml": "one", "b.yaml": "two"})
    repository.git("update-server-info")
    with serve_files(repository.path / ".git") as url:
        assert contents(follow(git_source(url, subpath="apps")).tree()) == {"a.yaml": "one"}


def test_an_old_commit_is_followed_in_part(
    repository: Repository, server: GitHttpServer, git_source: MakeSource, follow: Follow
) -> None:
    old = repository.commit({"apps/a.yaml": "one", "videos/large.yaml": LARGE})
    repository.commit({"apps/a.yaml": "two"})
    source = git_source(f"{server.url}/routemaps", subpath="apps", revision=old)
    assert contents(follow(source).tree()) == {"a.yaml": "one"}
    assert server.sent < 50_000


def test_a_cache_that_lost_contents_gets_them_again(
    repository: Repository, apps: Callable[[], GitSource], cache: Path
) -> None:
    repository.commit({"apps/a.yaml": "one", "b.yaml": "two"})
    with Following(apps()) as following:
        following.tree()
    for pack in cache.glob("*.git/objects/pack/*"):
        pack.unlink()
    with Following(apps()) as following:
        assert contents(following.tree()) == {"a.yaml": "one"}


@pytest.mark.parametrize("limit", ["_GROWTH_BYTES", "_MOST_NAMES_BYTES"])
def test_a_cache_that_has_grown_much_is_made_anew(
    repository: Repository,
    server: GitHttpServer,
    apps: Callable[[], GitSource],
    follow: Follow,
    cache: Path,
    limit: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(promises, limit, 8 * 41 if limit == "_MOST_NAMES_BYTES" else 0)
    repository.commit({"apps/a.yaml": "0"})
    following = follow(apps())
    tree = following.tree()
    sizes = []
    for number in range(1, 25):
        repository.commit({"apps/a.yaml": str(number)})
        tree = following.tree_after(tree)
        assert contents(tree) == {"a.yaml": str(number)}
        sizes.append(sum(pack.stat().st_size for pack in cache.glob("*.git/objects/pack/*.pack")))
    assert max(sizes) < 24 * sizes[0] / 2
    assert any(later < earlier for earlier, later in pairwise(sizes))
