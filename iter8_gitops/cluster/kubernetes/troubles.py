"""What is wrong with each application's objects in the cluster, and what of it people are told. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from iter8_gitops.cluster.kubernetes.refusals import Refusal
from iter8_gitops.spec.problem import Problem


@dataclass(frozen=True, slots=True)
class _Trouble:
    refusal: Refusal
    since: float
    told: bool


class Troubles:
    """The refusals of every application. Times are seconds of one steady clock. Not thread-safe."""

    def __init__(self) -> None:
        self._troubles: dict[str, dict[tuple[Hashable, str], _Trouble]] = {}

    def note(self, application: str, scope: Hashable, refusals: Mapping[str, Refusal], now: float) -> bool:
        """These, by template ("" for none), are all refusals of `scope` now. Returns whether `told` changed."""
        before = self._troubles.get(application, {})
        if not before and not refusals:
            return False
        after = {key: trouble for key, trouble in before.items() if key[0] != scope}
        for template, refusal in refusals.items():
            old = before.get((scope, template))
            since = old.since if old is not None else now
            told = now - since >= refusal.untold or (old is not None and old.told)
            after[scope, template] = _Trouble(refusal, since, told)
        changed = _problems(application, before) != _problems(application, after)
        if after:
            self._troubles[application] = after
        else:
            del self._troubles[application]
        return changed

    def told(self, application: str) -> tuple[Problem, ...]:
        """What people must know, and can solve."""
        return _problems(application, self._troubles.get(application, {}))

    def clear(self) -> frozenset[str]:
        """Forget everything. Returns the applications of which something was told."""
        told = frozenset(application for application in self._troubles if self.told(application))
        self._troubles.clear()
        return told


def _problems(application: str, troubles: Mapping[tuple[Hashable, str], _Trouble]) -> tuple[Problem, ...]:
    return tuple(
        trouble.refusal.problem(application, template) for (_, template), trouble in troubles.items() if trouble.told
    )
