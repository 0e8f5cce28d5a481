"""URLs of Redis stores, checked before anything is connected.

No message shows a value that may be a secret, nor a part of one that was not percent-encoded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl, unquote

from iter8_gitops.contracts.metric_store import KEPT_TRANSACTIONS
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.metrics.redis.options import Address, RedisOptions, Tls
from iter8_gitops.metrics.redis.passwords import Literal, Password
from iter8_gitops.secret_references import FromEnvironment, FromFile
from iter8_gitops.spec.durations import DURATION_HINT, parse_duration

_PORT = 6379
_URL = re.compile(
    r"(?P<scheme>[^:/?#]+)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(\?(?P<query>[^#]*))?(#(?P<fragment>.*))?", re.DOTALL
)
"""RFC 3986, appendix B, of URLs that have an authority."""

_PREFIX = re.compile(r"[A-Za-z0-9._:/-]{1,64}")
_PLAIN_NAME = re.compile(r"[a-z_]{1,32}")
_HOST = re.compile(r"\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+")
_SHORTEST_KEPT, _LONGEST_KEPT = 86_400.0, 31 * 86_400.0
_NOT_OPTIONS = {
    "password": "give it as password_file or password_env",
    "username": "give it before the host, as in redis://user@host",
    "db": "give it behind the host, as in redis://host/1",
}

_T = TypeVar("_T")


def parse(url: str) -> RedisOptions:
    """The options in `url`, whose scheme is redis or rediss, also with +cluster. Raises `ConfigurationError`."""
    scheme, authority, path, query, fragment = _parts(url)
    login, _, hosts = authority.rpartition("@")
    if "@" in path + query or fragment is not None or "[" in login or "]" in login:
        raise _refused("percent-encode the special characters of user and password: '/', '?', '#', '[', ']' and '@'")
    cluster = scheme.endswith("+cluster")
    user, has_password, password = login.partition(":")
    given = _Given(query)
    options = RedisOptions(
        addresses=_addresses(hosts, cluster=cluster),
        cluster=cluster,
        database=_database(path, cluster=cluster),
        user=unquote(user),
        password=_password(unquote(password) if has_password else None, given),
        tls=_tls(given, secure=scheme.startswith("rediss")),
        prefix=given.take("prefix", _prefix, "iter8"),
        timeout=given.take("timeout", _positive, 5.0),
        connect_timeout=given.take("connect_timeout", _positive, 2.0),
        wait=given.take("wait", _count, 0),
        wait_timeout=given.take("wait_timeout", _positive, 1.0),
        kept_transactions=given.take("transactions", _days, KEPT_TRANSACTIONS),
    )
    given.expect_no_more()
    if options.user and options.password is None:
        raise _refused("a user needs a password: give password_file, password_env, or user:password@ in the URL")
    if options.wait and options.wait_timeout >= options.timeout:
        raise _refused("wait_timeout must be shorter than timeout")
    return options


def _parts(url: str) -> tuple[str, str, str, str, str | None]:
    """Scheme, authority, path, query, and the fragment if there is a `#`.

    Not by `urlsplit`, which refuses an address in brackets behind other addresses, in some releases of Python.
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise _refused("it is no URL: write redis://host:port")
    return found["scheme"].lower(), found["authority"], found["path"], found["query"] or "", found["fragment"]


class _Given:
    """The options behind the `?`, each taken once."""

    def __init__(self, query: str) -> None:
        self._known: list[str] = []
        self._left: dict[str, str] = {}
        try:
            pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
        except ValueError as error:
            raise _refused("options are written ?name=value&name=value") from error
        for name, value in pairs:
            if name in self._left:
                message = f"the option {_shown(name)} is there twice"
                raise _refused(message)
            self._left[name] = value

    def take(self, name: str, read: Callable[[str], _T], otherwise: _T) -> _T:
        """The value of an option; `read` raises ValueError that says what it may be."""
        self._known.append(name)
        text = self._left.pop(name, None)
        if text is None:
            return otherwise
        try:
            return read(text)
        except ValueError as error:
            message = f"{name}: {error}"
            raise _refused(message) from None

    def expect_no_more(self) -> None:
        """Raise `ConfigurationError` for an option that nobody took."""
        for name in self._left:
            if name in _NOT_OPTIONS:
                message = f"{name} is no option: {_NOT_OPTIONS[name]}"
                raise _refused(message)
            close = get_close_matches(name, self._known, 1)
            meant = f", do you mean {close[0]}?" if close else ""
            options = ", ".join(sorted(self._known))
            message = f"there is no option {_shown(name)}{meant} (the options are {options})"
            raise _refused(message)


def _refused(why: str) -> ConfigurationError:
    return ConfigurationError(f"--metrics-store: {why}")


def _shown(name: str) -> str:
    """The name of an option, unless it looks like a piece of something else."""
    return repr(name) if _PLAIN_NAME.fullmatch(name) else "of that name"


def _addresses(hosts: str, *, cluster: bool) -> tuple[Address, ...]:
    found = tuple(_address(host) for host in hosts.split(",")) if hosts else (Address("127.0.0.1", _PORT),)
    if len(found) > 1 and not cluster:
        raise _refused("only a cluster has several addresses: write redis+cluster:// or rediss+cluster://")
    return found


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = text, str(_PORT)
    if not _HOST.fullmatch(host):
        raise _refused("a host has a character that none has; percent-encode those of user and password")
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        raise _refused("the port must be a number from 1 to 65535; percent-encode the characters of user and password")
    return Address(host.strip("[]"), int(port))


def _database(path: str, *, cluster: bool) -> int:
    text = path.removeprefix("/")
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise _refused("what follows the host must be the number of a database, such as /0")
    if cluster and int(text):
        raise _refused("a cluster has only the database 0")
    return int(text)


def _password(in_url: str | None, given: _Given) -> Password | None:
    file = given.take("password_file", _path, None)
    variable = given.take("password_env", _named, "")
    if (in_url is not None) + (file is not None) + bool(variable) > 1:
        raise _refused("give one password: in the URL, by password_file, or by password_env")
    if file is not None:
        return FromFile(file, "--metrics-store: password_file")
    if variable:
        return FromEnvironment(variable, "--metrics-store: password_env")
    return Literal(in_url) if in_url else None


def _tls(given: _Given, *, secure: bool) -> Tls | None:
    tls = Tls(
        given.take("ca_file", _path, None), given.take("cert_file", _path, None), given.take("key_file", _path, None)
    )
    if not secure and tls != Tls():
        raise _refused("ca_file, cert_file and key_file are for TLS: write rediss:// or rediss+cluster://")
    if tls.key_file and not tls.cert_file:
        raise _refused("key_file goes with cert_file")
    for name in ("ca_file", "cert_file", "key_file"):
        file: Path | None = getattr(tls, name)
        if file is not None and not os.access(file, os.R_OK):
            message = f"{name}: cannot read {file}"
            raise _refused(message)
    return tls if secure else None


def _path(text: str) -> Path | None:
    if not text:
        raise ValueError("it is empty")
    return Path(text).expanduser().absolute()


def _named(text: str) -> str:
    if not text or "=" in text or "\0" in text:
        raise ValueError("it must be the name of a variable of the environment")
    return text


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        raise ValueError("1 to 64 letters, digits, and . _ : / -")
    return text


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 3:
        raise ValueError("it must be a number of replicas, such as 1")
    return int(text)


def _positive(text: str) -> float:
    seconds = parse_duration(text)
    if not seconds or seconds < 0.001:
        message = f"it must be longer than 0; {DURATION_HINT}"
        raise ValueError(message)
    return seconds


def _days(text: str) -> float:
    seconds = parse_duration(text)
    if seconds is None or not _SHORTEST_KEPT <= seconds <= _LONGEST_KEPT:
        message = f"it must be from 24h to 744h (31 days); {DURATION_HINT}"
        raise ValueError(message)
    return seconds
