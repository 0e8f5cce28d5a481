"""Only what somebody trusted has signed takes effect; what was verified last stays."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Source, Verification
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sources.git.source import GitSource
from iter8_gitops.spec.tree import SourceFailure
from tests.sources.following import Following, contents
from tests.sources.repositories import Repository
from tests.sources.signing import GpgHome, SshKey, commit_signed, need_programs

Follow = Callable[[Source], Following]
MakeSource = Callable[..., GitSource]
ONCE = "20200101T000000"
A_DAY_IN_IT = ("--faked-system-time", "20200101T120000")


@pytest.fixture(scope="module")
def gpg() -> Iterator[GpgHome]:
    """The keys of ada and bob, one that has expired, and one that was revoked."""
    need_programs()
    with tempfile.TemporaryDirectory() as folder:  # A short path, because it holds the agent's sockets.
        home = GpgHome(Path(folder) / "gpg")
        try:
            home.make("ada")
            home.make("bob")
            home.make("expired", at=ONCE, expires="1d")
            home.make("revoked")
            yield home
        finally:
            home.close()


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> tuple[SshKey, SshKey]:
    """The keys of ada and bob."""
    need_programs()
    folder = tmp_path_factory.mktemp("ssh-keys")
    return SshKey.make(folder, "ada"), SshKey.make(folder, "bob")


@pytest.fixture
def gpg_keys(gpg: GpgHome, tmp_path: Path) -> Path:
    """A file with the keys that are trusted: ada's, and two that are good no more."""
    file = tmp_path / "trusted keys.asc"
    file.write_bytes(gpg.public("ada", "expired", "revoked"))
    return file


@pytest.fixture
def ssh_signers(ssh: tuple[SshKey, SshKey], tmp_path: Path) -> Path:
    """A file that trusts ada."""
    file = tmp_path / "allowed signers"
    file.write_text(f'ada@example.com namespaces="git" {ssh[0].public}\n')
    return file


@pytest.fixture
def verified(
    repository: Repository, git_source: MakeSource, gpg_keys: Path, ssh_signers: Path
) -> Callable[..., GitSource]:
    """Makes sources that trust ada."""
    verification = Verification(ssh_signers=ssh_signers, gpg_keys=gpg_keys)
    return lambda **options: git_source(repository.path, **{"verification": verification, **options})


def test_what_is_signed_by_somebody_trusted_takes_effect(
    repository: Repository, verified: Callable[..., GitSource], follow: Follow, gpg: GpgHome, ssh: tuple[SshKey, SshKey]
) -> None:
    commit_signed(repository, gpg.settings("ada"), "one")
    following = follow(verified())
    first = following.tree()
    assert contents(first) == {"a.yaml": "one"}
    commit_signed(repository, ssh[0].settings, "two")
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}


def test_each_way_to_sign_can_be_trusted_alone(
    repository: Repository,
    verified: Callable[..., GitSource],
    follow: Follow,
    gpg: GpgHome,
    ssh: tuple[SshKey, SshKey],
    gpg_keys: Path,
    ssh_signers: Path,
) -> None:
    repository.git("checkout", "--quiet", "-b", "gpg")
    commit_signed(repository, gpg.settings("ada"), "gpg")
    repository.git("checkout", "--quiet", "-b", "ssh")
    commit_signed(repository, ssh[0].settings, "ssh")
    by_gpg, by_ssh = Verification(gpg_keys=gpg_keys), Verification(ssh_signers=ssh_signers)
    assert contents(follow(verified(revision="gpg", verification=by_gpg)).tree()) == {"a.yaml": "gpg"}
    assert contents(follow(verified(revision="ssh", verification=by_ssh)).tree()) == {"a.yaml": "ssh"}
    for revision, verification in (("gpg", by_ssh), ("ssh", by_gpg)):
        delivery = follow(verified(revision=revision, verification=verification)).next()
        assert isinstance(delivery, SourceFailure)
        assert "a key that is not among the trusted ones" in delivery.message


def unsigned(repository: Repository, gpg: GpgHome, ssh: tuple[SshKey, SshKey]) -> str:
    return repository.commit({"a.yaml": "bad"})


def by_a_stranger(repository: Repository, gpg: GpgHome, ssh: tuple[SshKey, SshKey]) -> str:
    return commit_signed(repository, gpg.settings("bob"), "bad")


def by_a_stranger_with_ssh(repository: Repository, gpg: GpgHome, ssh: tuple[SshKey, SshKey]) -> str:
    return commit_signed(repository, ssh[1].settings, "bad")


def with_an_expired_key(repository: Repository, gpg: GpgHome, ssh: tuple[SshKey, SshKey]) -> str:
    return commit_signed(repository, gpg.settings("expired", *A_DAY_IN_IT), "bad")


def with_a_revoked_key(repository: Repository, gpg: GpgHome, ssh: tuple[SshKey, SshKey]) -> str:
    commit = commit_signed(repository, gpg.settings("revoked"), "bad")
    gpg.revoke("revoked")
    return commit


def with_an_expired_signature(repository: Repository, gpg: GpgHome, ssh: tuple[SshKey, SshKey]) -> str:
    commit = commit_signed(repository, gpg.settings("ada", "--default-sig-expire", "seconds=1"), "bad")
    time.sleep(2)
    return commit


def tampered(repository: Repository, commit: str) -> str:
    """Put a commit with other words under the signature of this one at the head of the branch."""
    content = repository.git("cat-file", "commit", commit)
    file = repository.path.with_name("tampered")
    file.write_text(content[: content.rindex("good")] + "evil\n")
    repository.git("reset", "--quiet", "--hard", repository.git("hash-object", "-t", "commit", "-w", str(file)))
    return repository.git("rev-parse", "HEAD")


def changed_afterwards(repository: Repository, gpg: GpgHome, ssh: tuple[SshKey, SshKey]) -> str:
    return tampered(repository, commit_signed(repository, gpg.settings("ada"), "good"))


def changed_afterwards_with_ssh(repository: Repository, gpg: GpgHome, ssh: tuple[SshKey, SshKey]) -> str:
    return tampered(repository, commit_signed(repository, ssh[0].settings, "good"))


@pytest.mark.parametrize(
    ("commit", "complaint"),
    [
        (unsigned, "is not signed"),
        (by_a_stranger, "is signed with a key that is not among the trusted ones (OpenPGP key "),
        (by_a_stranger_with_ssh, "is signed with a key that is not among the trusted ones (ED25519 key SHA256:"),
        (with_an_expired_key, "is signed with a key that has expired (expired <expired@example.com>)"),
        (with_a_revoked_key, "is signed with a key that was revoked (revoked <revoked@example.com>)"),
        (with_an_expired_signature, "carries a signature that has expired"),
        (changed_afterwards, "carries a signature that does not fit its content"),
        (changed_afterwards_with_ssh, "carries a signature that does not fit its content"),
    ],
)
def test_what_is_not_verified_is_a_failure_that_says_why_and_the_last_verified_commit_stays(
    repository: Repository,
    verified: Callable[..., GitSource],
    gpg: GpgHome,
    ssh: tuple[SshKey, SshKey],
    gpg_keys: Path,
    commit: Callable[[Repository, GpgHome, tuple[SshKey, SshKey]], str],
    complaint: str,
) -> None:
    good = commit_signed(repository, gpg.settings("ada"), "good")
    repository.git("checkout", "--quiet", "-b", "unverified")
    bad = commit(repository, gpg, ssh)
    repository.git("checkout", "--quiet", "main")
    gpg_keys.write_bytes(gpg.public("ada", "expired", "revoked"))
    with Following(verified()) as following:
        first = following.tree()
        repository.git("reset", "--quiet", "--hard", bad)
        expected = f"cannot use {repository.path}: commit {bad[:12]} is not verified: it {complaint}"
        for failure in (following.failure(), following.next()):
            assert isinstance(failure, SourceFailure)
            assert failure.message.startswith(expected)
        repository.git("reset", "--quiet", "--hard", good)
        assert following.tree() is first
        repository.git("reset", "--quiet", "--hard", bad)
        following.failure()
    with Following(verified()) as restarted:
        assert restarted.next() == first
        assert isinstance(restarted.next(), SourceFailure)


def test_nothing_takes_effect_before_the_first_verified_commit(
    repository: Repository, verified: Callable[..., GitSource], git_source: MakeSource, gpg: GpgHome
) -> None:
    """Not even what was delivered before verification was asked for."""
    repository.commit({"a.yaml": "unsigned"})
    with Following(git_source(repository.path)) as following:
        following.tree()
    with Following(verified()) as following:
        assert [type(following.next()) for _ in range(3)] == [SourceFailure] * 3
        good = commit_signed(repository, gpg.settings("ada"), "good")
        assert following.tree().revision == good


def test_a_failure_to_verify_does_not_make_looks_rarer(
    repository: Repository, verified: Callable[..., GitSource], follow: Follow, gpg: GpgHome
) -> None:
    """The remote answers, so that there is no reason to spare it."""
    repository.commit({"a.yaml": "unsigned"})
    following = follow(verified(backoff=None, interval=0.05))
    for _ in range(12):  # With a backoff, these would take minutes.
        assert isinstance(following.next(), SourceFailure)


def test_a_key_that_becomes_trusted_counts_at_the_next_look(
    repository: Repository, verified: Callable[..., GitSource], follow: Follow, gpg: GpgHome, gpg_keys: Path
) -> None:
    commit_signed(repository, gpg.settings("bob"), "one")
    following = follow(verified())
    following.failure()
    gpg_keys.write_bytes(gpg.public("bob", armored=False))
    assert contents(following.tree()) == {"a.yaml": "one"}


def test_a_signer_who_is_trusted_for_some_time_is_not_trusted_after_it(
    repository: Repository,
    verified: Callable[..., GitSource],
    follow: Follow,
    ssh: tuple[SshKey, SshKey],
    ssh_signers: Path,
) -> None:
    commit_signed(repository, ssh[0].settings, "one")
    ssh_signers.write_text(f'ada@example.com valid-before="20200101" {ssh[0].public}\n')
    assert "or was not at that time" in follow(verified()).failure().message


def is_about(commit: str, failure: SourceFailure) -> bool:
    return commit[:12] in failure.message


def test_the_persons_own_keys_and_programs_have_no_say(
    repository: Repository,
    verified: Callable[..., GitSource],
    follow: Follow,
    gpg: GpgHome,
    ssh: tuple[SshKey, SshKey],
    git_config: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signers = git_config.with_name("mine")
    signers.write_text(f"bob@example.com {ssh[1].public}\n")
    yes = git_config.with_name("yes")
    yes.write_text("#!/bin/sh\necho '[GNUPG:] GOODSIG 0 bob' >&2\nexit 0\n")
    yes.chmod(0o755)
    programs = "".join(f'[gpg "{kind}"]\n\tprogram = "{yes}"\n' for kind in ("openpgp", "x509", "ssh"))
    git_config.write_text(f'[gpg]\n\tprogram = "{yes}"\n{programs}[gpg "ssh"]\n\tallowedSignersFile = "{signers}"\n')
    monkeypatch.setenv("GNUPGHOME", str(gpg.home))
    repository.commit({})
    following = follow(verified())
    for settings in (gpg.settings("bob"), (*ssh[1].settings, "-c", "gpg.ssh.program=ssh-keygen")):
        commit = commit_signed(repository, settings, "bad")
        failure = following.failure_that(partial(is_about, commit))
        assert "a key that is not among the trusted ones" in failure.message


def test_a_signed_tag_vouches_for_its_commit(
    repository: Repository, verified: Callable[..., GitSource], follow: Follow, gpg: GpgHome, ssh: tuple[SshKey, SshKey]
) -> None:
    repository.commit({"a.yaml": "one"})
    repository.git(*gpg.settings("ada"), "tag", "--sign", "--message=x", "v1")
    repository.git(*ssh[0].settings, "tag", "--sign", "--message=x", "v2")
    for tag in ("v1", "v2", "refs/tags/v1"):
        assert contents(follow(verified(revision=tag)).tree()) == {"a.yaml": "one"}


def test_a_signed_commit_needs_no_signed_tag(
    repository: Repository, verified: Callable[..., GitSource], follow: Follow, gpg: GpgHome
) -> None:
    commit_signed(repository, gpg.settings("ada"), "one")
    repository.git("tag", "light")
    repository.git("tag", "--annotate", "--message=x", "annotated")
    for tag in ("light", "annotated"):
        assert contents(follow(verified(revision=tag)).tree()) == {"a.yaml": "one"}


def test_a_commit_behind_a_tag_without_any_signature_is_a_failure(
    repository: Repository, verified: Callable[..., GitSource], follow: Follow, gpg: GpgHome
) -> None:
    commit = repository.commit({"a.yaml": "one"})
    repository.git("tag", "light")
    repository.git("tag", "--annotate", "--message=x", "annotated")
    repository.git(*gpg.settings("bob"), "tag", "--sign", "--message=x", "foreign")
    expected = f"cannot use {repository.path}: commit {commit[:12]} is not verified: it is not signed"
    message = follow(verified(revision="light")).failure().message
    assert message == expected
    message = follow(verified(revision="annotated")).failure().message
    assert message == f"{expected}, and the tag annotated is not signed"
    message = follow(verified(revision="foreign")).failure().message
    assert message.startswith(
        f"{expected}, and the tag foreign is signed with a key that is not among the trusted ones"
    )


def test_the_signed_tag_of_an_old_version_does_not_count_under_the_name_of_a_new_one(
    repository: Repository, verified: Callable[..., GitSource], follow: Follow, gpg: GpgHome
) -> None:
    repository.commit({"a.yaml": "old"})
    repository.git(*gpg.settings("ada"), "tag", "--sign", "--message=x", "v1.0.0")
    repository.git("update-ref", "refs/tags/v1.0.1", repository.git("rev-parse", "v1.0.0"))
    following = follow(verified(revision="semver:1.x"))
    assert following.failure().message.endswith("and the tag v1.0.1 was made under another name")
    repository.git("update-ref", "-d", "refs/tags/v1.0.1")
    assert contents(following.tree()) == {"a.yaml": "old"}


def test_a_pinned_commit_must_be_signed_too(
    repository: Repository, verified: Callable[..., GitSource], follow: Follow, gpg: GpgHome
) -> None:
    bad = repository.commit({"a.yaml": "bad"})
    good = commit_signed(repository, gpg.settings("ada"), "good")
    assert follow(verified(revision=bad)).failure().message.endswith("it is not signed")
    assert contents(follow(verified(revision=good)).tree()) == {"a.yaml": "good"}


@pytest.mark.parametrize("damage", ["missing", "empty", "nonsense"])
@pytest.mark.parametrize("kind", ["gpg_keys", "ssh_signers"])
def test_a_file_of_keys_that_cannot_be_used_is_a_failure_until_it_can(
    repository: Repository,
    verified: Callable[..., GitSource],
    follow: Follow,
    gpg: GpgHome,
    ssh: tuple[SshKey, SshKey],
    gpg_keys: Path,
    ssh_signers: Path,
    kind: str,
    damage: str,
) -> None:
    file, settings = (gpg_keys, gpg.settings("ada")) if kind == "gpg_keys" else (ssh_signers, ssh[0].settings)
    commit_signed(repository, settings, "one")
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_text("" if damage == "empty" else "nonsense\n")
    following = follow(verified())
    message = following.failure().message
    assert str(file) in message or "a key that is not among the trusted ones" in message
    file.write_bytes(content)
    assert contents(following.tree()) == {"a.yaml": "one"}


def test_without_gpg_the_failure_says_what_to_install(
    repository: Repository,
    verified: Callable[..., GitSource],
    follow: Follow,
    gpg: GpgHome,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit_signed(repository, gpg.settings("ada"), "one")
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("git", "ssh-keygen", "sh"):
        (programs / program).symlink_to(str(shutil.which(program)))
    monkeypatch.setenv("PATH", str(programs))
    assert "install gnupg" in follow(verified()).failure().message


def test_no_daemon_is_started_and_no_secret_key_is_kept(
    repository: Repository, verified: Callable[..., GitSource], follow: Follow, gpg: GpgHome, cache: Path
) -> None:
    commit_signed(repository, gpg.settings("ada"), "one")
    follow(verified()).tree()
    listed = subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, text=True, check=True).stdout
    assert str(cache) not in listed
    (keyring,) = cache.glob("*.gnupg")
    assert keyring.stat().st_mode & 0o077 == 0
    assert not (keyring / "private-keys-v1.d").exists()


def test_a_verification_without_keys_is_refused(cache: Path) -> None:
    with pytest.raises(ConfigurationError, match="name a file of allowed signers or of OpenPGP keys"):
        GitSource("/repo", cache=cache, verification=Verification())
