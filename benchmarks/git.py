"""A Git source on a large repository with a long history, over HTTP, against plain Git and against a small one."""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measurement import Measurement, median_seconds, seconds
from iter8_gitops.sources.git.source import GitSource
from iter8_gitops.spec.tree import SourceFailure, SourceTree
from tests.sources.servers import GitHttpServer, serve_http

FILES, COMMITS = 5_000, 20_000
FEW_FILES, FEW_COMMITS = 100, 100
PER_FOLDER = 50
REPEATS = 5


class Bench:
    """A repository of `files` files in folders of 50, the last `commits` of which changed one file each."""

    def __init__(self, root: Path, files: int, commits: int) -> None:
        self._path = root / "served" / f"{files}.git"
        self._cache = root / "cache"
        self._files = files
        self._commits = 0
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self._path))
        self._git("config", "uploadpack.allowFilter", "true")
        self._import(range(files), *([number % files] for number in range(1, commits)))
        self._git("gc", "--quiet")

    def source(self, server: GitHttpServer, subpath: str = "") -> GitSource:
        """A source with an empty cache."""
        shutil.rmtree(self._cache, ignore_errors=True)
        url = f"{server.url}/{self._path.name}"
        return GitSource(url, cache=self._cache, subpath=subpath, interval=0.001)

    def first_sync(self, server: GitHttpServer, subpath: str = "") -> float:
        """How long it takes from an empty cache to a tree."""

        def sync() -> None:
            with _following(self.source(server, subpath)) as trees:
                assert len(next(trees).files) == (PER_FOLDER if subpath else self._files)

        return median_seconds(sync, REPEATS)

    def clone(self, server: GitHttpServer, *options: str) -> float:
        """How long `git clone` takes."""
        target = self._path.parent.with_name("clone")

        def clone() -> None:
            shutil.rmtree(target, ignore_errors=True)
            self._git("clone", "--quiet", *options, f"{server.url}/{self._path.name}", str(target))

        return median_seconds(clone, REPEATS)

    def one_file(self, server: GitHttpServer, subpath: str = "") -> float:
        """How long one look takes that finds a commit of one file."""
        times = []
        with _following(self.source(server, subpath)) as trees:
            before = next(trees)
            for _ in range(2 * REPEATS):
                self._import([0])
                after: list[SourceTree] = []
                times.append(seconds(lambda: after.append(next(trees))))  # noqa: B023 - called at once
                assert after[0].revision != before.revision
                before = after[0]
        return statistics.median(times)

    def _import(self, *commits: range | list[int]) -> None:
        """Make commits, each of which changes the files with these numbers."""
        stream = []
        for changed in commits:
            first = self._commits == 0
            self._commits += 1
            stream.append(f"commit refs/heads/main\ncommitter A <a@example.com> {self._commits} +0000\ndata 1\nx")
            if not first and len(stream) == 1:
                stream.append("from refs/heads/main^0")
            for number in changed:
                content = _routemap(number, self._commits)
                stream.append(f"M 644 inline team-{number // PER_FOLDER}/app-{number}.yaml")
                stream.append(f"data {len(content)}\n{content}")
        self._git("fast-import", "--quiet", data="\n".join([*stream, ""]))

    def _git(self, *arguments: str, data: str = "") -> None:
        where = self._path if self._path.exists() else self._path.parent
        where.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        subprocess.run(["git", *arguments], cwd=where, env=environment, input=data, text=True, check=True)


@contextlib.contextmanager
def _following(source: GitSource) -> Iterator[Iterator[SourceTree]]:
    stop = threading.Event()
    deliveries = source.deliveries(stop)
    try:
        yield map(_tree, deliveries)
    finally:
        stop.set()


def _tree(delivery: SourceTree | SourceFailure) -> SourceTree:
    assert isinstance(delivery, SourceTree), delivery
    return delivery


def _routemap(number: int, edit: int) -> str:
    resources = "".join(
        f"    - resources: [{{gvrShort: deploy, name: app-{number}-{version}}}]\n" for version in range(2)
    )
    head = f"apiVersion: iter8.tools/v1\nkind: Routemap\nmetadata: {{name: app-{number}, namespace: team}}\n"
    return f"{head}# edit {edit}\nspec:\n  versions:\n{resources}"


def measure() -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        large = Bench(Path(folder) / "large", FILES, COMMITS)
        small = Bench(Path(folder) / "small", FEW_FILES, FEW_COMMITS)
        with (
            serve_http(Path(folder) / "large" / "served") as of_large,
            serve_http(Path(folder) / "small" / "served") as of_small,
        ):
            clone, whole, part = large.clone(of_large), large.first_sync(of_large), large.first_sync(of_large, "team-7")
            many, few = large.one_file(of_large), small.one_file(of_small)
            one_team = large.one_file(of_large, "team-0")
    return [
        Measurement(f"git clone of {FILES:,} files and {COMMITS:,} commits", f"{clone:.2f} s"),
        Measurement("first sync of a Git source / git clone", f"{whole / clone:.2f} x", "< 1 x"),
        Measurement(
            f"first sync of one folder with {PER_FOLDER} files / git clone", f"{part / clone:.2f} x", "< 0.5 x"
        ),
        Measurement(f"a commit of one file, {FEW_FILES} files and {FEW_COMMITS} commits", f"{few * 1000:.0f} ms"),
        Measurement(f"a commit, {FILES:,} files and {COMMITS:,} commits / few", f"{many / few:.2f} x", "< 5 x"),
        Measurement("  the same, when one folder is followed", f"{one_team / few:.2f} x"),
    ]
