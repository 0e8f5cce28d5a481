"""Checks that a commit, or the tag that leads to it, was signed by somebody who is trusted."""

from __future__ import annotations

import hashlib
import os

from iter8_gitops.contracts.source import Verification
from iter8_gitops.errors import ConfigurationError, SourceUnavailableError
from iter8_gitops.sources.git.access import Grant
from iter8_gitops.sources.git.given_files import read_given
from iter8_gitops.sources.git.keyring import make_keyring
from iter8_gitops.sources.git.mirror import Mirror
from iter8_gitops.sources.git.process import GitCommands, GitFailedError
from iter8_gitops.sources.git.signatures import why_unverified
from iter8_gitops.sources.selection import printable

_TAGS = "refs/tags/"


class Verifier:
    """Lets pass what is signed with one of the keys that `verification` names.

    Git does the checking; its settings are ours, so that neither a person's keyring nor their programs have a say.
    """

    def __init__(self, verification: Verification, mirror: Mirror, commands: GitCommands) -> None:
        check_verification(verification)
        self._verification = verification
        self._mirror = mirror
        self._commands = commands
        self._keyring = mirror.path.with_suffix(".gnupg")

    def check(self, commit: str, ref: str, named: str) -> None:
        """Let pass `commit`, which the object `named` by the ref of the remote leads to.

        An annotated tag may vouch for its commit, as long as it is stored under its own name. Raises
        SourceUnavailableError, which says why the commit does not pass, and OSError.
        """
        with self._mirror.locked():
            grant = self._grant()
            about_tag = self._about_tag(grant, ref, named) if named != commit else "is not annotated"
            about_commit = self._about(grant, "verify-commit", commit) if about_tag else ""
        if about_tag and about_commit:
            tag = f", and the tag {ref.removeprefix(_TAGS)} {about_tag}" if named != commit else ""
            message = f"commit {commit[:12]} is not verified: it {about_commit}{tag}"
            raise SourceUnavailableError(message)

    def _about_tag(self, grant: Grant, ref: str, tag: str) -> str:
        """Return what is wrong with the signature of a tag object, or an empty string."""
        # Whoever may push can store the signed tag of an old version under the name of a new one.
        header = self._commands.run("cat-file", "tag", tag).partition(b"\n\n")[0]
        if f"tag {ref.removeprefix(_TAGS)}".encode() not in header.splitlines():
            return "was made under another name"
        return self._about(grant, "verify-tag", tag)

    def _about(self, grant: Grant, command: str, object_id: str) -> str:
        try:
            self._commands.run(command, "--raw", object_id, grant=grant)
        except GitFailedError as error:
            return printable(why_unverified(error.stderr))
        return ""

    def _grant(self) -> Grant:
        signers, keys = self._verification.ssh_signers, self._verification.gpg_keys
        if signers is not None:
            read_given(signers, "the file of allowed signers")
        make_keyring(self._keyring, keys)
        settings = (
            "gpg.program=gpg",
            "gpg.openpgp.program=gpg",
            "gpg.x509.program=false",
            "gpg.ssh.program=ssh-keygen",
            f"gpg.ssh.allowedSignersFile={signers.absolute() if signers else os.devnull}",
            "gpg.minTrustLevel=undefined",
        )
        return Grant(settings, {"GNUPGHOME": str(self._keyring)})


def trust_of(verification: Verification | None) -> str:
    """Return an identifier of what is trusted that can be part of a ref name; "" when nothing needs to be signed."""
    if verification is None:
        return ""
    return hashlib.sha256(f"{verification.ssh_signers}\0{verification.gpg_keys}".encode()).hexdigest()[:16]


def check_verification(verification: Verification) -> None:
    """Raise ConfigurationError for a verification that nothing could pass."""
    if verification.ssh_signers is None and verification.gpg_keys is None:
        raise ConfigurationError("to verify signatures, name a file of allowed signers or of OpenPGP keys")
