"""The style sheet, the script and the icon of the pages, each under an address that changes with its content."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.resources import files

_TYPES = {
    "iter8.css": "text/css; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent. `digest` is that of its content."""

    content: bytes
    content_type: str
    digest: str


@cache
def read_asset(name: str) -> Asset | None:
    """The asset of a name, None for what is none."""
    if name not in _TYPES:
        return None
    content = files("iter8_gitops.serving.web").joinpath("static", name).read_bytes()
    return Asset(content, _TYPES[name], blake2b(content, digest_size=8).hexdigest())


def asset(name: str) -> str:
    """Where an asset is, from the root of the server."""
    found = read_asset(name)
    if found is None:
        message = f"{name} is no asset"
        raise ValueError(message)
    return f"static/{name}?v={found.digest}"
