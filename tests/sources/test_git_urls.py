from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sources.git.logins import Login
from iter8_gitops.sources.git.urls import looks_like_url, parse_git_url


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/org/repo.git",
        "https://host:8443/My%20Project/_git/repo",
        "http://127.0.0.1:8080/repo",
        "https://[::1]:8443/repo",
        "ssh://git@host:2222/org/repo",
        "ssh://host/~ada/repo",
        "ssh://[fe80::1]/repo",
        "git@github.com:org/repo.git",
        "host:repo",
        "git@[::1]:repo",
    ],
)
def test_an_ordinary_address_is_given_to_git_as_it_is(url: str) -> None:
    parsed = parse_git_url(url)
    assert parsed.address == parsed.shown == url
    assert parsed.login is None
    assert not parsed.is_local
    assert looks_like_url(url)


@pytest.mark.parametrize(
    "url", ["/srv/a b.git", "file:///srv/a%20b.git", "file://localhost/srv/a b.git".replace(" ", "%20")]
)
def test_a_repository_of_this_machine_is_a_path(url: str) -> None:
    parsed = parse_git_url(url)
    assert parsed.address == "/srv/a b.git"
    assert parsed.is_local


def test_a_relative_path_is_made_absolute() -> None:
    assert parse_git_url("./repo").address == str(Path.cwd() / "repo")
    assert parse_git_url("repo").address == str(Path.cwd() / "repo")


def test_the_scheme_may_be_written_in_capitals() -> None:
    assert parse_git_url("HTTPS://host/repo").address == "https://host/repo"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "-",
        "--upload-pack=touch /tmp/pwned",
        "--upload-pack=touch",
        "ext::sh -c touch% /tmp/pwned",
        "ext::sh",
        "EXT::sh",
        "ext://sh",
        "fd::7",
        "::sh",
        "transport.helper::address",
        "git://host/repo",
        "ftp://host/repo",
        "rsync://host/repo",
        "javascript://host/repo",
        "https://",
        "https:///repo",
        "https://host:port/repo",
        "https://host:99999/repo",
        "https://[::1/repo",
        "https://ho st/repo",
        "https://host/repo\n",
        "https://host/repo\nhttps://other",
        "https://host/repo%0aother",
        "https://host/repo\0",
        "https://host\\@other/repo",
        "https://host/repo?token=1",
        "https://host/repo?",
        "https://host/repo#main",
        "https://us\ter:pw@host/repo",
        "https://user:pw%0a@host/repo",
        "https://-host/repo",
        "https://%2dhost/repo",
        "ssh://-oProxyCommand=touch/repo",
        "ssh://-oProxyCommand=touch@host/repo",
        "ssh://%2doProxyCommand=touch/repo",
        "ssh://%2doProxyCommand=touch@host/repo",
        "ssh://host",
        "ssh://host/",
        "ssh://@host/repo",
        "ssh://git:secret@host/repo",
        "-oProxyCommand=touch:repo",
        "-oProxyCommand=touch@host:repo",
        "git@-oProxyCommand=touch:repo",
        "git@host:-repo",
        "git@host:--upload-pack=touch",
        "git@host:repo name",
        "$(touch):repo",
        "user:token@host/repo",
        "file://host/repo",
        "file:///repo%0a",
        "file://-/repo",
        "/srv/repo\n",
    ],
)
def test_what_could_run_a_program_or_fool_git_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_git_url(url)


@pytest.mark.parametrize(
    ("url", "username", "password"),
    [
        ("https://ada:s3cr3t@host/repo", "ada", "s3cr3t"),
        ("https://ada:p%40ss%2Fw%20rd@host/repo", "ada", "p@ss/w rd"),
        ("https://ada:a:b@host/repo", "ada", "a:b"),
        ("https://ada:p@ss@host/repo", "ada", "p@ss"),
        ("https://ghp_token@host/repo", "ghp_token", ""),
        ("https://:s3cr3t@host/repo", "", "s3cr3t"),
    ],
)
def test_credentials_are_taken_out_of_the_address(url: str, username: str, password: str) -> None:
    parsed = parse_git_url(url)
    assert parsed.login == Login(username, password)
    assert parsed.origin == "https://host"
    assert parsed.address == parsed.shown == "https://host/repo"
    for secret in parsed.login.secrets():
        assert secret not in repr(parsed)


@pytest.mark.parametrize(
    "url",
    [
        "https://ada:s3cr3t@ho st/repo",
        "https://ada:s3cr3t@host:99999/repo",
        "https://ada:s3cr3t@host/repo?x",
        "https://ada:s3cr3t/x@host/repo",
        "https://ada:12/s3cr3t@host/repo",
        "https://ada:s3cr3t@-host/repo",
        "ssh://ada:s3cr3t@host/repo",
        "ftp://ada:s3cr3t@host/repo",
        "git://ada:s3cr3t@host/repo",
        "ada:s3cr3t@host/repo",
        "ext::https://ada:s3cr3t@host/repo",
    ],
)
def test_a_refusal_does_not_repeat_a_secret(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_git_url(url)
    assert "s3cr3t" not in str(caught.value)


def test_the_cache_is_the_same_after_a_token_was_renewed() -> None:
    one, two = parse_git_url("https://a:old@host/repo"), parse_git_url("https://a:new@host/repo")
    assert one.digest == two.digest
    assert one.digest != parse_git_url("https://host/other").digest


@given(st.text())
def test_any_text_is_either_refused_or_safe(text: str) -> None:
    try:
        parsed = parse_git_url(text)
    except ConfigurationError:
        return
    assert not parsed.address.startswith("-")
    assert "::" not in parsed.address.partition("/")[0].partition("[")[0]
    assert "\n" not in parsed.address


@pytest.mark.parametrize("path", ["routemaps", "./a", "/srv/repo", "a b", "dir/with:colon"])
def test_a_path_does_not_look_like_a_url(path: str) -> None:
    assert not looks_like_url(path)
