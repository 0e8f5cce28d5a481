"""Secrets, which configurations and options only refer to. They are read when they are needed, for they may change."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from iter8_gitops.errors import ConfigurationError

_LONGEST = 65_536
"""Bytes of a file: longer ones are something else."""


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """A variable of the environment. `place` is where a person wrote so, and what for."""

    variable: str
    place: str

    def read(self) -> str:
        """Its value, without line breaks at the end. Raises `ConfigurationError` when there is none."""
        value = os.environ.get(self.variable)
        if value is None:
            message = f"{self.place}: the environment variable {self.variable} is not set"
            raise ConfigurationError(message)
        return _secret(value, f"{self.place}: the environment variable {self.variable}")


@dataclass(frozen=True, slots=True)
class FromFile:
    """A file. `place` is where a person wrote so, and what for."""

    path: Path
    place: str

    def read(self) -> str:
        """What it holds, without line breaks at the end. Raises `ConfigurationError` when it cannot be read."""
        try:
            with self.path.open("rb") as file:
                content = file.read(_LONGEST + 1)
        except OSError as error:
            message = f"{self.place}: cannot read {self.path}: {(error.strerror or type(error).__name__).lower()}"
            raise ConfigurationError(message) from error
        if len(content) > _LONGEST:
            message = f"{self.place}: {self.path} is too long for a secret"
            raise ConfigurationError(message)
        try:
            text = content.decode()
        except UnicodeDecodeError:
            message = f"{self.place}: {self.path} is not text in UTF-8"
            raise ConfigurationError(message) from None  # The error holds what the file does.
        return _secret(text, f"{self.place}: {self.path}")


SecretReference = FromEnvironment | FromFile


def hidden(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`, nor what follows the host in one that is an address."""
    spellings = {spelling for secret in secrets for spelling in (secret, _path_of(secret)) if spelling}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, "***")
    return text


def _secret(value: str, what: str) -> str:
    stripped = value.rstrip("\r\n")
    if not stripped:
        message = f"{what} is empty"
        raise ConfigurationError(message)
    return stripped


def _path_of(secret: str) -> str:
    """The path of an address, if it is one with a path long enough to be a secret."""
    _, is_address, rest = secret.partition("://")
    _, _, path = rest.partition("/")
    return path if is_address and len(path) >= 8 else ""
