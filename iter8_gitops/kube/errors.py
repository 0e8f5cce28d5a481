"""What can go wrong between us and an API server."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.errors import Iter8Error


class KubeError(Iter8Error):
    """The API server refused, or could not be reached (`status` 0). `reason` is Kubernetes' CamelCase word."""

    def __init__(self, message: str, *, status: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.reason = reason


class KubeUnreachableError(KubeError):
    """No answer, an answer cut short, or one that says to come back later (429, 5xx). Worth trying again.

    `retry_after` is how many seconds the server asks to wait, 0 when it does not say.
    """

    def __init__(self, message: str, *, status: int = 0, reason: str = "", retry_after: float = 0.0) -> None:
        super().__init__(message, status=status, reason=reason)
        self.retry_after = retry_after


class KubeForbiddenError(KubeError):
    """401 or 403."""


class KubeNotFoundError(KubeError):
    """404: no such object, or no such kind."""


class KubeGoneError(KubeError):
    """410: the resourceVersion is too old to go on from."""


class KubeInvalidError(KubeError):
    """400, 413, 415 or 422: the same request will never work."""


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that we would apply and another manager holds, e.g. `.spec.replicas` and `kubectl-edit`.

    `operation` is `Apply` or `Update`, as far as the server says.
    """

    field: str
    manager: str
    operation: str


class KubeConflictError(KubeError):
    """409: the object changed meanwhile, exists already, or (`conflicts`) other managers hold fields that we apply."""

    def __init__(
        self, message: str, *, status: int = 409, reason: str = "Conflict", conflicts: tuple[FieldConflict, ...] = ()
    ) -> None:
        super().__init__(message, status=status, reason=reason)
        self.conflicts = conflicts
