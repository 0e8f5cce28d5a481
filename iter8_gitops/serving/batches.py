"""Many lookups at once: all that is asked is checked first, and only then is anything recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeAlias

from iter8_gitops.core.applications import require_state
from iter8_gitops.core.arguments import check_user
from iter8_gitops.core.attributes import NO_ATTRIBUTES, attribute_texts
from iter8_gitops.core.cohorts import Cohort, Cohorts, Outcome, Recommendation
from iter8_gitops.errors import InvalidArgumentError, NotFoundError, UnavailableError
from iter8_gitops.serving.arguments import Lookup, LookupProduct
from iter8_gitops.serving.telemetry import Telemetry
from iter8_gitops.spec.metric import Arm
from iter8_gitops.spec.snapshot import Snapshot

MAX_DECISIONS = 10_000
"""The most lookups in one batch, so that one caller cannot hold up the others for long."""

_MOST_SUGGESTIONS = 10
"""How often a batch looks for the name that was meant, which takes longer than many lookups."""

Refusal: TypeAlias = NotFoundError | UnavailableError
"""Why a lookup of a batch has no answer: its application is unknown, or may be in a source that was never read."""
Answer: TypeAlias = Recommendation | Refusal


class Recorder(Protocol):
    """Where exposures go. The call does not wait for the disk."""

    def expose_all(self, given: Iterable[tuple[Arm, str, int]]) -> None:
        """Remember, soon, that users were given versions; each is an arm, a user and an experiment."""


class Batches:
    """Answers batches of 1 to 10,000 lookups. Never blocks, and belongs on one event loop.

    Raises `InvalidArgumentError`, which names the place of what is wrong, and `UnavailableError` before the first
    snapshot; nothing is recorded then. That an application is unknown concerns its own lookups alone, and is their
    answer.
    """

    def __init__(self, cohorts: Cohorts, recorder: Recorder, telemetry: Telemetry) -> None:
        self._cohorts = cohorts
        self._recorder = recorder
        self._telemetry = telemetry

    def answer(self, snapshot: Snapshot, now: float, asked: Sequence[Lookup] | LookupProduct) -> list[Answer]:
        """One answer per lookup, in order: of a product all users of the first application, then of the second, .."""
        applications = _Applications(self._cohorts, snapshot, now)
        users, found = _product(applications, asked) if isinstance(asked, LookupProduct) else _each(applications, asked)
        require_state(snapshot)
        self._recorder.expose_all(
            (outcome.arm, user, outcome.experiment)
            for user, outcome in zip(users, found, strict=True)
            if isinstance(outcome, Outcome)
        )
        for outcome, count in Counter(found).items():
            if isinstance(outcome, Outcome):
                self._telemetry.count_lookups(outcome.recommendation, count)
        return [outcome.recommendation if isinstance(outcome, Outcome) else outcome for outcome in found]


_Found: TypeAlias = tuple[list[str], list[Outcome | Refusal]]
"""The user of each lookup, and what follows for them."""


class _Applications:
    """The applications of one batch. Those that are not found are remembered, too."""

    def __init__(self, cohorts: Cohorts, snapshot: Snapshot, now: float) -> None:
        self._cohorts = cohorts
        self._snapshot = snapshot
        self._now = now
        self._refusals: dict[str, Refusal] = {}

    def find(self, field: str, application: str) -> Cohort | Refusal:
        """What answers lookups of `application`, or why nothing does. Raises `InvalidArgumentError`."""
        if refusal := self._refusals.get(application):
            return refusal
        suggest = len(self._refusals) < _MOST_SUGGESTIONS
        try:
            return self._cohorts.find(self._snapshot, self._now, field, application, suggest=suggest)
        except (NotFoundError, UnavailableError) as refusal:
            self._refusals[application] = refusal
            return refusal


def _each(applications: _Applications, lookups: Sequence[Lookup]) -> _Found:
    _check_count("lookups", len(lookups), "lookups")
    found: list[Outcome | Refusal] = []
    try:
        for lookup in lookups:
            cohort = applications.find("application", lookup.application)
            check_user("user", lookup.user)
            attributes = attribute_texts(lookup.attributes) if lookup.attributes else NO_ATTRIBUTES
            found.append(cohort.outcome_of(lookup.user, attributes) if isinstance(cohort, Cohort) else cohort)
    except InvalidArgumentError as error:
        field = f"lookups[{len(found)}].{error.field}"
        raise InvalidArgumentError(field, error.message) from error
    return [lookup.user for lookup in lookups], found


def _product(applications: _Applications, asked: LookupProduct) -> _Found:
    users = asked.users
    for name, texts in (("applications", asked.applications), ("users", users)):
        _check_count(name, len(texts), name)
    _check_count("users", len(asked.applications) * len(users), "lookups (applications times users)")
    cohorts = [applications.find(f"applications[{place}]", name) for place, name in enumerate(asked.applications)]
    _check_users(users)
    attributes = attribute_texts(asked.attributes)
    found: list[Outcome | Refusal] = []
    for cohort in cohorts:
        if isinstance(cohort, Cohort):
            found += [cohort.outcome_of(user, attributes) for user in users]
        else:
            found += [cohort] * len(users)
    return users * len(cohorts), found


def _check_users(users: Sequence[str]) -> None:
    for position, user in enumerate(users):
        try:
            check_user("user", user)
        except InvalidArgumentError as error:
            field = f"users[{position}]"
            raise InvalidArgumentError(field, error.message) from error


def _check_count(field: str, count: int, what: str) -> None:
    if not 1 <= count <= MAX_DECISIONS:
        message = f"has {count} {what}; 1 to {MAX_DECISIONS} are allowed in one request"
        raise InvalidArgumentError(field, message)
