"""Which version each user was given last, so that neither hashing nor exposures are repeated for nothing."""

from __future__ import annotations

from iter8_gitops.core.cohorts import Cohort, Outcome


class Given:
    """What users were given, as many as `capacity`. Safe in any thread, without a lock.

    `of` leads, for each cohort that is asked for, from users to outcomes of that cohort: whoever finds a user there
    need not ask any further, as long as nothing but the user decides.
    """

    def __init__(self, capacity: int) -> None:
        self.of: dict[Cohort, dict[str, Outcome]] = {}
        self._capacity = capacity
        self._room = capacity
        self._last: dict[str, dict[str, Outcome]] = {}

    def is_known(self, cohort: Cohort, outcome: Outcome, user: str) -> bool:
        """Whether `user` was given the same last, be it in an earlier state of the application."""
        users = self._last.get(outcome.arm.application)
        last = None if users is None else users.get(user)
        if last is None or last.arm != outcome.arm or last.experiment != outcome.experiment:
            return False
        self._note(cohort, outcome, user)
        return True

    def add(self, cohort: Cohort, outcome: Outcome, user: str) -> None:
        """`user` is given `outcome`, and that is recorded."""
        if self._room <= 0:
            # All are recorded once more, which changes nothing, and costs less than to keep an order of users.
            self.of, self._last, self._room = {}, {}, self._capacity
        self._room -= 1
        last = self._last.get(outcome.arm.application)
        if last is None:
            last = self._last.setdefault(outcome.arm.application, {})
        last[user] = outcome
        self._note(cohort, outcome, user)

    def _note(self, cohort: Cohort, outcome: Outcome, user: str) -> None:
        known = self.of.get(cohort)
        if known is None:
            # Cohorts of former states are of no use any more, and there is one of each application.
            application = cohort.state.application
            self.of = {
                other: users for other, users in self.of.copy().items() if other.state.application != application
            }
            known = self.of[cohort] = {}
        known[user] = outcome
