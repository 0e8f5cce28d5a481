from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.git.tree import CommitTree
from iter8_gitops.sources.selection import Limits
from iter8_gitops.sources.walk import Kind, RefusedError, find_files

OID = "0" * 40


def listing(*entries: tuple[str, str, str, str]) -> bytes:
    """Write entries (mode, type, id, path) as `git ls-tree -r -z` does."""
    return b"".join(f"{mode} {kind} {oid}\t{path}\0".encode() for mode, kind, oid, path in entries)


def tree_of(files: list[str], links: dict[str, str]) -> CommitTree:
    entries = [("100644", "blob", OID, path) for path in files]
    entries += [("120000", "blob", f"{number:040}", path) for number, path in enumerate(links, 1)]
    tree = CommitTree(listing(*entries))
    tree.set_targets({f"{number:040}": target.encode() for number, target in enumerate(links.values(), 1)})
    return tree


def test_submodules_are_not_there() -> None:
    tree = CommitTree(
        b"160000 commit 1111111111111111111111111111111111111111\tvendor\0" + listing(("100644", "blob", OID, "a.yaml"))
    )
    assert dict(tree.entries("")) == {"a.yaml": Kind.FILE}


def test_a_path_is_found_through_links() -> None:
    tree = tree_of(["v2/app/a.yaml"], {"current": "v2", "v2/self": "../current/app"})
    assert tree.find("current/self/a.yaml") == ("v2/app/a.yaml", Kind.FILE)
    assert tree.find("") == ("", Kind.FOLDER)
    assert tree.find("current/nope") is None
    assert tree.find("v2/app/a.yaml/x") is None


def test_a_path_through_a_link_out_of_the_repository_is_a_failure() -> None:
    tree = tree_of([], {"out": "../../etc"})
    with pytest.raises(SourceUnavailableError, match="leads out of the repository"):
        tree.find("out/passwd")


def test_an_overlong_link_is_refused() -> None:
    tree = CommitTree(listing(("120000", "blob", OID, "a.yaml")))
    assert tree.links() == {"a.yaml"}
    tree.set_targets({})
    with pytest.raises(RefusedError, match="too long"):
        tree.follow("a.yaml")


def test_a_very_deep_tree_is_walked() -> None:
    deep = "/".join("d" * 3000) + "/a.yaml"
    assert [found.path for found in find_files(tree_of([deep], {}), "", Limits()).found] == [deep]


names = st.sampled_from(["a", "b", "c", "d.yaml", "e.yaml"])
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
targets = st.lists(st.sampled_from(["..", ".", "a", "b", "c", "d.yaml", ""]), min_size=1, max_size=5).map("/".join)


@given(st.lists(paths, max_size=8), st.dictionaries(paths, targets, max_size=6))
def test_whatever_the_links_each_file_is_found_once_and_inside(files: list[str], links: dict[str, str]) -> None:
    taken = set(links)
    files = [path for path in files if not any(path == link or path.startswith(f"{link}/") for link in taken)]
    files = [path for path in files if not any(other.startswith(f"{path}/") for other in (*files, *taken))]
    files = sorted(set(files))
    links = {a: t for a, t in links.items() if not any(a.startswith(f"{b}/") for b in links if b != a)}
    tree = tree_of(files, links)
    found = find_files(tree, "", Limits()).found
    read = [each.place for each in found if not each.refusal]
    assert len(read) == len(set(read))
    assert set(read) <= set(files)
    assert {path for path in files if path.endswith(".yaml")} <= set(read)
