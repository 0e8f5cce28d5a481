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
    """

    state: ReadinessState
    servable: bool
    reason: str
    message: str
    current: bool = False

    @classmethod
    def ready(cls, reason: str, message: str, *, current: bool = False) -> Readiness:
        """Serves its declared content."""
        return cls(ReadinessState.READY, True, reason, message, current)

    @classmethod
    def progressing(cls, reason: str, message: str, *, servable: bool = False) -> Readiness:
        """On its way; `servable` says whether something (older content, part of it) answers meanwhile."""
        return cls(ReadinessState.PROGRESSING, servable, reason, message)

    @classmethod
    def failed(cls, reason: str, message: str, *, servable: bool = False) -> Readiness:
        """Will not get there without a change; older content may still be `servable`."""
        return cls(ReadinessState.FAILED, servable, reason, message)

    @classmethod
    def terminating(cls, message: str) -> Readiness:
        """Being deleted."""
        return cls(ReadinessState.TERMINATING, False, "Terminating", message)

    @classmethod
    def unknown(cls, reason: str, message: str) -> Readiness:
        """No rule applies, or the rule broke."""
        return cls(ReadinessState.UNKNOWN, False, reason, message)
