"""Trees that know what changed say the same as trees that are compared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.spec.tree import SourceFile, SourceTree

_files = st.dictionaries(st.sampled_from(["a", "b", "c", "d/e", "d/f"]), st.sampled_from("123"))


def tree_of(files: dict[str, str], revision: str = "1") -> SourceTree:
    return SourceTree("git", revision, tuple(SourceFile(path, files[path], b"") for path in sorted(files)))


@given(_files, _files)
def test_a_successor_is_the_whole_tree_and_knows_what_changed(before: dict[str, str], after: dict[str, str]) -> None:
    old, new = tree_of(before), tree_of(after, "2")
    compared = new.changes_since(old)
    made = old.successor("2", compared.changed, compared.removed)
    assert made == new
    assert made.follows(old)
    assert made.changes_since(old) == compared
    assert {file.path for file in compared.changed} == {p for p in after if before.get(p) != after[p]}


@given(_files, _files)
def test_a_successor_of_another_tree_is_compared(before: dict[str, str], after: dict[str, str]) -> None:
    old, equal = tree_of(before), tree_of(before)
    made = old.successor("2", tree_of(after).files, before.keys() - after.keys())
    assert not made.follows(equal)
    assert made.changes_since(equal) == tree_of(after, "2").changes_since(old)
    assert made.changes_since(None).changed == made.files


def test_a_successor_does_not_keep_the_trees_before_it_alive() -> None:
    first = tree_of({"a": "1"})
    second = first.successor("2", [])
    del first
    assert not second.follows(tree_of({"a": "1"}))
    assert second.changes_since(tree_of({"a": "1"})).changed == ()
