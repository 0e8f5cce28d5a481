"""A key and host keys that a person names go before whatever else ssh would use or trust."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Credentials, Source
from iter8_gitops.sources.git.source import GitSource
from iter8_gitops.sources.git.ssh import key_refusal
from tests.sources.following import Following, contents
from tests.sources.repositories import Repository
from tests.sources.servers import SshServer

Follow = Callable[[Source], Following]
MakeSource = Callable[..., GitSource]
pytestmark = pytest.mark.slow


def make_key(path: Path, *options: str) -> Path:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", *options, "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.fixture
def served(repository: Repository, ssh_server: SshServer) -> str:
    """The address of a repository with a commit."""
    repository.commit({"a.yaml": "one"})
    return ssh_server.url(repository.path)


@pytest.fixture
def credentials(ssh_server: SshServer) -> Credentials:
    return Credentials(ssh_key=ssh_server.key, known_hosts=ssh_server.known_hosts)


def test_a_key_and_known_hosts_are_used(
    served: str, credentials: Credentials, git_source: MakeSource, follow: Follow
) -> None:
    assert contents(follow(git_source(served, credentials=credentials)).tree()) == {"a.yaml": "one"}


def test_they_go_before_the_persons_own_ssh(
    served: str, credentials: Credentials, git_source: MakeSource, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", "false")
    monkeypatch.setenv("GIT_SSH_VARIANT", "plink")
    assert contents(follow(git_source(served, credentials=credentials)).tree()) == {"a.yaml": "one"}


def test_their_paths_may_hold_spaces_and_percent_signs(
    served: str, credentials: Credentials, git_source: MakeSource, follow: Follow, tmp_path: Path
) -> None:
    assert credentials.ssh_key is not None
    assert credentials.known_hosts is not None
    folder = tmp_path / "100% it's 'mine' %d"
    folder.mkdir()
    (folder / "key").write_bytes(credentials.ssh_key.read_bytes())
    (folder / "key").chmod(0o600)
    (folder / "hosts").write_bytes(credentials.known_hosts.read_bytes())
    source = git_source(served, credentials=Credentials(ssh_key=folder / "key", known_hosts=folder / "hosts"))
    assert contents(follow(source).tree()) == {"a.yaml": "one"}


def test_a_host_key_that_is_not_the_pinned_one_is_refused(
    served: str, ssh_server: SshServer, git_source: MakeSource, follow: Follow, tmp_path: Path
) -> None:
    other = make_key(tmp_path / "other").with_suffix(".pub").read_text()
    hosts = tmp_path / "known_hosts"
    hosts.write_text(f"[127.0.0.1]:{ssh_server.port} {other}")
    source = git_source(served, credentials=Credentials(ssh_key=ssh_server.key, known_hosts=hosts))
    assert "the host key is another than the one in known_hosts" in follow(source).failure().message


def test_a_host_that_is_not_among_the_pinned_ones_is_never_accepted(
    served: str,
    ssh_server: SshServer,
    git_source: MakeSource,
    follow: Follow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even when the person's own settings accept whatever is new."""
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -oStrictHostKeyChecking=accept-new")
    hosts = tmp_path / "known_hosts"
    other = make_key(tmp_path / "other").with_suffix(".pub").read_text()
    hosts.write_text(f"[127.0.0.2]:{ssh_server.port} {other}")
    source = git_source(served, credentials=Credentials(ssh_key=ssh_server.key, known_hosts=hosts))
    before = hosts.read_text()
    assert "the host key is not known" in follow(source).failure().message
    assert hosts.read_text() == before


def test_a_host_key_is_never_learnt_without_known_hosts(
    served: str, ssh_server: SshServer, git_source: MakeSource, follow: Follow
) -> None:
    source = git_source(served, credentials=Credentials(ssh_key=ssh_server.key))
    assert "the host key is not known" in follow(source).failure().message


def test_a_key_that_the_server_does_not_know_is_a_failure(
    served: str, ssh_server: SshServer, git_source: MakeSource, follow: Follow, tmp_path: Path
) -> None:
    key = make_key(tmp_path / "stranger")
    source = git_source(served, credentials=Credentials(ssh_key=key, known_hosts=ssh_server.known_hosts))
    assert follow(source).failure().message.endswith("the server accepted none of the ssh keys")


def test_a_key_that_is_rotated_is_used_at_the_next_look(
    repository: Repository, served: str, ssh_server: SshServer, git_source: MakeSource, follow: Follow, tmp_path: Path
) -> None:
    key = make_key(tmp_path / "key")
    credentials = Credentials(ssh_key=key, known_hosts=ssh_server.known_hosts)
    following = follow(git_source(served, credentials=credentials))
    assert "accepted none of the ssh keys" in following.failure().message
    key.with_suffix(".pub").unlink()
    key.write_bytes(ssh_server.key.read_bytes())
    assert contents(following.tree()) == {"a.yaml": "one"}


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda key: key.unlink(), "cannot read the ssh key {}: no such file or directory"),
        (lambda key: key.write_text("nonsense"), "the ssh key {} is no private key"),
        (lambda key: key.chmod(0o644), "the ssh key {} may be read by others (mode 0644)"),
        (
            lambda key: key.write_bytes(key.with_name("key.pub").read_bytes()),
            "the ssh key {} is a public key; give the private one",
        ),
        (
            lambda key: subprocess.run(["ssh-keygen", "-q", "-p", "-N", "s3cr3t", "-f", key], check=True),
            "the ssh key {} is protected by a passphrase",
        ),
    ],
)
def test_a_key_that_cannot_be_used_is_a_failure_that_names_it(
    served: str,
    ssh_server: SshServer,
    git_source: MakeSource,
    follow: Follow,
    tmp_path: Path,
    damage: Callable[[Path], object],
    complaint: str,
) -> None:
    key = make_key(tmp_path / "key")
    damage(key)
    source = git_source(served, credentials=Credentials(ssh_key=key, known_hosts=ssh_server.known_hosts))
    assert follow(source).failure().message.startswith(f"cannot fetch {served}: {complaint.format(key)}")


@pytest.mark.parametrize(("content", "complaint"), [(None, "cannot read the file of known hosts"), ("\n", "is empty")])
def test_known_hosts_that_cannot_be_used_are_a_failure_that_names_the_file(
    served: str,
    ssh_server: SshServer,
    git_source: MakeSource,
    follow: Follow,
    tmp_path: Path,
    content: str | None,
    complaint: str,
) -> None:
    hosts = tmp_path / "known_hosts"
    if content is not None:
        hosts.write_text(content)
    source = git_source(served, credentials=Credentials(ssh_key=ssh_server.key, known_hosts=hosts))
    message = follow(source).failure().message
    assert complaint in message
    assert str(hosts) in message


@pytest.mark.parametrize("form", [("-m", "PEM"), ("-m", "PKCS8"), ("-m", "RFC4716")])
@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_keys_with_and_without_a_passphrase_are_told_apart_in_every_form(
    tmp_path: Path, kind: str, form: tuple[str, ...]
) -> None:
    bits = ("-b", "2048") if kind == "rsa" else ()
    plain = make_key(tmp_path / "plain", "-t", kind, *bits, *form)
    secured = make_key(tmp_path / "secured", "-t", kind, *bits, *form, "-N", "s3cr3t")
    assert key_refusal(plain.read_bytes()) == ""
    assert "passphrase" in key_refusal(secured.read_bytes())


@pytest.mark.parametrize("body", ["", "AAAA", "not base64!"])
def test_a_damaged_key_is_no_key(body: str) -> None:
    text = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n"
    assert key_refusal(text.encode()) == "is damaged"
