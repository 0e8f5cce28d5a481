"""Addresses that are posted to."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urljoin

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from iter8_gitops.errors import ConfigurationError

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Where to post to. Only `origin`, which is scheme and host, may be shown."""

    origin: str
    host: str
    scheme: str
    url: str = field(repr=False)

    @classmethod
    def of(cls, text: str, option: str) -> Address:
        """The address that a person wrote as `option`. Raises `ConfigurationError`, which does not repeat it."""
        found = _parsed(text)
        if found is None:
            message = f"{option} is no address to post to: write https://HOST/PATH, without user name and fragment"
            raise ConfigurationError(message)
        return cls(_origin(found), str(found.host), str(found.scheme), found.url)

    def redirected(self, location: str) -> Address | None:
        """Where a redirect leads, if that is on the same host: what is posted is meant for nobody else."""
        target = _parsed(_joined(self.url, location))
        if target is None or _origin(target) != self.origin:
            return None
        return Address(self.origin, self.host, self.scheme, target.url)


def shown(location: str) -> str:
    """The part of the target of a redirect that may be shown."""
    target = _parsed(location)
    return _origin(target) if target else "another address"


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def _parsed(text: str) -> Url | None:
    """None for what cannot be posted to. The library's own error would repeat the text."""
    if not text.isascii() or not text.isprintable() or " " in text:
        return None
    try:
        found = parse_url(text)
        (found.host or "").encode("idna")
    except (LocationParseError, UnicodeError):
        return None
    usable = found.scheme in _PORTS and found.host and found.auth is None and found.fragment is None
    return found if usable else None


def _origin(url: Url) -> str:
    default = _PORTS.get(url.scheme or "")
    port = "" if url.port in (None, default) else f":{url.port}"
    return f"{url.scheme}://{url.host}{port}"
