"""Says in a few words for people why Git failed, from what it wrote to standard error."""

from __future__ import annotations

import re

from iter8_gitops.sources.selection import printable

_LONGEST = 300
_REASONS = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (
            r"remote host identification has changed",
            "the host key is another than the one in known_hosts; find out why before you replace it there",
        ),
        (r"load key .*(invalid format|error in libcrypto)", "ssh cannot read the key; it must end with a line break"),
        (r"host key verification failed", "the host key is not known; add it to known_hosts after checking it"),
        (r"permission denied \(", "permission denied; the server accepted none of the ssh keys"),
        (r"could not read (username|password)|terminal prompts disabled", "authentication required"),
        (r"authentication failed|invalid credentials|error: 401", "authentication failed"),
        (r"error: 403", "access denied"),
        (r"could not resolve host", "the host name cannot be resolved"),
        (r"connection refused|couldn't connect to server", "connection refused"),
        (r"timed out|operation too slow|timeout, server .* not responding", "timed out"),
        (
            r"certificate (problem|verif)|server certificate|SSL_|gnutls|TLS (connect|handshake)",
            "no trusted TLS connection",
        ),
        (r"transport '[^']*' not allowed", "this transport is not allowed"),
        (r"no space left on device|disk quota exceeded", "no space left on this machine"),
        (
            r"repository .*not found|not a git repository|does not appear to be a git repo|error: 404",
            "repository not found",
        ),
        (r"couldn't find remote ref|not our ref", "it does not have what was asked for"),
        (r"remote: .*\b(corrupt|missing (blob|tree|commit))|bad pack header", "the repository there is damaged"),
        (r"returned error: ([345]\d\d)", "the server answered with HTTP {0}"),
        (
            r"fatal: (?:expected '[a-z-]+'|early EOF|the remote end hung up)|unexpected disconnect",
            "the server broke off its answer; the repository there may be damaged",
        ),
    )
)
_USERINFO = re.compile(r"(\w://)[^\s/@']+@")
_NOISE = re.compile(r"^(fatal|error|warning|remote): +", re.IGNORECASE)


def explain(stderr: str) -> str:
    """Return one short line: a known reason, or else the most telling line that Git wrote."""
    text = redact(stderr, ())
    for pattern, reason in _REASONS:
        if found := pattern.search(text):
            return reason.format(*found.groups())
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    line = _NOISE.sub("", telling[0]) if telling else "git failed without saying why"
    return printable(line)[:_LONGEST]


def redact(text: str, secrets: tuple[str, ...]) -> str:
    """Return `text` with each of `secrets`, and the user part of every URL, replaced."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return _USERINFO.sub(r"\1***@", text)
