"""The state of a routemap in one word, with the sentence behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from iter8_gitops.serving.web.wording import plural
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.snapshot import Condition, RoutemapState, VersionState

Tone: TypeAlias = Literal["good", "bad", "busy", "warn", "quiet"]
"""How a thing is coloured, and marked for those who see no colours."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A word with a tone, and why."""

    word: str
    tone: Tone
    reason: str = ""


def state_chip(state: RoutemapState) -> Chip:
    """The worst that is true of a routemap."""
    if state.problems:
        return Chip(plural(len(state.problems), "problem"), "bad", str(state.problems[0]))
    conditions = {condition.type: condition for condition in state.conditions}
    if (stalled := _true(conditions.get("Stalled"))) is not None:
        return Chip("Stalled", "bad", stalled.message)
    ready = conditions.get("Ready")
    if ready is not None and not ready.status:
        return Chip("Not serving", "bad", ready.message)
    if (moving := _true(conditions.get("Reconciling"))) is not None:
        return Chip("Changing", "busy", moving.message)
    return Chip("Serving", "good", ready.message if ready is not None else "")


def version_chip(version: VersionState) -> Chip:
    """Whether a version answers, and what it waits for if not."""
    if version.settled and version.available:
        return Chip("Ready", "good")
    reason = f"{version.reason}: {version.message}" if version.message else version.reason
    if version.stalled or any(each.state is ReadinessState.FAILED for each in version.resources):
        return Chip("Stalled" if version.stalled else "Failed", "bad", reason)
    if version.available:
        return Chip("Ready, changing", "busy", reason)
    if version.progressing_since is not None:
        return Chip("Getting ready", "busy", reason)
    return Chip("Not there", "quiet", reason)


def needs_attention(state: RoutemapState) -> bool:
    """Whether a person must do something."""
    return state_chip(state).tone == "bad"


def _true(condition: Condition | None) -> Condition | None:
    return condition if condition is not None and condition.status else None
