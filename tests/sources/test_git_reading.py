"""Reading a commit by what is different from the last one gives what reading all of it would give."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.git.mirror import Mirror
from iter8_gitops.sources.git.process import GitCommands
from iter8_gitops.sources.git.reading import CommitReader
from iter8_gitops.sources.selection import Limits
from iter8_gitops.spec.tree import SourceTree

Files: TypeAlias = Mapping[str, tuple[str, str]]
"""Mode and content by path."""

PATHS = ("a.yaml", "b.yaml", "README", ".hidden.yaml", "sub/a.yaml", "sub/deep/b.yaml", "sub/node_modules/c.yaml", "x")
FILE, PROGRAM, LINK = "100644", "100755", "120000"
_entries = st.one_of(
    st.tuples(st.sampled_from([FILE, FILE, PROGRAM]), st.sampled_from(["one", "two"])),
    st.tuples(st.just(FILE), st.just("three")),
    st.tuples(st.just(LINK), st.sampled_from(["a.yaml", "sub/a.yaml", "sub", "x"])),
)
_plain = st.dictionaries(st.sampled_from(PATHS), st.tuples(st.sampled_from([FILE, PROGRAM]), st.sampled_from("12")))
_commits = st.lists(
    st.one_of(_plain, _plain, st.dictionaries(st.sampled_from(PATHS), _entries)), min_size=2, max_size=5
)


class Repository:
    """A bare repository, and readers of it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "mirror.git"
        self._commands = GitCommands(folder, self._path, threading.Event())
        self._commands.run("init", "--quiet", "--bare", "--template=", "--", str(self._path))

    def reader(self, subpath: str, limits: Limits | None = None) -> CommitReader:
        mirror = Mirror(self._path, "key", self._commands)
        return CommitReader(self._commands, mirror, "git", subpath, limits or Limits())

    def commit(self, files: Files) -> str:
        stream = ["commit refs/heads/main\ncommitter A <a@example.com> 1 +0000\ndata 1\nx\ndeleteall"]
        for path, (mode, content) in files.items():
            stream.append(f"M {mode} inline {path}\ndata {len(content)}\n{content}")
        environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        data = "\n".join([*stream, ""]).encode()
        command = ["git", "fast-import", "--quiet", "--force"]
        subprocess.run(command, cwd=self._path, env=environment, input=data, check=True)
        return self._commands.run("rev-parse", "refs/heads/main").decode().strip()


@contextmanager
def repository() -> Iterator[Repository]:
    with tempfile.TemporaryDirectory() as folder:
        yield Repository(Path(folder))


def read(reader: CommitReader, commit: str, last: SourceTree | None) -> SourceTree | str:
    try:
        return reader.read(commit, last)
    except SourceUnavailableError as error:
        return str(error)


@settings(deadline=None, max_examples=25)
@given(_commits, st.sampled_from(["", "sub", "sub/a.yaml"]))
def test_after_any_commits_the_tree_is_that_of_the_whole_commit(commits: list[Files], subpath: str) -> None:
    with repository() as repo:
        reader, last = repo.reader(subpath), None
        for files in commits:
            commit = repo.commit(files)
            tree = read(reader, commit, last)
            assert tree == read(repo.reader(subpath), commit, None)
            last = tree if isinstance(tree, SourceTree) else last


def test_a_commit_is_read_by_what_is_different() -> None:
    with repository() as repo:
        reader = repo.reader("")
        files = {"a.yaml": (FILE, "one"), "b.yaml": (FILE, "two"), "c.yaml": (FILE, "three")}
        before = reader.read(repo.commit(files), None)
        after = reader.read(
            repo.commit({"a.yaml": (FILE, "1"), "b.yaml": (FILE, "two"), "d.yaml": (FILE, "4")}), before
        )
        assert after.follows(before)
        changes = after.changes_since(before)
        assert {file.path: file.content for file in changes.changed} == {"a.yaml": b"1", "d.yaml": b"4"}
        assert changes.removed == {"c.yaml"}


def test_the_limits_hold_for_what_is_different_too() -> None:
    with repository() as repo:
        reader = repo.reader("", Limits(total_bytes=5))
        before = reader.read(repo.commit({"a.yaml": (FILE, "one")}), None)
        grown = repo.commit({"a.yaml": (FILE, "one"), "b.yaml": (FILE, "two")})
        with pytest.raises(SourceUnavailableError, match="more than 5 bytes"):
            reader.read(grown, before)
