"""The verdict of a readiness plugin on one object."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReadinessState(StrEnum):
    """What an object is doing. Only `READY` means that the declared content answers everything."""

    READY = "ready"
    PROGRESSING = "progressing"
    FAILED = "failed"
    TERMINATING = "terminating"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Two answers in one verdict: does something answer (`servable`), and is it the declared content (`state`)?

    `reason` is one CamelCase word for machines, `message` a sentence that a person can act on.
    `current` is True when the verdict certainly speaks of the present spec: an observed generation
    says so, or the kind has no status. When it is False, a `ready` that appears right after an
    edit is held back until the status changes or a short settle time has passed.

    `fields` are the places in the object that decided, such as `status.updatedReplicas` or
    `status.conditions[Ready]`, for people who want to look for themselves.
    """

    state: ReadinessState
    servable: bool
    reason: str
    message: str
    current: bool = False
    fields: tuple[str, ...] = ()

    @classmethod
    def ready(cls, reason: str, message: str, *, current: bool = False, fields: tuple[str, ...] = ()) -> Readiness:
        """Serves its declared content."""
        return cls(ReadinessState.READY, True, reason, message, current, fields)

    @classmethod
    def progressing(
        cls, reason: str, message: str, *, servable: bool = False, fields: tuple[str, ...] = ()
    ) -> Readiness:
        """On its way; `servable` says whether something (older content, part of it) answers meanwhile."""
        return cls(ReadinessState.PROGRESSING, servable, reason, message, fields=fields)

    @classmethod
    def failed(cls, reason: str, message: str, *, servable: bool = False, fields: tuple[str, ...] = ()) -> Readiness:
        """Will not get there without a change; older content may still be `servable`."""
        return cls(ReadinessState.FAILED, servable, reason, message, fields=fields)

    @classmethod
    def terminating(cls, message: str) -> Readiness:
        """Being deleted."""
        return cls(ReadinessState.TERMINATING, False, "Terminating", message, fields=("metadata.deletionTimestamp",))

    @classmethod
    def unknown(cls, reason: str, message: str, *, fields: tuple[str, ...] = ()) -> Readiness:
        """No rule applies, or the rule broke."""
        return cls(ReadinessState.UNKNOWN, False, reason, message, fields=fields)
