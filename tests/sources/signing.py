"""Keys that commits and tags are signed with in tests, made by the real gpg and ssh-keygen."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sources.repositories import Repository


def need_programs() -> None:
    """Skip without gpg or ssh-keygen; fail where everything must run."""
    missing = [program for program in ("gpg", "ssh-keygen") if shutil.which(program) is None]
    if missing:
        message = f"these tests need {' and '.join(missing)} (on Debian: apt-get install gnupg openssh-client)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)


@dataclass(frozen=True, slots=True)
class SshKey:
    """A private key of `ssh-keygen`."""

    path: Path

    @classmethod
    def make(cls, folder: Path, name: str) -> SshKey:
        """Make a key called `name`."""
        path = folder / f"ssh-{name}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
        return cls(path)

    @property
    def public(self) -> str:
        """The kind and the key."""
        return " ".join(self.path.with_suffix(".pub").read_text().split()[:2])

    @property
    def settings(self) -> tuple[str, ...]:
        """The options that make Git sign with this key."""
        return ("-c", "gpg.format=ssh", "-c", f"user.signingkey={self.path}")


class GpgHome:
    """Somebody's own gpg, with private keys. `close` it, so that its agent ends."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(mode=0o700)
        self._programs = 0

    def make(self, name: str, *, at: str = "", expires: str = "never") -> None:
        """Make a key for `name@example.com`; with `at`, as it was at that time, such as 20200101T000000."""
        faked = ("--faked-system-time", at) if at else ()
        self.run(
            *faked, "--passphrase", "", "--quick-gen-key", f"{name} <{name}@example.com>", "ed25519", "sign", expires
        )

    def public(self, *names: str, armored: bool = True) -> bytes:
        """Return public keys."""
        return self.run(*(("--armor",) if armored else ()), "--export", *(f"{name}@example.com" for name in names))

    def revoke(self, name: str) -> None:
        """Revoke a key; its public form says so from then on."""
        address = f"{name}@example.com"
        listed = self.run("--with-colons", "--list-keys", address).decode()
        fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
        certificate = self.home / "openpgp-revocs.d" / f"{fingerprint}.rev"
        self.run("--import", data=certificate.read_text().replace(":-----BEGIN", "-----BEGIN").encode())

    def settings(self, name: str, *options: str) -> tuple[str, ...]:
        """Return the options that make Git sign with the key of `name`; `options` are for gpg."""
        self._programs += 1
        program = self.home / f"gpg-{self._programs}"
        program.write_text(f"#!/bin/sh\nexec gpg --homedir '{self.home}' {' '.join(options)} \"$@\"\n")
        program.chmod(0o755)
        return ("-c", f"gpg.program={program}", "-c", f"user.signingkey={name}@example.com")

    def close(self) -> None:
        """End the agent."""
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=True)

    def run(self, *arguments: str, data: bytes = b"") -> bytes:
        """Run gpg and return what it printed."""
        command = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", *arguments]
        return subprocess.run(command, input=data, check=True, capture_output=True).stdout


def commit_signed(repository: Repository, settings: tuple[str, ...], text: str) -> str:
    """Commit a.yaml with this text, signed."""
    (repository.path / "a.yaml").write_text(text)
    repository.git("add", "--all")
    repository.git(*settings, "commit", "--quiet", "--allow-empty", "--gpg-sign", f"--message={text}")
    return repository.git("rev-parse", "HEAD")
