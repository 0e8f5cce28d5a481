"""Asking a JSON API with a token that nobody may see."""

from __future__ import annotations

import ipaddress
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import urllib3

from iter8_gitops import __version__
from iter8_gitops.contracts.notifier import one_line
from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops_plugins.webhooks.addresses import Address
from iter8_gitops_plugins.webhooks.answers import Answer
from iter8_gitops_plugins.webhooks.connections import connections_to
from iter8_gitops_plugins.webhooks.failures import NETWORK_ERRORS, reason_of
from iter8_gitops_plugins.webhooks.silence import library_silenced

_TOKEN = re.compile(r"[!-~]+")
_PAUSES = (0.5, 1.0, 2.0)
_LONGEST_PAUSE = 30.0
_MOST_REDIRECTS = 3
_MOST_BYTES = 4 * 1024 * 1024
_LONGEST_SAID = 300
_MOVED = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND})


@dataclass(frozen=True, slots=True)
class Reply:
    """What the API answered. `data` is None when it is no JSON."""

    status: int
    data: Any

    @property
    def is_success(self) -> bool:
        """Whether it did what it was asked for."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Api:
    """The API below `base`. `authorization` is the header that holds the `token`.

    What fails only for now is tried again. Raises `ConfigurationError` for a token that is none, and one that would
    travel unencrypted.
    """

    def __init__(
        self,
        base: str,
        token: str,
        authorization: str,
        headers: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = Address.of(base, "the address of the host")
        if not _TOKEN.fullmatch(token):
            raise ConfigurationError("the token of the host holds characters that no token has; is it the right one?")
        if self._base.scheme != "https" and not _is_loopback(self._base.host):
            message = f"{self._base.origin} is no https:// address, so everybody on the way would read the token"
            raise ConfigurationError(message)
        self._token = token
        self._headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": f"iter8-gitops/{__version__}",
            "Authorization": authorization,
            **(headers or {}),
        }
        self._sleep = sleep

    @property
    def origin(self) -> str:
        """Scheme and host, for people."""
        return self._base.origin

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Reply:
        """GET a path below the base. Raises `UnavailableError` when nobody answers, or only that it cannot now."""
        return self._ask("GET", f"{path}?{urlencode(query)}" if query else path, None)

    def post(self, path: str, document: Mapping[str, object]) -> Reply:
        """POST a document. Raises as `get` does; then it may have been taken all the same."""
        return self._ask("POST", path, json.dumps(document).encode("ascii"))

    def without_token(self, text: str) -> str:
        """`text` of the host in one line that may be shown."""
        return one_line(text.replace(self._token, "***"), _LONGEST_SAID)

    def _ask(self, method: str, path: str, body: bytes | None) -> Reply:
        address = Address.of(f"{self._base.url.rstrip('/')}{path}", "the address of the host")
        connections = connections_to(address)
        try:
            for pause in (*_PAUSES, None):
                answer = self._followed(connections, method, address, body)
                if isinstance(answer, Answer) and not answer.is_passing:
                    return Reply(answer.status, _json(answer.body))
                if pause is not None:
                    wanted = answer.retry_after() if isinstance(answer, Answer) else 0.0
                    self._sleep(min(max(wanted, pause), _LONGEST_PAUSE))
        finally:
            connections.clear()
        said = f"answers {answer.status}" if isinstance(answer, Answer) else f"cannot be reached: {answer}"
        message = f"{self.origin} {said}; try again later"
        raise UnavailableError(message)

    def _followed(
        self, connections: urllib3.PoolManager, method: str, address: Address, body: bytes | None
    ) -> Answer | str:
        """The answer behind redirects on the same host, or why there is none. The token is for nobody else."""
        answer = self._sent(connections, method, address, body)
        for _ in range(_MOST_REDIRECTS):
            if isinstance(answer, str) or not (answer.is_redirect or (method == "GET" and answer.status in _MOVED)):
                break
            target = address.redirected(answer.headers.get("location", ""))
            if target is None:
                break
            address, answer = target, self._sent(connections, method, target, body)
        return answer

    def _sent(
        self, connections: urllib3.PoolManager, method: str, address: Address, body: bytes | None
    ) -> Answer | str:
        with library_silenced():
            try:
                response = connections.urlopen(
                    method,
                    address.url,
                    body=body,
                    headers=self._headers,
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
            except NETWORK_ERRORS as error:
                return reason_of(error)
            try:
                content = response.read(_MOST_BYTES).decode("utf-8", "replace")
                return Answer(
                    response.status, {name.lower(): value for name, value in response.headers.items()}, content
                )
            except NETWORK_ERRORS as error:
                return reason_of(error)
            finally:
                response.close()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
