"""Where the password of a store comes from. It is read for every connection, so that it may change meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from iter8_gitops.secret_references import SecretReference


@dataclass(frozen=True, slots=True)
class Literal:
    """A password that the URL holds."""

    text: str = field(repr=False)

    def read(self) -> str:
        """It."""
        return self.text


Password: TypeAlias = Literal | SecretReference
