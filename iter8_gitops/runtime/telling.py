"""Telling people what happened: in the log, in Events of the cluster, and to notifiers elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence

from iter8_gitops.contracts.cluster import Cluster, Owner
from iter8_gitops.contracts.notifier import Notice
from iter8_gitops.core.transitions import Transition
from iter8_gitops.runtime.notifying.notices import notices, problem_notice, revision_notice
from iter8_gitops.runtime.reconciling import Turn, config_map_at
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.snapshot import SourceStatus

_log = logging.getLogger(__name__)


class Teller:
    """Tells everything once: Events and notices only from the replica that acts for all.

    `notify` passes a notice on without waiting. `known` are problems that were told in an earlier life.
    """

    def __init__(self, cluster: Cluster, notify: Callable[[Notice], None], known: Collection[Problem]) -> None:
        self._cluster = cluster
        self._notify = notify
        self._known = frozenset(known)

    def tell_turn(
        self, owner: Owner | None, turn: Turn, source: SourceStatus, logged: Collection[Problem], now: float
    ) -> None:
        """What a published turn has changed.

        `source` is that of the routemap. `logged` are problems whose line in the log was written already.
        """
        application = turn.state.application
        lines = {str(problem) for problem in logged}
        for each in turn.transitions:
            if each.message not in lines:
                level = logging.WARNING if each.warning else logging.INFO
                _log.log(level, "%s: %s", application, each.message)
        self._cluster.report(application, owner, turn.transitions)
        if self._cluster.leads:
            for notice in notices(turn.before, turn.state, source, now):
                self._notify(notice)

    def tell_problem(self, problem: Problem, source: SourceStatus, now: float, *, stillborn: bool) -> None:
        """A problem of `source` that is new. `stillborn`: of what never was a good routemap, so that no state shows it.

        Of a ConfigMap, people look at the object itself.
        """
        _log.warning("problem: %s", problem)
        if not stillborn:
            return
        owner = config_map_at(problem.file)
        if owner is not None:
            told = Transition("Problem", str(problem), warning=True)
            self._cluster.report(f"{owner.namespace}/{owner.name}", owner, [told])
        if self._cluster.leads and problem not in self._known:
            self._notify(problem_notice(problem, source, now))

    def tell_revision(self, source: SourceStatus, problems: Sequence[Problem], now: float) -> None:
        """That a source is at another revision, and what became of it; `problems` are those in it."""
        if self._cluster.leads:
            self._notify(revision_notice(source, problems, now))
