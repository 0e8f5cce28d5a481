"""Which web pages may call this API from a browser (Cross-Origin Resource Sharing, https://fetch.spec.whatwg.org)."""

from __future__ import annotations

import re

from falcon import CORSMiddleware
from falcon.asgi import App

from iter8_gitops.core.arguments import shown
from iter8_gitops.errors import ConfigurationError

ANY = "*"
_ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]_-]+")


def origins_in(text: str) -> tuple[str, ...]:
    """The origins in `text`, which is `*`, or has commas between `https://shop.example`, ..

    Raises `ConfigurationError` for one that no browser would send.
    """
    origins = tuple(filter(None, (each.strip() for each in text.split(","))))
    for origin in origins:
        if not _ORIGIN.fullmatch(origin) and origins != (ANY,):
            message = (
                f"--cors-origins: '{shown(origin)}' is no origin such as https://shop.example or http://a.example:8000"
            )
            raise ConfigurationError(message)
    return origins


def allow_origins(app: App, origins: tuple[str, ...]) -> None:  # type: ignore[type-arg]  # whatever its requests are
    """Let pages of `origins` call `app`, and see the validators of answers. Credentials are never asked for."""
    if origins:
        allowed = ANY if origins == (ANY,) else origins
        app.add_middleware(CORSMiddleware(allow_origins=allowed, expose_headers=["ETag", "Retry-After"]))
