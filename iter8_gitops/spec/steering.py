"""Where the steps stand that the controller takes by itself: of a ramp, and towards a promotion.

The leading replica decides and writes them down as a `Record`, in the cluster; the others follow it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RampPhase(StrEnum):
    """What a ramp is doing."""

    HOLDING = "holding"
    PAUSED = "paused"
    WAITING = "waiting"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class RampState:
    """Where a ramp stands: the candidates together get `weight` of 100 users, by step `step` (from 0).

    `contents` are the signatures of the candidates that it was begun for. `held` are the seconds of this step before
    `running_since` (seconds since 1970; None while its clock stands still). `decided_at` (seconds since 1970, always
    ascending) is when this was decided.
    """

    contents: tuple[str, ...]
    step: int
    weight: float
    phase: RampPhase
    message: str
    held: float
    running_since: float | None
    decided_at: float


class PromotionPhase(StrEnum):
    """How far a promotion by the controller is."""

    WAITING = "waiting"
    DUE = "due"
    PROPOSED = "proposed"
    COMMITTED = "committed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PromotionState:
    """How far the promotion of one content is. `version` is the candidate's index, -1 while it is not known which.

    `content` is the signature that is promoted, `reference` the commit or the address of the pull request once there
    is one, `why` the evidence that it rests on. `attempts` that failed; the next one is at `try_at`.
    """

    version: int
    content: str
    phase: PromotionPhase
    message: str
    why: str = ""
    reference: str = ""
    attempts: int = 0
    try_at: float | None = None
    decided_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Record:
    """What the leading replica writes down of one routemap, for the others and for whoever leads next."""

    ramp: RampState | None = None
    promotion: PromotionState | None = None

    @property
    def decided_at(self) -> float:
        """When the newest part was decided, 0 for an empty record."""
        return max((part.decided_at for part in (self.ramp, self.promotion) if part is not None), default=0.0)
