"""What a client tells its caller, beside the errors that the server tells too.

`lookup` and `write_metric` raise `InvalidArgumentError`, `NotFoundError` and `UnavailableError`, as the server answers.
"""

from __future__ import annotations

from iter8_gitops.errors import UnavailableError


class OutboxFullError(UnavailableError):
    """Too many metric values wait to be sent; this one was not taken. Nothing that was taken is lost by it."""


class ClientClosedError(UnavailableError):
    """The client was closed; it takes no more values."""


class TransportError(UnavailableError):
    """The server could not be reached, or did not answer in time, or not in a form that can be used.

    `retry_after` is how many seconds it asks to wait, 0 when it does not say.
    """

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
