"""What a watch tells, as a tree: replacements are one change, and nothing is gone while nobody can know."""

from __future__ import annotations

import math
import threading
from typing import Any

import pytest

from iter8_gitops.kube.store import Change
from iter8_gitops.sources.configmap_files import ConfigMapFiles

ALWAYS = -math.inf


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def files(clock: Clock) -> ConfigMapFiles:
    return ConfigMapFiles("configmaps", 1.0, clock)


def config_map(name: str, version: int | str, *, uid: str = "u", namespace: str = "shop") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "uid": uid, "resourceVersion": str(version)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"strSpec": "a: 1\nb: 2\n"}}


def appeared(*objects: dict[str, Any]) -> list[Change]:
    return [Change(None, each) for each in objects]


def paths(files: ConfigMapFiles, answered_since: float = ALWAYS) -> list[str]:
    return [file.path for file in files.tree(answered_since).files]


def test_files_are_ordered_by_path(files: ConfigMapFiles) -> None:
    files.take(appeared(config_map("b", 3), config_map("a", 2), config_map("z", 5, namespace="a")))

    tree = files.tree(ALWAYS)

    assert [file.path for file in tree.files] == ["configmap/a/z", "configmap/shop/a", "configmap/shop/b"]
    assert (tree.source, tree.revision) == ("configmaps", "5")
    assert tree.files[1].digest == "u:2"


def test_the_tree_is_identical_until_something_changes(files: ConfigMapFiles) -> None:
    first = files.tree(ALWAYS)
    assert (first.files, first.revision) == ((), "0")
    assert files.tree(ALWAYS) is first

    files.take(appeared(config_map("a", 1)))

    assert files.tree(ALWAYS) is not first
    assert files.tree(ALWAYS) is files.tree(ALWAYS)


def test_what_was_deleted_is_gone_after_the_grace(files: ConfigMapFiles, clock: Clock) -> None:
    files.take(appeared(config_map("a", 1), config_map("b", 2)))
    before = files.tree(ALWAYS)

    files.take([Change(config_map("a", 7), None)])
    clock.now += 0.99
    assert files.tree(ALWAYS) is before

    clock.now += 0.02
    after = files.tree(ALWAYS)
    assert [file.path for file in after.files] == ["configmap/shop/b"]
    assert after.revision == "7"
    assert files.tree(ALWAYS) is after


def test_what_takes_the_place_of_something_deleted_is_one_change(files: ConfigMapFiles, clock: Clock) -> None:
    files.take(appeared(config_map("a", 1, uid="old")))
    before = files.tree(ALWAYS)
    files.take([Change(config_map("a", 2, uid="old"), None)])
    clock.now += 0.9
    assert files.tree(ALWAYS) is before

    files.take(appeared(config_map("a", 3, uid="new")))
    clock.now += 10

    assert [file.digest for file in files.tree(ALWAYS).files] == ["new:3"]


def test_deletion_and_creation_told_at_once_are_one_change(files: ConfigMapFiles, clock: Clock) -> None:
    files.take(appeared(config_map("a", 1, uid="old")))

    files.take([Change(config_map("a", 2, uid="old"), None), *appeared(config_map("a", 3, uid="new"))])
    clock.now += 10

    assert [file.digest for file in files.tree(ALWAYS).files] == ["new:3"]


def test_the_grace_begins_when_the_server_answers(files: ConfigMapFiles, clock: Clock) -> None:
    files.take(appeared(config_map("a", 1)))
    files.take([Change(config_map("a", 2), None)])
    clock.now += 60

    assert paths(files, answered_since=clock.now - 0.5) == ["configmap/shop/a"]
    clock.now += 1
    assert paths(files, answered_since=clock.now - 1.5) == []


def test_what_was_deleted_and_never_seen_is_no_matter(files: ConfigMapFiles, clock: Clock) -> None:
    files.take([Change(config_map("a", 2), None)])
    clock.now += 2

    assert paths(files) == []


def test_a_version_that_is_no_number_is_passed_over(files: ConfigMapFiles) -> None:
    files.take(appeared(config_map("a", 4), config_map("b", "opaque"), config_map("c", "")))

    assert files.tree(ALWAYS).revision == "4"
    assert len(files.tree(ALWAYS).files) == 3


def test_changes_and_looks_may_come_from_several_threads(files: ConfigMapFiles) -> None:
    def write(name: str) -> None:
        for version in range(200):
            files.take(appeared(config_map(name, version)))
            files.tree(ALWAYS)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b", "c", "d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [file.digest for file in files.tree(ALWAYS).files] == ["u:199"] * 4
