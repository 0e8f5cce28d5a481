"""What callers report in lists, and the exposures among it: those of clients who evaluate by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from iter8_gitops.core.arguments import MAX_SIGNATURE, check_text, check_user, shown, whole_number
from iter8_gitops.core.cohorts import Cohorts
from iter8_gitops.core.targeting import Reason
from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.serving.arguments import ReportedExposure
from iter8_gitops.spec.metric import Arm, Exposure, MetricValue
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot

MAX_VALUES = 10_000
"""The most items in one request, so that one caller cannot hold up the others for long."""

COHORTS = tuple(reason.cohort for reason in Reason)


def check_count(items: Sequence[object], what: str, within: str | None) -> None:
    """Refuse an empty or overlong list of `what`; `within` is how the caller names it, None when there is none.

    Raises `InvalidArgumentError`.
    """
    if within is not None and not 1 <= len(items) <= MAX_VALUES:
        message = f"has {len(items)} {what}; 1 to {MAX_VALUES} are allowed in one request"
        raise InvalidArgumentError(within or "body", message)


def place(within: str | None, position: int) -> str:
    """How the caller names an item of a list, as the beginning of the names of its fields."""
    return "" if within is None else f"{within}[{position}]."


class Writer(Protocol):
    """Where exposures go whose caller waits until they are durable."""

    def submit(self, values: Sequence[MetricValue], exposures: Sequence[Exposure] = ()) -> Future[None]:
        """Store all of it, or nothing; the future resolves once it is durable."""


class Reports:
    """Takes exposures that clients report."""

    def __init__(self, cohorts: Cohorts, writer: Writer) -> None:
        self._cohorts = cohorts
        self._writer = writer

    def expose(
        self, snapshot: Snapshot, now: float, reported: Sequence[ReportedExposure], within: str | None
    ) -> Future[None]:
        """See `Experiments.expose`."""
        check_count(reported, "exposures", within)
        exposures = [self._checked(snapshot, now, each, place(within, at)) for at, each in enumerate(reported)]
        return self._writer.submit((), exposures)

    def _checked(self, snapshot: Snapshot, now: float, reported: ReportedExposure, where: str) -> Exposure:
        check_user(f"{where}user", reported.user)
        cohort = self._cohorts.find(snapshot, now, f"{where}application", reported.application)
        return _exposure(reported, cohort.state, where)


def _exposure(reported: ReportedExposure, state: RoutemapState, where: str) -> Exposure:
    """`reported` as an exposure in the application of `state`.

    Its version must be there now; its content and epoch may be earlier or later ones, because clients learn of changes
    at their own pace.
    """
    version = whole_number(f"{where}version", reported.version)
    if version >= len(state.versions):
        field = f"{where}version"
        message = f"is {version}; {state.application} has versions 0 to {len(state.versions) - 1}"
        raise InvalidArgumentError(field, message)
    if reported.signature:
        check_text(f"{where}signature", reported.signature, MAX_SIGNATURE)
    if reported.cohort not in COHORTS:
        field = f"{where}cohort"
        message = f"is '{shown(reported.cohort)}', and not one of {', '.join(map(repr, COHORTS))}"
        raise InvalidArgumentError(field, message)
    arm = Arm(
        application=state.application,
        version=version,
        signature=state.versions[version].signature if reported.signature is None else reported.signature,
        epoch=state.epoch if reported.epoch is None else whole_number(f"{where}epoch", reported.epoch),
        cohort=reported.cohort,
    )
    if reported.experiment is None:
        # An earlier epoch may be one of an earlier experiment, which cannot have begun after it.
        return Exposure(arm, reported.user, min(state.experiment, arm.epoch))
    experiment = whole_number(f"{where}experiment", reported.experiment)
    if experiment > arm.epoch:
        field = f"{where}experiment"
        message = f"is {experiment}, after the epoch {arm.epoch}; an experiment begins with its first epoch"
        raise InvalidArgumentError(field, message)
    return Exposure(arm, reported.user, experiment)
