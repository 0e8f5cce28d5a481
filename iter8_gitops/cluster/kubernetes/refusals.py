"""Why something could not be written, for people, and when to try again. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.kube.discovery import UNCONFIRMED
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import (
    KubeConflictError,
    KubeError,
    KubeForbiddenError,
    KubeNotFoundError,
    KubeUnreachableError,
)
from iter8_gitops.spec.problem import Problem

UNTOLD_SECONDS = 30.0
"""How long something may fail that usually passes by itself, before people are told."""
RETRY_SECONDS = 3.0
"""How often to look for what somebody else must do first, such as installing a definition."""
REFUSED_SECONDS = 60.0
"""How often to try what only people can solve; a change of the object is an earlier reason."""
_TERMINATING = "being terminated"
_TYPED_PATCH = "failed to create typed patch object"
"""How an API server complains of fields that no such object has; with status 500, though the template is wrong."""
_FORBIDDEN = 403
_INTERNAL_ERROR = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something could not be done: `message` and `hint` as in a Problem.

    It is told when it has lasted for `untold` seconds, and tried again within `retry` seconds (None: as a backoff
    says). `unreachable` says that no request to the API server would fare better.
    """

    message: str
    hint: str = ""
    untold: float = 0.0
    retry: float | None = None
    unreachable: bool = False

    def problem(self, application: str, template: str) -> Problem:
        """The refusal as a problem of `application`, or of one of its routing templates."""
        about = f"routing template {template!r}: " if template else ""
        return Problem("", 0, 0, about + self.message, self.hint, application)


class RefusedError(Exception):
    """Carries a refusal to whoever asked for the write."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class UntouchableError(RefusedError):
    """There is no such object to touch: its kind is not installed, or it is out of scope."""


def not_installed(group: str, kind: str) -> Refusal:
    """The cluster serves no such kind."""
    of_group = f"of group {group}" if group else "in the core group"
    return Refusal(
        f"the cluster serves no {kind} {of_group}", "install its CustomResourceDefinition", retry=RETRY_SECONDS
    )


def undiscovered(error: KubeError, kind: str) -> Refusal:
    """The API server could not be asked whether there is a kind."""
    message = f"it is not known whether the cluster serves {kind}: {error.message}"
    return Refusal(message, untold=UNTOLD_SECONDS, retry=RETRY_SECONDS, unreachable=_is_away(error))


def refusal_of(error: KubeError, what: str, done: str, verb: str, endpoint: Endpoint, namespace: str) -> Refusal:
    """Why `what` (e.g. `Service shop/web`) could not be `done` (e.g. `applied`), which takes the RBAC verb `verb`."""
    message = f"{what} could not be {done}: {error.message}"
    plural = f"{endpoint.plural}.{endpoint.group}" if endpoint.group else endpoint.plural
    if _TERMINATING in error.message:
        return Refusal(message, "the namespace is being deleted", untold=UNTOLD_SECONDS)
    if isinstance(error, KubeForbiddenError) and error.status == _FORBIDDEN:
        where = f" in the namespace {namespace}" if namespace else ""
        hint = f"if it lacks the permission, allow the service account to {verb} {plural}{where}"
        return Refusal(message, hint)
    if _TYPED_PATCH in error.message:
        return Refusal(message, "correct the template")
    if isinstance(error, KubeUnreachableError) and error.status == _INTERNAL_ERROR:
        return Refusal(message, untold=UNTOLD_SECONDS)  # for instance a webhook that does not answer
    if isinstance(error, KubeUnreachableError):
        return Refusal(message, untold=UNTOLD_SECONDS, retry=RETRY_SECONDS, unreachable=_is_away(error))
    if isinstance(error, KubeConflictError):
        return Refusal(message, untold=UNTOLD_SECONDS)
    if isinstance(error, KubeNotFoundError) and done == "applied" and error.message.startswith(f'{plural} "'):
        return Refusal(message, untold=UNTOLD_SECONDS)  # it went while it was written
    if isinstance(error, KubeNotFoundError) and done == "applied":
        hint = f"check that the cluster serves {endpoint.api_version} {endpoint.kind}, and that the namespace exists"
        return Refusal(message, hint)
    return Refusal(message)


def _is_away(error: KubeError) -> bool:
    """Whether nobody answered at all. An answer that is not certain yet is one."""
    return isinstance(error, KubeUnreachableError) and error.status == 0 and error.reason != UNCONFIRMED
