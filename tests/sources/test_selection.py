from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sources.selection import content_refusal, is_skipped, is_yaml, normalize_subpath, printable


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "a.json", "A.YAML", "a.b.yml"])
def test_yaml_and_json_files_are_read(name: str) -> None:
    assert is_yaml(name)


@pytest.mark.parametrize("name", ["a.txt", "yaml", "a.yaml.swp", "a.yaml~", "README"])
def test_other_files_are_not_read(name: str) -> None:
    assert not is_yaml(name)


@pytest.mark.parametrize("name", [".git", ".venv", "node_modules", "..data", ".#a.yaml"])
def test_hidden_entries_are_skipped(name: str) -> None:
    assert is_skipped(name)


@pytest.mark.parametrize(
    ("given_path", "normal"), [("", ""), (".", ""), ("a/b/", "a/b"), ("./a//b", "a/b"), (".hidden", ".hidden")]
)
def test_a_subpath_is_brought_to_one_form(given_path: str, normal: str) -> None:
    assert normalize_subpath(given_path) == normal


@pytest.mark.parametrize("subpath", ["/etc", "..", "a/../../b", "a/..", "a\0b", "a\nb"])
def test_a_subpath_that_climbs_or_hides_is_refused(subpath: str) -> None:
    with pytest.raises(ConfigurationError, match="the path"):
        normalize_subpath(subpath)


@given(st.text(alphabet=st.characters(codec=None)))
def test_every_path_becomes_one_printable_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert shown.encode() or not text
    assert shown == text or not text.isprintable()


def test_a_git_lfs_pointer_is_refused_but_not_a_file_that_mentions_one() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    assert "Git LFS" in content_refusal(pointer)
    assert content_refusal(b"# " + pointer) == ""
