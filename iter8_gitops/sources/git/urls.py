"""What may be given as the address of a Git repository, and what of it may be shown.

Git knows addresses that run programs (`ext::sh -c ...`), and hands parts of an address to ssh as
arguments. Only the forms listed here pass; everything else is refused before Git sees it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sources.git.logins import Login
from iter8_gitops.sources.selection import has_control_characters

_HELPER = re.compile(r"[A-Za-z0-9+.-]*::")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SCP_LIKE = re.compile(r"(?:(?P<user>[^/:\[\]]+)@)?(?P<host>[^/:@\[\]]+|\[[^/\]]+\]):(?P<path>.+)")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*)|\[[0-9A-Fa-f:.]+(%[A-Za-z0-9_.]+)?\]")
_SSH_USER = re.compile(r"[A-Za-z0-9_.]([A-Za-z0-9_.+@-]*)")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_HINT = "use a local path, file://, https://, http://, ssh:// or user@host:path"


@dataclass(frozen=True, slots=True)
class GitUrl:
    """The address of a repository. `address` is what Git is given and holds no secret; nor does `shown`."""

    address: str
    shown: str
    scheme: str
    login: Login | None = None

    @property
    def is_local(self) -> bool:
        """Tell whether the repository is a directory of this machine."""
        return self.scheme == "file"

    @property
    def is_http(self) -> bool:
        """Tell whether a server is asked over HTTP, with or without TLS."""
        return self.scheme in ("http", "https")

    @property
    def origin(self) -> str:
        """Scheme, host and port of an address with a scheme; a login is for these alone."""
        return "/".join(self.address.split("/")[:3])

    @property
    def digest(self) -> str:
        """An identifier of the repository that can be a file name; the same whatever the credentials."""
        return hashlib.sha256(self.address.encode()).hexdigest()[:32]


def looks_like_url(text: str) -> bool:
    """Tell whether `text` is meant as an address rather than as a local path."""
    return bool(_SCHEME.match(text) or _HELPER.match(text) or _SCP_LIKE.fullmatch(text))


def parse_git_url(text: str) -> GitUrl:
    """Decode the address of a repository.

    Raises ConfigurationError, without repeating the address when that may hold a secret.
    """
    if text.startswith(("/", "./", "../", "~/")) or text in (".", "..", "~"):
        return _local(Path(text).expanduser())
    if not text or text.startswith("-"):
        message = f"a Git address must not be empty or begin with '-'; {_HINT}"
        raise ConfigurationError(message)
    if _UNSAFE.search(text):
        raise ConfigurationError("a Git address must not hold spaces, backslashes or control characters")
    if _HELPER.match(text):
        message = f"a Git address must not name a helper with '::'; {_HINT}"
        raise ConfigurationError(message)
    if scheme := _SCHEME.match(text):
        return _with_scheme(text, scheme[1].lower())
    if scp := _SCP_LIKE.fullmatch(text):
        return _scp_like(text, scp["user"] or "", scp["host"], scp["path"])
    return _local(Path(text))


def _with_scheme(text: str, scheme: str) -> GitUrl:
    if scheme == "git":
        raise ConfigurationError("git:// does not prove who answers; use https:// or ssh://")
    if scheme not in ("file", "http", "https", "ssh"):
        message = f"{scheme}:// is not a transport that may be used; {_HINT}"
        raise ConfigurationError(message)
    if has_control_characters(unquote(text)):
        raise ConfigurationError("a Git address must not hold encoded control characters")
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise ConfigurationError("the Git address has a malformed host or port") from error
    if url.query or url.fragment or text.endswith(("?", "#")):
        raise ConfigurationError("a Git address must not have a query or a fragment ('?' or '#')")
    if scheme == "file":
        return _file(url)
    host = url.netloc.rpartition("@")[2]
    if port is not None:
        host = host.rpartition(":")[0]
    _check_host(unquote(host))
    place = host if port is None else f"{host}:{port}"
    if scheme == "ssh":
        return _ssh(url, place)
    return _http(url, scheme, place)


def _file(url: SplitResult) -> GitUrl:
    if url.netloc not in ("", "localhost"):
        raise ConfigurationError("file:// reads this machine only; write file:///path with three slashes")
    return _local(Path(unquote(url.path)))


def _http(url: SplitResult, scheme: str, place: str) -> GitUrl:
    if "@" in url.path:
        # Most likely the end of a password that holds a '/', the start of which was then read as the host.
        raise ConfigurationError(
            "a Git address must not have '@' in its path; write %40, and %2F for '/' in a password"
        )
    address = f"{scheme}://{place}{url.path}"
    userinfo, at, _ = url.netloc.rpartition("@")
    if not at:
        return GitUrl(address, address, scheme)
    username, _, password = userinfo.partition(":")
    return GitUrl(address, address, scheme, Login(unquote(username), unquote(password)))


def _ssh(url: SplitResult, place: str) -> GitUrl:
    if url.password is not None:
        raise ConfigurationError("ssh takes no password from an address; use a key or an agent")
    if not url.path.strip("/"):
        raise ConfigurationError("the ssh address names no repository")
    user = unquote(url.username or "")
    _check_user(user, present="@" in url.netloc)
    address = f"ssh://{quote(user)}@{place}{url.path}" if user else f"ssh://{place}{url.path}"
    return GitUrl(address, address, "ssh")


def _scp_like(text: str, user: str, host: str, path: str) -> GitUrl:
    _check_user(user, present=text.startswith("@") or bool(user))
    _check_host(host)
    if path.startswith("-"):
        raise ConfigurationError("the path in a Git address must not begin with '-'")
    if "@" in path:
        raise ConfigurationError("user:password@host needs a transport; write https://user:password@host/path")
    return GitUrl(text, text, "ssh")


def _local(path: Path) -> GitUrl:
    text = str(path.absolute())
    if has_control_characters(text):
        raise ConfigurationError("the path of a Git repository must not hold control characters")
    return GitUrl(text, text, "file")


def _check_host(host: str) -> None:
    if not _HOST.fullmatch(host):
        raise ConfigurationError("the Git address names no valid host")


def _check_user(user: str, *, present: bool) -> None:
    if present and not _SSH_USER.fullmatch(user):
        raise ConfigurationError("the Git address names no valid user")
