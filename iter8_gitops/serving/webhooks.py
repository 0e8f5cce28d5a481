"""Webhooks of Git hosts: who sent one is proved by a secret, and each asks for a look at the sources at once.

A webhook brings nothing but the wish that somebody looks: what is there is read from Git, as ever. So a forged or
replayed one could cost no more than a look, and is turned away all the same.

- GitHub signs the body: `X-Hub-Signature-256: sha256=HMAC` (SHA-256, hexadecimal).
- Gitea and Forgejo sign it too: `X-Gitea-Signature: HMAC`.
- GitLab sends the secret itself: `X-Gitlab-Token`.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from iter8_gitops.errors import ConfigurationError, UnavailableError

_log = logging.getLogger(__name__)
KEPT_DELIVERIES = 1000
"""So many deliveries are remembered, to know one that comes again."""

_SIGNATURES = (("x-hub-signature-256", "sha256="), ("x-gitea-signature", ""))
_TOKEN = "x-gitlab-token"  # noqa: S105 - the name of a header
_EVENTS = ("x-github-event", "x-gitea-event", "x-gitlab-event")
_DELIVERIES = ("x-gitlab-event-uuid", "x-github-delivery", "x-gitea-delivery", "idempotency-key")
_CHANGES = frozenset({"push", "create", "delete", "push hook", "tag push hook"})
"""The events that change what a ref leads to, in lower case."""


class Reception(Enum):
    """What became of a webhook."""

    ACCEPTED = "accepted"
    IGNORED = "ignored"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """The secret that Git hosts share with us: its text, or a file that is read at each use, so that it can change."""

    text: str = ""
    file: Path | None = None

    def read(self) -> bytes:
        """The secret; empty when none is configured. Raises `UnavailableError` when its file cannot be read."""
        if self.file is None:
            return self.text.encode()
        try:
            found = self.file.read_bytes().strip()
        except OSError as error:
            message = f"the secret of webhooks cannot be read: {(error.strerror or type(error).__name__).lower()}"
            raise UnavailableError(message) from error
        if not found:
            raise UnavailableError("the file with the secret of webhooks is empty")
        return found

    def check(self) -> None:
        """Raises `ConfigurationError` for a file that cannot be read now."""
        try:
            self.read()
        except UnavailableError as error:
            message = f"{error} ({self.file})"
            raise ConfigurationError(message) from error


class Webhooks:
    """Receives webhooks, in any number of processes. `nudges` is the file whose touch wakes the sources.

    `deliveries` is a folder that remembers what was received.
    """

    def __init__(self, secret: WebhookSecret, nudges: Path, deliveries: Path) -> None:
        self._secret = secret
        self._nudges = nudges
        self._deliveries = deliveries

    @property
    def configured(self) -> bool:
        """Whether there is a secret: without one nothing is received."""
        return bool(self._secret.text or self._secret.file)

    def is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether somebody who knows the secret sent this. Header names are in lower case."""
        secret = self._secret.read()
        token = headers.get(_TOKEN)
        if token is not None:
            return hmac.compare_digest(token.encode(), secret)
        for header, prefix in _SIGNATURES:
            given = headers.get(header)
            if given is not None:
                wanted = prefix + hmac.new(secret, body, hashlib.sha256).hexdigest()
                return hmac.compare_digest(given.strip().lower().encode(), wanted.encode())
        return False

    def receive(self, headers: Mapping[str, str], body: bytes) -> Reception:
        """Take a genuine webhook. Blocks for as long as a disk takes; raises `UnavailableError`."""
        event = next((headers[name] for name in _EVENTS if name in headers), "")
        if event.lower() not in _CHANGES:
            return Reception.IGNORED
        try:
            if not self._is_new(headers, body):
                return Reception.REPEATED
            self._nudges.touch()
        except OSError as error:
            message = f"the sources cannot be told: {(error.strerror or type(error).__name__).lower()}"
            raise UnavailableError(message) from error
        _log.debug("a webhook (%s) asks to look at the sources", event)
        return Reception.ACCEPTED

    def _is_new(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Note a delivery; False when it was there before. What is signed tells, and its id where nothing is."""
        digest = hashlib.sha256(body)
        if _TOKEN in headers:
            for name in _DELIVERIES:
                digest.update(headers.get(name, "").encode())
        self._deliveries.mkdir(parents=True, exist_ok=True)
        try:
            # Creating a file is atomic, so that of two processes only one takes it for new.
            os.close(os.open(self._deliveries / digest.hexdigest(), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return False
        self._forget_oldest()
        return True

    def _forget_oldest(self) -> None:
        known = list(self._deliveries.iterdir())
        if len(known) > KEPT_DELIVERIES:
            for path in sorted(known, key=_age)[: len(known) - KEPT_DELIVERIES]:
                path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    with suppress(OSError):  # another process may have forgotten it meanwhile
        return path.stat().st_mtime
    return 0.0
