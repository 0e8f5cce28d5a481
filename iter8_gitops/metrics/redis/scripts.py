"""The scripts that run on the server."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_PARTS = (
    "numbers", "histograms", "batch", "catalog", "users", "transactions", "credits", "series", "products", "record",
)  # fmt: skip
"""Files, each of which may use what those before it define."""


@dataclass(frozen=True, slots=True)
class Script:
    """Lua, and the digest by which a server remembers it."""

    text: str
    digest: str


@cache
def record_script() -> Script:
    """What stores one batch of one application."""
    folder = files(__package__) / "lua"
    text = "\n".join((folder / f"{name}.lua").read_text("utf-8") for name in _PARTS)
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())
