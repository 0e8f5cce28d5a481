"""How Git calls ssh: with no questions, no waiting for ever, and no host key that nobody vouched for."""

from __future__ import annotations

import base64
import binascii
import os
import re
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path

from iter8_gitops.errors import ConfigurationError, SourceUnavailableError
from iter8_gitops.sources.git.given_files import read_given
from iter8_gitops.sources.selection import has_control_characters, printable

_COMMAND = (
    "ssh",
    "-oBatchMode=yes",
    "-oStrictHostKeyChecking=yes",
    "-oConnectTimeout=10",
    "-oServerAliveInterval=15",
    "-oServerAliveCountMax=3",
    # A shared connection would outlive the command and keep its output open.
    "-oControlMaster=no",
)
_PRIVATE_KEY = re.compile(rb"-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----(.*?)-----END", re.DOTALL)
_OPENSSH_MAGIC = b"openssh-key-v1\0"
_ENCRYPTED = "is protected by a passphrase, which nobody is there to type; make a key without one (ssh-keygen -p)"


def default_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for the person's own keys and known hosts, unless `inherited` names an ssh."""
    if "GIT_SSH_COMMAND" in inherited or "GIT_SSH" in inherited:
        return {}
    return {"GIT_SSH_COMMAND": " ".join(_COMMAND)}


def given_environment(key: Path | None, known_hosts: Path | None) -> dict[str, str]:
    """Return the variables for the key and the host keys that a person named; the two files are looked at first.

    They go before whatever the person's own settings say. Raises SourceUnavailableError when ssh could not use a file.
    """
    command = [*_COMMAND]
    if key is not None:
        _check_key(key)
        command += ["-oIdentitiesOnly=yes", "-oIdentityAgent=none", f"-oIdentityFile={_quoted(key)}"]
    if known_hosts is not None:
        if not read_given(known_hosts, "the file of known hosts").strip():
            message = f"the file of known hosts {known_hosts} is empty; add the host key after checking it"
            raise SourceUnavailableError(message)
        command += [
            f"-oUserKnownHostsFile={_quoted(known_hosts)}",
            f"-oGlobalKnownHostsFile={os.devnull}",
            # Neither DNS nor the host itself may add to the keys that were pinned.
            "-oVerifyHostKeyDNS=no",
            "-oUpdateHostKeys=no",
        ]
    return {"GIT_SSH_COMMAND": shlex.join(command), "GIT_SSH_VARIANT": "ssh"}


def check_path(path: Path, what: str) -> None:
    """Raise ConfigurationError for a path that ssh would not take literally."""
    if has_control_characters(str(path)) or re.search(r'["$\\]', str(path)):
        message = f"the path of {what} must not hold quotes, dollar signs, backslashes or control characters"
        raise ConfigurationError(message)


def key_refusal(content: bytes) -> str:
    """Return why `content` is no private key that can be used without a person, or an empty string."""
    found = _PRIVATE_KEY.search(content)
    if found is None:
        public = content.startswith((b"ssh-", b"ecdsa-", b"sk-"))
        return "is a public key; give the private one" if public else "is no private key"
    kind, body = found[1].strip(), found[2]
    if kind == b"ENCRYPTED" or b"Proc-Type: 4,ENCRYPTED" in body:
        return _ENCRYPTED
    return _openssh_refusal(body) if kind == b"OPENSSH" else ""


def _openssh_refusal(body: bytes) -> str:
    """Read the name of the cipher, the first field after the magic word."""
    try:
        blob = base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        return "is damaged"
    if not blob.startswith(_OPENSSH_MAGIC):
        return "is damaged"
    start = len(_OPENSSH_MAGIC) + 4
    length = int.from_bytes(blob[start - 4 : start], "big")
    return "" if blob[start : start + length] == b"none" else _ENCRYPTED


def _check_key(path: Path) -> None:
    refusal = key_refusal(read_given(path, "the ssh key"))
    status = path.stat()
    if not refusal and status.st_uid == os.geteuid() and status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        refusal = f"may be read by others (mode {stat.S_IMODE(status.st_mode):04o}), so ssh refuses it; chmod 600 it"
    if refusal:
        message = f"the ssh key {printable(str(path))} {refusal}"
        raise SourceUnavailableError(message)


def _quoted(path: Path) -> str:
    """Return a path as ssh reads it in an option: quotes keep spaces, and a percent sign is doubled."""
    return f'"{str(path.absolute()).replace("%", "%%")}"'
