"""How a Git source proves to a server over HTTP who asks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Credentials, Source
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sources.git.logins import LONGEST_SECRET, Login, helper_settings, piped
from iter8_gitops.sources.git.source import GitSource
from tests.sources.following import Following, contents
from tests.sources.repositories import Repository
from tests.sources.servers import GitHttpServer, serve_http

Follow = Callable[[Source], Following]
MakeSource = Callable[..., GitSource]
PASSWORD = "p@ss w/rd:%\\`$(touch x)\"'"


@pytest.fixture
def server(repository: Repository) -> Iterator[GitHttpServer]:
    repository.commit({"a.yaml": "one"})
    with serve_http(repository.path.parent, username="ada", password=PASSWORD) as server:
        yield server


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    return file


def test_a_password_is_read_from_a_file(
    server: GitHttpServer, git_source: MakeSource, follow: Follow, password_file: Path
) -> None:
    credentials = Credentials("ada", password_file=password_file)
    source = git_source(f"{server.url}/routemaps", credentials=credentials)
    assert contents(follow(source).tree()) == {"a.yaml": "one"}


def test_a_password_that_was_resolved_before_is_used(
    server: GitHttpServer, git_source: MakeSource, follow: Follow
) -> None:
    source = git_source(f"{server.url}/routemaps", credentials=Credentials("ada", PASSWORD))
    assert contents(follow(source).tree()) == {"a.yaml": "one"}


def test_the_user_may_stand_in_the_address(
    server: GitHttpServer, git_source: MakeSource, follow: Follow, password_file: Path
) -> None:
    address = server.url.replace("://", "://ada@")
    source = git_source(f"{address}/routemaps", credentials=Credentials(password_file=password_file))
    assert contents(follow(source).tree()) == {"a.yaml": "one"}


def test_a_token_needs_no_user(server: GitHttpServer, git_source: MakeSource, follow: Follow) -> None:
    server.login = "x-access-token:t0ken"
    source = git_source(f"{server.url}/routemaps", credentials=Credentials(password="t0ken"))
    assert contents(follow(source).tree()) == {"a.yaml": "one"}


def test_a_password_that_is_rotated_is_used_at_the_next_look(
    repository: Repository, server: GitHttpServer, git_source: MakeSource, follow: Follow, password_file: Path
) -> None:
    credentials = Credentials("ada", password_file=password_file)
    following = follow(git_source(f"{server.url}/routemaps", credentials=credentials))
    first = following.tree()
    server.login = "ada:renewed"
    assert following.failure().message == f"cannot fetch {server.url}/routemaps: authentication failed"
    password_file.write_text("renewed")
    repository.commit({"a.yaml": "two"})
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}


def test_a_server_that_moved_the_repository_is_followed_with_the_password(
    server: GitHttpServer, git_source: MakeSource, follow: Follow, password_file: Path
) -> None:
    server.moved = {"/old": "/routemaps"}
    source = git_source(f"{server.url}/old", credentials=Credentials("ada", password_file=password_file))
    assert contents(follow(source).tree()) == {"a.yaml": "one"}


def test_git_may_ask_for_the_password_several_times() -> None:
    login = Login("ada", "x" * LONGEST_SECRET)
    with piped(login) as descriptor:
        helper = helper_settings("https://host", descriptor)[1].partition("=!")[2]
        for _ in range(3):
            command = ["sh", "-c", f"{helper} get"]
            answer = subprocess.run(command, check=True, capture_output=True, text=True, pass_fds=(descriptor,)).stdout
            assert answer == f"username=ada\npassword={login.password}\n"
        for operation in ("store", "erase"):
            command = ["sh", "-c", f"{helper} {operation}"]
            assert subprocess.run(command, check=True, capture_output=True, pass_fds=(descriptor,)).stdout == b""


def test_the_longest_password_fits(server: GitHttpServer, git_source: MakeSource, follow: Follow) -> None:
    password = "x" * LONGEST_SECRET
    server.login = f"ada:{password}"
    source = git_source(f"{server.url}/routemaps", credentials=Credentials("ada", password))
    assert contents(follow(source).tree()) == {"a.yaml": "one"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b"\r\n", "is empty"),
        (b"one\ntwo\n", "must hold one line of text"),
        (b"\xff\xfe", "must hold one line of text"),
        pytest.param(b"x" * 9000, "has more than 8,192 bytes", id="large"),
        pytest.param(b"x" * 5_000_000, "has more than 4,194,304 bytes", id="huge"),
        (None, "no such file or directory"),
    ],
)
def test_a_password_file_that_cannot_be_used_is_a_failure_that_names_it(
    server: GitHttpServer,
    git_source: MakeSource,
    follow: Follow,
    password_file: Path,
    content: bytes | None,
    complaint: str,
) -> None:
    if content is None:
        password_file.unlink()
    else:
        password_file.write_bytes(content)
    source = git_source(f"{server.url}/routemaps", credentials=Credentials("ada", password_file=password_file))
    message = follow(source).failure().message
    assert message.startswith(f"cannot fetch {server.url}/routemaps: ")
    assert f"the password file {password_file}" in message
    assert complaint in message


def test_a_pipe_is_no_password_file(
    server: GitHttpServer, git_source: MakeSource, follow: Follow, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    source = git_source(f"{server.url}/routemaps", credentials=Credentials("ada", password_file=tmp_path / "pipe"))
    assert follow(source).failure().message.endswith(f"the password file {tmp_path / 'pipe'} is not a regular file")


def test_a_password_in_the_address_goes_before_one_that_every_source_shares(
    server: GitHttpServer, git_source: MakeSource, follow: Follow
) -> None:
    server.login = "ada:own"
    address = server.url.replace("://", "://ada:own@")
    source = git_source(f"{address}/routemaps", credentials=Credentials(password="shared"))
    assert contents(follow(source).tree()) == {"a.yaml": "one"}


def test_a_password_that_every_source_shares_is_left_unused_where_none_is_asked_for(
    repository: Repository, git_source: MakeSource, follow: Follow
) -> None:
    repository.commit({"a.yaml": "one"})
    source = git_source(repository.path, credentials=Credentials(password="shared"))
    assert contents(follow(source).tree()) == {"a.yaml": "one"}
    git_source("git@host:repo", credentials=Credentials(password="shared"))


@pytest.mark.parametrize(
    ("url", "credentials", "complaint"),
    [
        ("https://h/r", Credentials(password="s3cr3t", password_file=Path("f")), "not both"),
        ("https://a:s3cr3t@h/r", Credentials(password_file=Path("f")), "not both"),
        ("https://a@h/r", Credentials("b", "s3cr3t"), "another user name"),
        ("https://h/r", Credentials("a\nb", "s3cr3t"), "user name must hold one line"),
        ("https://h/r", Credentials("a", "s3cr3t\nx"), "password must hold one line"),
        ("https://h/r", Credentials("a", "s3cr3t\udcff"), "password must hold one line"),
        pytest.param("https://h/r", Credentials("a", "s3cr3t" * 2000), "has more than", id="large"),
        ("https://h/r", Credentials(ssh_key=Path("k")), "are for ssh"),
        ("https://h/r", Credentials(known_hosts=Path("k")), "are for ssh"),
        ("git@h:r", Credentials(password_file=Path("f")), "ssh takes no password"),
        ("ssh://h/r", Credentials("ada"), "ssh takes no password"),
        ("ssh://h/r", Credentials(ssh_key=Path('a"b')), "the path of the ssh key must not hold"),
        ("ssh://h/r", Credentials(known_hosts=Path("$HOME/k")), "the path of the file of known hosts must not hold"),
        ("/srv/repo", Credentials(ssh_key=Path("k")), "repository of this machine"),
        ("/srv/repo", Credentials(password_file=Path("f")), "repository of this machine"),
    ],
)
def test_credentials_that_cannot_be_meant_are_refused(
    cache: Path, url: str, credentials: Credentials, complaint: str
) -> None:
    with pytest.raises(ConfigurationError, match=complaint) as caught:
        GitSource(url, cache=cache, credentials=credentials)
    assert "s3cr3t" not in str(caught.value)
