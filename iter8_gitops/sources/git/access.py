"""What a Git command is given to reach the remote: a login, or a key and the host keys to trust; or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from iter8_gitops.contracts.source import Credentials
from iter8_gitops.errors import ConfigurationError, SourceUnavailableError
from iter8_gitops.sources.git.given_files import read_given
from iter8_gitops.sources.git.logins import LONGEST_SECRET, Login, helper_settings, piped
from iter8_gitops.sources.git.ssh import check_path, given_environment
from iter8_gitops.sources.git.urls import GitUrl
from iter8_gitops.sources.selection import has_control_characters, printable

TOKEN_USER = "x-access-token"  # noqa: S105 - the user name that goes with a token
"""The user name of a token that comes without one. Most servers take any; GitHub's own apps use this one."""


@dataclass(frozen=True, slots=True)
class Grant:
    """For one command: settings, variables and inherited descriptors. `secrets` must not be shown."""

    settings: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)


NOTHING = Grant()


class Access:
    """The way to the repository at `url` with the credentials of a person, or those in the address.

    Raises ConfigurationError for credentials that do not fit the address. A password that was given as such is left
    unused then, because it may come from an environment that is shared by several sources.
    """

    def __init__(self, url: GitUrl, credentials: Credentials | None) -> None:
        self._url = url
        self._credentials = credentials or Credentials()
        self._check()

    @contextmanager
    def granted(self) -> Iterator[Grant]:
        """Yield what one command needs; files are read now. Raises SourceUnavailableError when one cannot be used."""
        given = self._credentials
        if self._url.scheme == "ssh" and (given.ssh_key or given.known_hosts):
            yield Grant(environment=given_environment(given.ssh_key, given.known_hosts))
            return
        login = self._login()
        if login is None:
            yield NOTHING
            return
        with piped(login) as descriptor:
            settings = helper_settings(self._url.origin, descriptor)
            yield Grant(settings, descriptors=(descriptor,), secrets=login.secrets())

    def _login(self) -> Login | None:
        given, in_address = self._credentials, self._url.login
        if not self._url.is_http or (in_address and in_address.password):
            return in_address
        password = given.password
        if given.password_file is not None:
            password = _password_in_file(given.password_file)
        if not password:
            return in_address
        return Login(given.username or (in_address.username if in_address else "") or TOKEN_USER, password)

    def _check(self) -> None:
        given = self._credentials
        if given.password and given.password_file:
            raise ConfigurationError("give a Git password or a file that holds it, not both")
        for_https = bool(given.username or given.password_file)
        for_ssh = bool(given.ssh_key or given.known_hosts)
        if self._url.is_local and (for_https or for_ssh):
            raise ConfigurationError("a repository of this machine needs neither a password nor a key")
        if for_ssh and self._url.is_http:
            raise ConfigurationError("an ssh key and known hosts are for ssh; this address takes a password or a token")
        if for_https and self._url.scheme == "ssh":
            raise ConfigurationError(
                "ssh takes no password: give a key, and the user in the address (ssh://user@host/path)"
            )
        if self._url.is_http:
            self._check_login()
        for path, what in ((given.ssh_key, "the ssh key"), (given.known_hosts, "the file of known hosts")):
            if path is not None:
                check_path(path, what)

    def _check_login(self) -> None:
        given, in_address = self._credentials, self._url.login
        if given.password_file and in_address and in_address.password:
            raise ConfigurationError("the Git address holds a password already; give it there or in a file, not both")
        if given.username and in_address and in_address.username not in ("", given.username):
            raise ConfigurationError("the Git address holds another user name than the one that was given")
        if given.username and (refusal := _password_refusal(given.username)):
            message = f"the Git user name {refusal}"
            raise ConfigurationError(message)
        if given.password and (refusal := _password_refusal(given.password)):
            message = f"the Git password {refusal}"
            raise ConfigurationError(message)


def _password_in_file(path: Path) -> str:
    password = read_given(path, "the password file").decode("utf-8", "surrogateescape")
    password = password.removesuffix("\n").removesuffix("\r")
    if refusal := _password_refusal(password):
        message = f"the password file {printable(str(path))} {refusal}"
        raise SourceUnavailableError(message)
    return password


def _password_refusal(password: str) -> str:
    if not password:
        return "is empty"
    if has_control_characters(password) or not _is_unicode(password):
        return "must hold one line of text"
    if len(password.encode()) > LONGEST_SECRET:
        return f"has more than {LONGEST_SECRET:,} bytes"
    return ""


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
