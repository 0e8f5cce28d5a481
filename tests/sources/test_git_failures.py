from __future__ import annotations

import pytest

from iter8_gitops.sources.git.failures import explain, redact
from iter8_gitops.sources.git.logins import Login


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("fatal: '/x' does not appear to be a git repository\nfatal: Could not read from", "repository not found"),
        ("remote: Not Found\nfatal: repository 'https://host/x/' not found", "repository not found"),
        ("fatal: could not read Username for 'https://host': terminal prompts disabled", "authentication required"),
        (
            "remote: Invalid username or password.\nfatal: Authentication failed for 'https://h/'",
            "authentication failed",
        ),
        ("ada@host: Permission denied (publickey).\nfatal: Could not read from remote", "permission denied"),
        ("Host key verification failed.\nfatal: Could not read from remote", "the host key is not known"),
        ("fatal: unable to access 'https://h/': Could not resolve host: h", "the host name cannot be resolved"),
        ("ssh: Could not resolve hostname h: Name or service not known", "the host name cannot be resolved"),
        (
            "fatal: unable to access 'x': Failed to connect to h port 1: Couldn't connect to server",
            "connection refused",
        ),
        ("fatal: unable to access 'x': SSL certificate problem: self-signed certificate", "no trusted TLS connection"),
        (
            "error: inflate: data stream error\nremote: fatal: loose object ab is corrupt",
            "the repository there is damaged",
        ),
        (
            "error: RPC failed; HTTP 429 curl 22 The requested URL returned error: 429\nfatal: expected 'packfile'",
            "the server answered with HTTP 429",
        ),
        ("fatal: expected 'packfile'", "the server broke off its answer"),
        (
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
            "the host key is another",
        ),
        ('Load key "/k": error in libcrypto\nada@h: Permission denied (publickey).', "ssh cannot read the key"),
        ("fatal: transport 'ext' not allowed", "this transport is not allowed"),
        ("error: file write error: No space left on device\nfatal: x", "no space left on this machine"),
    ],
)
def test_a_known_failure_is_said_in_a_few_words(stderr: str, reason: str) -> None:
    assert explain(stderr).startswith(reason)


def test_of_an_unknown_failure_the_most_telling_line_is_shown() -> None:
    assert explain("remote: hello\nwarning: careful\nfatal: the moon is full\nmore") == "the moon is full"
    assert explain("something odd\n") == "something odd"
    assert explain("") == "git failed without saying why"


def test_what_a_server_says_cannot_garble_a_terminal_or_flood_a_log() -> None:
    shown = explain("fatal: \x1b[2Jgone " + "x" * 10_000)
    assert shown.isprintable()
    assert len(shown) <= 300


def test_secrets_are_taken_out_in_every_spelling() -> None:
    secrets = Login("ada", "p@ss/w:rd").secrets()
    text = "p@ss/w:rd p%40ss/w%3Ard p%40ss%2Fw%3Ard YWRhOnBAc3MvdzpyZA== https://ada:other@host/x"
    assert redact(text, secrets) == "*** *** *** *** https://***@host/x"
