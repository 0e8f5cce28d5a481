"""Posting JSON to one address, in one try. Trying again is the caller's."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus

import urllib3

from iter8_gitops import __version__
from iter8_gitops.errors import NotDeliveredError
from iter8_gitops_plugins.webhooks.addresses import Address, shown
from iter8_gitops_plugins.webhooks.answers import Answer
from iter8_gitops_plugins.webhooks.connections import connections_to
from iter8_gitops_plugins.webhooks.failures import NETWORK_ERRORS, reason_of
from iter8_gitops_plugins.webhooks.silence import library_silenced

Advice = Callable[[int], str]
"""What a person should do about a status with which a receiver refuses; "" for nothing in particular."""

_MOST_REDIRECTS = 3
_BODY_SHOWN = 200


class Webhook:
    """Posts to `address`. `headers` may hold secrets. `expected` are the statuses of success, by default all 2xx."""

    def __init__(
        self,
        address: Address,
        *,
        advice: Advice,
        headers: Mapping[str, str] | None = None,
        expected: Collection[int] = (),
    ) -> None:
        self._address = address
        self._advice = advice
        self._headers = {
            "Content-Type": "application/json",
            "User-Agent": f"iter8-gitops/{__version__}",
            **(headers or {}),
        }
        self._expected = expected
        self._connections = connections_to(address)

    def post(self, document: Mapping[str, object]) -> None:
        """Post `document` as JSON. Raises `NotDeliveredError`."""
        body = json.dumps(document).encode("ascii")
        address, answer = self._address, self._sent(self._address, body)
        for _ in range(_MOST_REDIRECTS):
            target = address.redirected(answer.headers.get("location", "")) if answer.is_redirect else None
            if target is None:
                break
            address, answer = target, self._sent(target, body)
        if not (answer.status in self._expected if self._expected else answer.is_success):
            raise self._refusal(answer)

    def close(self) -> None:
        """Close idle connections."""
        self._connections.clear()

    def _sent(self, address: Address, body: bytes) -> Answer:
        answer = self._request(address, body)
        if isinstance(answer, str):
            # Raised here and not where the library's error was caught, so that it is no part of this one.
            message = f"{address.origin} cannot be reached: {answer}"
            raise NotDeliveredError(message, retry=True)
        return answer

    def _request(self, address: Address, body: bytes) -> Answer | str:
        """The answer, or why there is none."""
        with library_silenced():
            try:
                response = self._connections.urlopen(
                    "POST",
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
                return Answer(response.status, _lower(response.headers), _beginning(response))
            finally:
                response.close()

    def _refusal(self, answer: Answer) -> NotDeliveredError:
        secrets = (self._address.url, *self._headers.values())
        word = answer.word if not any(answer.word in each for each in secrets) else ""
        said = f"{self._address.origin} answered {answer.status}{f' {word}' if word else ''}"
        if answer.is_passing:
            return NotDeliveredError(said, retry=True, retry_after=answer.retry_after())
        if location := answer.headers.get("location"):
            said += f", a redirect to {shown(location)}, which is not followed: configure the address that is meant"
        elif advice := self._advice(answer.status):
            said += f": {advice}"
        return NotDeliveredError(said, retry=False)


def _lower(headers: urllib3.HTTPHeaderDict) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _beginning(response: urllib3.BaseHTTPResponse) -> str:
    """The start of an error's body, if it comes at once."""
    if response.status < HTTPStatus.BAD_REQUEST:
        return ""
    try:
        return response.read1(_BODY_SHOWN).decode("utf-8", "replace")
    except NETWORK_ERRORS:
        return ""
