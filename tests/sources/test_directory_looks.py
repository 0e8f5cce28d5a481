"""A look at the places that changed gives what a look at everything would give."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.directory_looks import DirectoryLooks
from iter8_gitops.sources.selection import Limits
from iter8_gitops.spec.tree import SourceTree

Edit: TypeAlias = tuple[str, str, str]

PATHS = ("a.yaml", "b.yaml", "c.txt", ".hidden.yaml", "sub/a.yaml", "sub/deep/b.yaml", "sub", "sub/deep", "link.yaml")
_edits = st.tuples(
    st.sampled_from(["write", "write", "write", "remove", "link", "rename"]),
    st.sampled_from(PATHS),
    st.sampled_from(PATHS),
)


def apply(folder: Path, edit: Edit) -> set[str]:
    """Make a change. Returns the places that a watch of every folder there was before would tell."""
    what, name, other = edit
    path = folder / name
    if what == "write":
        if path.is_dir():
            return set()
        told = {str(each) for each in (path, *path.parents) if each.is_relative_to(folder) and not each.exists()}
        if any(os.path.lexists(each) and not each.is_dir() for each in path.parents) or (
            path.is_symlink() and not path.exists()
        ):
            return set()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(other)
        return told | {str(path.resolve())}
    if not os.path.lexists(path):
        return {str(path)}
    if what == "remove":
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
        return {str(path)}
    target = folder / other
    if os.path.lexists(target) or not target.parent.is_dir() or target.is_relative_to(path):
        return set()
    if what == "link":
        target.symlink_to(path)
        return {str(target)}
    path.rename(target)
    return {str(path), str(target)}


def whole(folder: Path) -> SourceTree:
    return DirectoryLooks(folder, "folder", Limits()).look()


@settings(deadline=None)
@given(st.lists(st.lists(_edits, min_size=1, max_size=3), min_size=1, max_size=6))
def test_after_any_edits_a_look_at_what_changed_sees_everything(rounds: list[list[Edit]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "sub").mkdir()
        (folder / "sub" / "a.yaml").write_text("one")
        looks = DirectoryLooks(folder, "folder", Limits())
        looks.look()
        for edits in rounds:
            before = looks.look(())
            told = {place for edit in edits for place in apply(folder, edit)}
            after = looks.look(told)
            assert after == whole(folder)
            assert (after is before) == (after.files == before.files)
            assert after.follows(before) or after is before


def test_an_edit_is_read_without_listing_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("one")
    looks = DirectoryLooks(tmp_path, "folder", Limits())
    folders = looks.look() and looks.folders
    (tmp_path / "a.yaml").write_text("two")
    (tmp_path / "unseen.yaml").write_text("three")
    tree = looks.look([str(tmp_path / "a.yaml")])
    assert [file.content for file in tree.files] == [b"two"]
    assert looks.folders is folders
    assert [file.path for file in looks.look().files] == ["a.yaml", "unseen.yaml"]


def test_a_file_more_than_allowed_is_refused_by_a_look_at_what_changed_too(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("one")
    looks = DirectoryLooks(tmp_path, "folder", Limits(files=1))
    looks.look()
    (tmp_path / "b.yaml").write_text("two")
    with pytest.raises(SourceUnavailableError, match="more than 1 YAML files"):
        looks.look([str(tmp_path / "b.yaml")])
    (tmp_path / "b.yaml").unlink()
    assert [file.path for file in looks.look([str(tmp_path / "b.yaml")]).files] == ["a.yaml"]


def test_more_bytes_than_allowed_are_refused_by_a_look_at_what_changed_too(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("one")
    looks = DirectoryLooks(tmp_path, "folder", Limits(total_bytes=5))
    looks.look()
    (tmp_path / "a.yaml").write_text("longer")
    with pytest.raises(SourceUnavailableError, match="more than 5 bytes"):
        looks.look([str(tmp_path / "a.yaml")])
