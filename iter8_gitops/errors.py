"""The errors that cross a border of this package. Everything here derives from `Iter8Error`.

An error says what is wrong in words a person can act on, and never carries a secret.
"""

from __future__ import annotations


class Iter8Error(Exception):
    """Base of every error that iter8-gitops raises on purpose."""


class InvalidArgumentError(Iter8Error):
    """A caller sent something that cannot be used (HTTP 400, gRPC INVALID_ARGUMENT).

    `field` names the offending field as the caller wrote it, e.g. `user` or `values[3].value`.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class NotFoundError(Iter8Error):
    """Something that a caller named does not exist (HTTP 404, gRPC NOT_FOUND)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class UnavailableError(Iter8Error):
    """This process cannot answer at present; the same call may succeed later (HTTP 503, gRPC UNAVAILABLE)."""


class SourceUnavailableError(Iter8Error):
    """A source could not be read now. The last good state stays in force and the read is tried again."""


class ConfigurationError(Iter8Error):
    """What the person asked for cannot be set up: a bad URL, a port in use, a folder that is locked."""


class TemplateError(Iter8Error):
    """A routing template cannot be rendered; the message is for its author and names the line if known."""


class BrokenPluginError(Iter8Error):
    """A plugin raised what it may not, or answered with what is no answer; the message names it (HTTP 500)."""


class NotDeliveredError(Iter8Error):
    """A notifier could not deliver. `retry` says whether the same may work later.

    `retry_after` is how many seconds the receiver asks to wait, 0 when it does not say.
    """

    def __init__(self, message: str, *, retry: bool, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry = retry
        self.retry_after = retry_after
