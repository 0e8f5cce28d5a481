"""What a receiver answered, and what follows from it."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus

_WORD = re.compile(r"[a-z]+(?:_[a-z]+)*")
_LONGEST_WORD = 60
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,9})?")
_SOME_MOMENT = 1e9
"""`X-RateLimit-Reset` is a number of seconds with some, and seconds since 1970 with others: a larger number."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (by names in lower case), and the beginning of the body of an error."""

    status: int
    headers: Mapping[str, str]
    body: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the receiver took it."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_redirect(self) -> bool:
        """Whether the same request should go elsewhere. Other redirects ask for a page, which is of no use."""
        return self.status in (HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT)

    @property
    def is_passing(self) -> bool:
        """Whether the same request may be taken later."""
        limited = "retry-after" in self.headers or self._is_used_up
        return (
            self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            or self.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)
            or (self.status == HTTPStatus.FORBIDDEN and limited)
        )

    @property
    def word(self) -> str:
        """The one word that Slack's own answers consist of, such as `no_service`, else ""."""
        said = self.body.strip()
        return said if len(said) <= _LONGEST_WORD and _WORD.fullmatch(said) else ""

    def retry_after(self, clock: Callable[[], float] = time.time) -> float:
        """How many seconds the receiver asks to wait; 0 when it does not say."""
        said = self.headers.get("retry-after", "").strip()
        if _NUMBER.fullmatch(said):
            return float(said)
        moment = _moment(said)
        if moment is None and self._is_used_up:
            reset = self.headers.get("x-ratelimit-reset", "").strip()
            number = float(reset) if _NUMBER.fullmatch(reset) else 0.0
            if number < _SOME_MOMENT:
                return number
            moment = number
        return 0.0 if moment is None else math.ceil(max(moment - clock(), 0.0))

    @property
    def _is_used_up(self) -> bool:
        return self.headers.get("x-ratelimit-remaining", "").strip() == "0"


def _moment(text: str) -> float | None:
    """Seconds since 1970 of an HTTP date."""
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None
