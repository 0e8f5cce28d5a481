from __future__ import annotations

import contextlib
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Source
from iter8_gitops.sources.git.source import GitSource
from iter8_gitops.spec.tree import SourceFailure, SourceTree
from tests.sources.following import Following, contents
from tests.sources.repositories import Repository
from tests.sources.servers import hang, serve_http

Follow = Callable[[Source], Following]
MakeSource = Callable[..., GitSource]


def test_an_unreachable_remote_is_a_failure_until_it_is_back(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    following = follow(git_source(repository.path))
    first = following.tree()
    away = repository.path.with_name("away")
    repository.path.rename(away)
    for _ in range(3):
        assert following.failure().message == f"cannot fetch {repository.path}: repository not found"
    away.rename(repository.path)
    assert following.tree() is first
    repository.commit({"a.yaml": "two"})
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}


@pytest.mark.parametrize("revision", [None, "main", "v1"])
def test_after_a_restart_without_the_remote_the_last_good_tree_comes_first(
    repository: Repository, git_source: MakeSource, follow: Follow, revision: str | None
) -> None:
    repository.commit({"apps/a.yaml": "one"})
    repository.git("tag", "v1")
    with Following(git_source(repository.path, revision=revision, subpath="apps")) as following:
        before = following.tree()
    shutil.rmtree(repository.path)
    following = follow(git_source(repository.path, revision=revision, subpath="apps"))
    assert following.next() == before
    assert following.next() == SourceFailure(before.source, f"cannot fetch {repository.path}: repository not found")


def test_a_commit_that_was_fetched_needs_its_remote_no_more(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    commit = repository.commit({"a.yaml": "one"})
    with Following(git_source(repository.path, revision=commit)) as following:
        following.tree()
    shutil.rmtree(repository.path)
    following = follow(git_source(repository.path, revision=commit))
    assert contents(following.tree()) == {"a.yaml": "one"}
    assert isinstance(following.next(), SourceTree)


def test_after_a_restart_a_change_made_meanwhile_is_delivered(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    with Following(git_source(repository.path)) as following:
        first = following.tree()
    repository.commit({"a.yaml": "two"})
    assert contents(follow(git_source(repository.path)).tree_after(first)) == {"a.yaml": "two"}


def test_a_last_good_tree_without_the_wanted_path_is_not_delivered(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    with Following(git_source(repository.path)) as following:
        following.tree()
    repository.commit({"apps/b.yaml": "two"})
    assert contents(follow(git_source(repository.path, subpath="apps")).tree()) == {"b.yaml": "two"}


@pytest.mark.parametrize("damage", ["objects", "HEAD", "config", "refs"])
def test_a_damaged_cache_is_fetched_anew(
    repository: Repository, git_source: MakeSource, follow: Follow, cache: Path, damage: str
) -> None:
    repository.commit({"a.yaml": "one"})
    with Following(git_source(repository.path)) as following:
        following.tree()
    (mirror,) = cache.glob("*.git")
    part = mirror / damage
    if part.is_dir():
        shutil.rmtree(part)
        part.mkdir()
    else:
        part.write_text("[[ nonsense")
    repository.commit({"a.yaml": "two"})
    tree = follow(git_source(repository.path)).tree_that(lambda tree: contents(tree) == {"a.yaml": "two"})
    assert tree.revision == repository.git("rev-parse", "HEAD")


@pytest.mark.parametrize("damage", ["HEAD:a.yaml", "HEAD:", "HEAD"])
def test_a_damaged_cache_of_an_unchanged_remote_is_fetched_anew(
    repository: Repository, git_source: MakeSource, follow: Follow, cache: Path, damage: str
) -> None:
    repository.commit({"a.yaml": "one" * 100})
    with Following(git_source(repository.path)) as following:
        following.tree()
    (mirror,) = cache.glob("*.git")
    name = repository.git("rev-parse", damage)
    file = mirror / "objects" / name[:2] / name[2:]
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-9] + b"\0nonsense")
    assert contents(follow(git_source(repository.path)).tree()) == {"a.yaml": "one" * 100}


def test_a_pack_with_wrong_bytes_in_the_cache_is_fetched_anew(
    repository: Repository, git_source: MakeSource, follow: Follow, cache: Path
) -> None:
    files = {f"{number}.yaml": f"{number} " * 200 for number in range(150)}
    repository.commit(files)
    with Following(git_source(repository.path)) as following:
        following.tree()
    (pack,) = cache.glob("*.git/objects/pack/*.pack")
    content = bytearray(pack.read_bytes())
    content[200:-200] = bytes(len(content) - 400)
    pack.chmod(0o600)
    pack.write_bytes(content)
    repository.commit({"0.yaml": "new"})
    assert contents(follow(git_source(repository.path)).tree()) == {**files, "0.yaml": "new"}


def test_an_object_missing_from_the_cache_is_fetched_anew(
    repository: Repository, git_source: MakeSource, follow: Follow, cache: Path
) -> None:
    repository.commit({"a.yaml": "one"})
    with Following(git_source(repository.path)) as following:
        following.tree()
    (mirror,) = cache.glob("*.git")
    blob = repository.git("rev-parse", "HEAD:a.yaml")
    (mirror / "objects" / blob[:2] / blob[2:]).unlink()
    assert contents(follow(git_source(repository.path)).tree()) == {"a.yaml": "one"}


def test_a_cache_removed_meanwhile_is_made_anew(
    repository: Repository, git_source: MakeSource, follow: Follow, cache: Path
) -> None:
    repository.commit({"a.yaml": "one"})
    following = follow(git_source(repository.path))
    first = following.tree()
    shutil.rmtree(cache)
    repository.commit({"a.yaml": "two"})
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}


def test_what_a_killed_fetch_left_behind_does_no_harm(
    repository: Repository, git_source: MakeSource, follow: Follow, cache: Path
) -> None:
    repository.commit({"a.yaml": "one"})
    following = follow(git_source(repository.path))
    first = following.tree()
    (mirror,) = cache.glob("*.git")
    (ref,) = mirror.glob("refs/iter8/*/fetched")
    remnants = [mirror / "shallow.lock", ref.with_name("fetched.lock"), mirror / "objects" / "pack" / "tmp_pack_x"]
    for remnant in remnants:
        remnant.parent.mkdir(exist_ok=True)
        remnant.touch()
    repository.commit({"a.yaml": "two"})
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}
    assert not any(remnant.exists() for remnant in remnants)


def test_a_cache_that_cannot_be_written_is_a_failure(
    repository: Repository, git_source: MakeSource, follow: Follow, tmp_path: Path
) -> None:
    repository.commit({"a.yaml": "one"})
    blocker = tmp_path / "file"
    blocker.touch()
    message = follow(git_source(repository.path, cache=blocker / "cache")).failure().message
    assert message == f"cannot use the cache of {repository.path} in {blocker / 'cache'}: not a directory"
    message = follow(git_source(repository.path, cache=blocker)).failure().message
    assert message == f"cannot use the cache of {repository.path} in {blocker}: file exists"


def test_a_git_program_that_is_gone_is_a_failure(
    repository: Repository, git_source: MakeSource, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert follow(git_source(repository.path)).failure().message == "the git program cannot be started"


@pytest.mark.parametrize("scheme", ["http", "ssh"])
def test_a_hung_remote_does_not_delay_the_stop(git_source: MakeSource, scheme: str) -> None:
    with hang() as port:
        stop = threading.Event()
        source = git_source(f"{scheme}://127.0.0.1:{port}/repo")
        deliveries: list[SourceTree | SourceFailure] = []
        thread = threading.Thread(target=lambda: deliveries.extend(source.deliveries(stop)))
        thread.start()
        time.sleep(0.5)
        started = time.monotonic()
        stop.set()
        thread.join(timeout=5)
        assert not thread.is_alive()
        assert time.monotonic() - started < 2
    assert deliveries == []


@pytest.mark.parametrize("scheme", ["http", "ssh"])
def test_a_hung_remote_is_a_failure_after_the_timeout(git_source: MakeSource, follow: Follow, scheme: str) -> None:
    with hang() as port:
        source = git_source(f"{scheme}://127.0.0.1:{port}/repo", timeout=0.3)
        expected = f"cannot fetch {scheme}://127.0.0.1:{port}/repo: no answer within 0.3 seconds"
        following = follow(source)
        assert following.failure().message == expected
        assert following.failure().message == expected


def test_no_process_is_left_after_a_hung_remote(git_source: MakeSource) -> None:
    with hang() as port:
        url = f"http://127.0.0.1:{port}/left-behind"
        with Following(git_source(url, timeout=0.3)) as following:
            following.failure()
        listed = subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, text=True, check=True).stdout
    assert url not in listed


def test_a_closed_port_is_a_failure(git_source: MakeSource, follow: Follow) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for scheme in ("http", "ssh"):
        message = follow(git_source(f"{scheme}://127.0.0.1:{port}/repo")).failure().message
        assert message == f"cannot fetch {scheme}://127.0.0.1:{port}/repo: connection refused"


def corrupt(repository: Repository, expression: str) -> tuple[Path, bytes]:
    """Spoil an object of a repository; returns its file, and what it held."""
    name = repository.git("rev-parse", expression)
    file = repository.path / ".git" / "objects" / name[:2] / name[2:]
    content = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(content[:10] + b"\0nonsense")
    return file, content


@pytest.mark.parametrize("over_http", [False, True])
@pytest.mark.parametrize("subpath", ["", "apps"])
def test_a_repository_with_a_damaged_object_is_a_failure_until_it_is_repaired(
    repository: Repository, git_source: MakeSource, follow: Follow, cache: Path, over_http: bool, subpath: str
) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.commit({"apps/a.yaml": "one"})
    with serve_http(repository.path.parent) as server:
        url = f"{server.url}/routemaps" if over_http else str(repository.path)
        following = follow(git_source(url, subpath=subpath))
        first = following.tree()
        repository.commit({"apps/a.yaml": "two" * 100})
        file, content = corrupt(repository, "HEAD:apps/a.yaml")
        failure = following.failure_that(lambda failure: "damaged" in failure.message)
        assert failure.message.startswith(f"cannot fetch {url}: the ")
        assert list(cache.glob("*.git"))
        file.write_bytes(content)
        assert following.tree_after(first).files[0].content == b"two" * 100


def test_a_cache_with_odd_but_sound_objects_is_not_taken_for_damaged(
    repository: Repository, git_source: MakeSource, follow: Follow, cache: Path
) -> None:
    repository.commit({"a.yaml": "one"})
    odd = repository.git("cat-file", "commit", "HEAD").replace("Ada <ada@", "Ada<ada@")
    file = repository.path.with_name("odd")
    file.write_text(odd + "\n")
    repository.git("reset", "--hard", repository.git("hash-object", "-t", "commit", "-w", "--literally", str(file)))
    following = follow(git_source(repository.path))
    first = following.tree()
    (mirror,) = cache.glob("*.git")
    (mirror / "kept").touch()
    repository.commit({"a.yaml": "two" * 100})
    damaged, content = corrupt(repository, "HEAD:a.yaml")
    following.failure()
    assert (mirror / "kept").exists()
    damaged.write_bytes(content)
    following.tree_after(first)


def test_a_branch_that_is_made_anew_with_other_content_is_followed(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    repository.git("branch", "feature")
    following = follow(git_source(repository.path, revision="feature"))
    first = following.tree()
    repository.git("branch", "-D", "feature")
    following.failure()
    repository.git("checkout", "--quiet", "--orphan", "feature")
    repository.commit({"a.yaml": "unrelated"})
    assert contents(following.tree_after(first)) == {"a.yaml": "unrelated"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_a_failure_until_there_is_space(
    repository: Repository, git_source: MakeSource, small_disk: Path
) -> None:
    repository.commit({"a.yaml": "one"})
    with Following(git_source(repository.path, cache=small_disk / "cache")) as following:
        first = following.tree()
        repository.commit({"a.yaml": "two", "large.bin": random.Random(1).randbytes(1_000_000)})
        filler = small_disk / "filler"
        with contextlib.suppress(OSError):
            filler.write_bytes(bytes(4_000_000))
        failure = following.failure()
        assert failure.message == f"cannot fetch {repository.path}: no space left on this machine"
        filler.unlink()
        assert contents(following.tree_after(first)) == {"a.yaml": "two"}


def test_a_disk_that_is_full_from_the_start_is_a_failure_until_there_is_space(
    repository: Repository, git_source: MakeSource, small_disk: Path
) -> None:
    repository.commit({"a.yaml": "one"})
    filler = small_disk / "filler"
    with contextlib.suppress(OSError):
        filler.write_bytes(bytes(4_000_000))
    with Following(git_source(repository.path, cache=small_disk / "cache")) as following:
        assert "no space left on" in following.failure().message
        filler.unlink()
        assert contents(following.tree()) == {"a.yaml": "one"}


def test_several_processes_share_one_cache(repository: Repository, cache: Path) -> None:
    """Each sees every commit that stays for a while, and none sees a failure."""
    repository.commit({"a.yaml": "0"})
    repository.git("branch", "copy")
    command = [sys.executable, "-c", _FOLLOWER, str(repository.path), str(cache)]
    followers = [
        subprocess.Popen([*command, branch], stdout=subprocess.PIPE, text=True) for branch in ("main", "copy") * 2
    ]
    for number in range(1, 16):
        time.sleep(0.1)
        repository.commit({"a.yaml": str(number)})
        repository.git("branch", "--force", "copy")
    outputs = [follower.communicate(timeout=60)[0].splitlines() for follower in followers]
    assert [output[-1] for output in outputs] == ["15"] * 4
    assert not [line for output in outputs for line in output if "cannot" in line or "damaged" in line]


_FOLLOWER = """
import sys, threading
from pathlib import Path
from iter8_gitops.sources.git.source import GitSource
from iter8_gitops.spec.tree import SourceTree

stop = threading.Event()
source = GitSource(sys.argv[1], cache=Path(sys.argv[2]), revision=sys.argv[3], interval=0.01)
for delivery in source.deliveries(stop):
    text = delivery.files[0].content.decode() if isinstance(delivery, SourceTree) else delivery.message
    print(text, flush=True)
    if text == "15":
        stop.set()
"""
