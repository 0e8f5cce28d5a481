from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Credentials, Source, SourceRequest, Verification
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sources.directory import DirectorySource
from iter8_gitops.sources.git.source import GitSource
from iter8_gitops.sources.locations import open_location
from tests.sources.following import Following, contents
from tests.sources.repositories import Repository

Follow = Callable[[Source], Following]


def open_source(
    location: str,
    *,
    cache: Path,
    branch: str | None = None,
    subpath: str = "",
    interval: float | None = None,
    name: str = "routemaps",
    read_before: bool = False,
) -> Source:
    return open_location(SourceRequest(location, name, cache, branch, subpath, interval, read_before))


def test_a_plain_directory_is_read_as_it_lies(tmp_path: Path, cache: Path, follow: Follow) -> None:
    (tmp_path / "plain" / "apps").mkdir(parents=True)
    (tmp_path / "plain" / "apps" / "a.yaml").write_text("a")
    source = open_source(str(tmp_path / "plain"), cache=cache, subpath="apps")
    assert isinstance(source, DirectorySource)
    assert source.location == f"directory {tmp_path / 'plain' / 'apps'}"
    assert contents(follow(source).tree()) == {"a.yaml": "a"}


def test_a_single_file_is_read_as_it_lies(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "a.yaml").touch()
    assert open_source(str(tmp_path / "a.yaml"), cache=cache).location == f"file {tmp_path / 'a.yaml'}"


def test_in_a_work_tree_commits_count(repository: Repository, cache: Path, follow: Follow) -> None:
    repository.commit({"a.yaml": "committed"})
    (repository.path / "a.yaml").write_text("draft")
    source = open_source(str(repository.path), cache=cache)
    assert source.location == f"git {repository.path} (default branch)"
    assert contents(follow(source).tree()) == {"a.yaml": "committed"}


def test_a_bare_repository_is_git(repository: Repository, cache: Path, follow: Follow, tmp_path: Path) -> None:
    repository.commit({"a.yaml": "one"})
    repository.git("clone", "--quiet", "--bare", str(repository.path), str(tmp_path / "bare.git"))
    source = open_source(str(tmp_path / "bare.git"), cache=cache)
    assert contents(follow(source).tree()) == {"a.yaml": "one"}


def test_a_linked_work_tree_is_git(repository: Repository, cache: Path, tmp_path: Path) -> None:
    repository.commit({"a.yaml": "one"})
    repository.git("worktree", "add", "--quiet", "-b", "feature", str(tmp_path / "linked"))
    assert isinstance(open_source(str(tmp_path / "linked"), cache=cache), GitSource)


def test_a_folder_inside_a_work_tree_is_read_as_it_lies_unless_a_branch_is_asked_for(
    repository: Repository, cache: Path, follow: Follow
) -> None:
    repository.commit({"apps/web/a.yaml": "committed", "b.yaml": "no"})
    (repository.path / "apps" / "web" / "a.yaml").write_text("draft")
    folder = str(repository.path / "apps")
    assert isinstance(open_source(folder, cache=cache), DirectorySource)
    source = open_source(folder, cache=cache, branch="main", subpath="web")
    assert source.location == f"git {repository.path} (branch or tag main, path apps/web)"
    assert contents(follow(source).tree()) == {"a.yaml": "committed"}


def test_a_file_inside_a_work_tree_can_be_read_from_a_branch(
    repository: Repository, cache: Path, follow: Follow
) -> None:
    repository.commit({"apps/a.yaml": "a", "apps/b.yaml": "b"})
    source = open_source(str(repository.path / "apps" / "a.yaml"), cache=cache, branch="main")
    assert contents(follow(source).tree()) == {"a.yaml": "a"}


def test_a_branch_of_a_directory_outside_git_is_refused(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"not in a Git repository, so it has no branch 'main'"):
        open_source(str(tmp_path), cache=cache, branch="main")


@pytest.mark.parametrize("url", ["https://host/repo", "git@host:repo", "ssh://host/repo", "file:///srv/repo"])
def test_a_url_is_git(cache: Path, url: str) -> None:
    assert isinstance(open_source(url, cache=cache, interval=1, name="x"), GitSource)


def test_a_file_whose_name_looks_like_a_url_is_that_file(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git@host:repo").mkdir()
    monkeypatch.chdir(tmp_path)
    assert isinstance(open_source("git@host:repo", cache=cache), DirectorySource)


def test_the_current_directory_can_be_given(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_source(".", cache=cache).location == f"directory {tmp_path}"


@pytest.mark.parametrize(
    ("location", "complaint"),
    [
        ("", "must not be empty"),
        ("a\0b", "control characters"),
        ("https://host/repo\n", "control characters"),
        ("no/such/folder", "no/such/folder does not exist"),
        ("x" * 5000, "does not exist"),
        ("ext::sh -c true", "must not hold spaces"),
        ("ext::sh", "helper"),
        ("--upload-pack=x", "begin with '-'"),
        ("https://host/repo#main", "fragment"),
    ],
)
def test_a_location_that_can_never_work_is_refused(cache: Path, location: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        open_source(location, cache=cache)


def test_a_mistyped_url_is_refused_without_its_secret(cache: Path) -> None:
    for location in ("https//ada:s3cr3t@host/repo", "https:/ada:s3cr3t@host/repo", "ada:s3cr3t@host/repo"):
        with pytest.raises(ConfigurationError) as caught:
            open_source(location, cache=cache)
        assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("subpath", ["../x", "/x", "a/../../x", "a\nb"])
def test_a_subpath_that_leaves_the_source_is_refused(tmp_path: Path, cache: Path, subpath: str) -> None:
    for location in (str(tmp_path), "https://host/repo"):
        with pytest.raises(ConfigurationError, match="the path"):
            open_source(location, cache=cache, subpath=subpath)


@pytest.mark.parametrize("branch", ["--output=x", "a b", "", "a..b", "x\n"])
def test_a_branch_that_cannot_exist_is_refused(cache: Path, branch: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be the name"):
        open_source("https://host/repo", cache=cache, branch=branch)


def test_without_the_git_program_directories_work_and_repositories_say_what_is_missing(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path\n"
        "from iter8_gitops.errors import ConfigurationError\n"
        "from iter8_gitops.contracts.source import SourceRequest\n"
        "from iter8_gitops.sources.locations import open_location\n"
        f"print(open_location(SourceRequest({str(tmp_path)!r}, 'x', Path('unused'))).location)\n"
        "try:\n"
        "    open_location(SourceRequest('https://host/repo', 'x', Path('unused')))\n"
        "except ConfigurationError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PATH": "/nonexistent"}, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"directory {tmp_path}\nreading a Git repository needs the git program; install git\n"


def test_a_path_that_was_read_before_may_be_away(tmp_path: Path) -> None:
    source = open_source(str(tmp_path / "gone"), cache=tmp_path / "cache", read_before=True)

    assert source.location == f"directory {tmp_path / 'gone'}"


def test_verification_is_for_git_alone(repository: Repository, tmp_path: Path, cache: Path) -> None:
    """Nothing is read unverified by mistake, also where a repository is away."""
    verification = Verification(gpg_keys=tmp_path / "keys.asc")
    (tmp_path / "plain").mkdir()
    request = SourceRequest(str(tmp_path / "plain"), "routemaps", cache, verification=verification)
    with pytest.raises(ConfigurationError, match="is read as it lies, so nothing in it is signed"):
        open_location(request)
    away = SourceRequest(str(tmp_path / "away"), "routemaps", cache, read_before=True, verification=verification)
    for accepted in (away, SourceRequest(str(repository.path), "routemaps", cache, verification=verification)):
        assert isinstance(open_location(accepted), GitSource)


@pytest.mark.parametrize(
    "credentials",
    [
        Credentials(username="ada"),
        Credentials(password_file=Path("file")),
        Credentials(ssh_key=Path("key")),
        Credentials(known_hosts=Path("hosts")),
    ],
)
def test_credentials_are_for_git_alone(tmp_path: Path, cache: Path, credentials: Credentials) -> None:
    with pytest.raises(ConfigurationError, match="needs neither a password nor a key"):
        open_location(SourceRequest(str(tmp_path), "routemaps", cache, credentials=credentials))


def test_a_password_that_every_source_shares_is_no_mistake_beside_a_directory(tmp_path: Path, cache: Path) -> None:
    credentials = Credentials(password="shared")
    assert isinstance(open_location(SourceRequest(str(tmp_path), "x", cache, credentials=credentials)), DirectorySource)


def test_everything_that_is_for_git_reaches_it(repository: Repository, cache: Path, tmp_path: Path) -> None:
    repository.commit({"a.yaml": "unsigned"})
    signers, nudges = tmp_path / "signers", tmp_path / "nudges"
    signers.touch()
    request = SourceRequest(
        str(repository.path), "x", cache, interval=30.0, verification=Verification(signers), nudges=nudges
    )
    with Following(open_location(request)) as following:
        assert "is not verified" in following.failure().message
        nudges.touch()
        assert "is not verified" in following.failure().message
    with pytest.raises(ConfigurationError, match="are for ssh"):
        open_location(SourceRequest("https://h/r", "x", cache, credentials=Credentials(ssh_key=Path("key"))))
