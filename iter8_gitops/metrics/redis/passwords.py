"""Where the password of a store comes from. It is read for every connection, so that it may change meanwhile."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from iter8_gitops.errors import ConfigurationError

_LONGEST = 65_536
"""Bytes of a file: longer ones are something else."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A password that the URL holds."""

    text: str = field(repr=False)

    def read(self) -> str:
        """It."""
        return self.text


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """A variable of the environment."""

    variable: str

    def read(self) -> str:
        """Its value. Raises `ConfigurationError` when there is none."""
        value = os.environ.get(self.variable, "").rstrip("\r\n")
        if not value:
            message = f"--metrics-store: password_env: the environment variable {self.variable} is not set, or empty"
            raise ConfigurationError(message)
        return value


@dataclass(frozen=True, slots=True)
class FromFile:
    """A file, such as one of a mounted Secret."""

    path: Path

    def read(self) -> str:
        """What it holds, without line breaks at the end. Raises `ConfigurationError` when it cannot be read."""
        try:
            with self.path.open("rb") as file:
                content = file.read(_LONGEST + 1)
        except OSError as error:
            message = f"--metrics-store: password_file: cannot read {self.path}: {error.strerror}"
            raise ConfigurationError(message) from error
        try:
            text = content.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            text = ""
        if not text or len(content) > _LONGEST:
            message = (
                f"--metrics-store: password_file: {self.path} holds no password: it is empty, too long, or no text"
            )
            raise ConfigurationError(message)
        return text


Password: TypeAlias = Literal | FromEnvironment | FromFile
