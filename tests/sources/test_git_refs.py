from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sources.git.refs import DEFAULT, parse_ref

VALID = ["main", "feature/x", "v1.0", "a-b_c", "@a", "a@b", "a.b", "caf\u00e9", "refs/heads/main", "{}", "a.lock/b"[:1]]
INVALID = [
    "",
    "-x",
    "--output=x",
    "--upload-pack=touch",
    "a b",
    "a\nb",
    "a\0b"[:1] + "\x01",
    "a..b",
    "a~1",
    "a^",
    "a:b",
    "+a:b",
    "a?",
    "a*",
    "a[b",
    "a\\b",
    "a//b",
    "/a",
    "a/",
    "a.",
    ".a",
    "a/.b",
    "a.lock",
    "a.lock/b",
    "@",
    "a@{1}",
    "\x7f",
]


@pytest.mark.parametrize("name", VALID)
def test_a_valid_name_is_accepted_as_git_accepts_it(name: str) -> None:
    assert parse_ref(name).names
    assert _git_accepts(name)


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_name_is_refused_as_git_refuses_it(name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be the name"):
        parse_ref(name)
    assert name.startswith("-") or name == "@" or not _git_accepts(name)


@pytest.mark.parametrize("name", ["a\0b", "\udcff"])
def test_a_name_that_no_program_can_be_given_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be the name"):
        parse_ref(name)


def test_no_name_is_the_default_branch() -> None:
    assert parse_ref(None) is parse_ref("HEAD") is DEFAULT


def test_a_plain_name_is_a_branch_before_it_is_a_tag() -> None:
    assert parse_ref("v1").names == ("refs/heads/v1", "refs/tags/v1")


def test_a_full_name_is_taken_literally() -> None:
    assert parse_ref("refs/tags/v1").names == ("refs/tags/v1",)
    assert parse_ref("refs/tags/v1").shown == "tag v1"
    assert parse_ref("refs/heads/v1").shown == "branch v1"
    assert parse_ref("refs/pull/7/head").names == ("refs/pull/7/head",)
    with pytest.raises(ConfigurationError, match="full ref name"):
        parse_ref("refs/main")


@pytest.mark.parametrize("length", [40, 64])
def test_a_full_commit_id_is_a_commit(length: int) -> None:
    ref = parse_ref("AB" * (length // 2))
    assert ref.commit == "ab" * (length // 2)
    assert ref.names == ()


def test_a_range_of_versions_is_told_from_a_name() -> None:
    ref = parse_ref("semver: >=1.2  <2 ")
    assert ref.versions is not None
    assert ref.names == ()
    assert ref.shown == "version tags >=1.2 <2"
    assert ref.digest == parse_ref("semver:>=1.2 <2").digest != parse_ref("semver:>=1.2").digest


def test_the_ranges_in_the_documentation_are_ranges() -> None:
    page = (Path(__file__).parents[2] / "docs" / "git.md").read_text()
    written = [text.replace("\\|", "|") for text in re.findall(r"`(semver:[^`]+)`", page)]
    ranges = [text for text in written if text != "semver:RANGE"]
    assert len(ranges) > 8
    assert all(parse_ref(text).versions for text in ranges)


@pytest.mark.parametrize("text", ["semver:", "semver:main", "semver:>>1", "semver:1.2 || "])
def test_what_is_no_range_of_versions_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is no range of versions such as semver:>=1\.2 <2"):
        parse_ref(text)


def test_a_shortened_commit_id_is_a_name() -> None:
    assert parse_ref("abcdef0").commit == ""


def _git_accepts(name: str) -> bool:
    done = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False)
    return done.returncode == 0
