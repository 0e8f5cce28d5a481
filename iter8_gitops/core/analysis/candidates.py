"""The verdict on one candidate, from what is found in every metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iter8_gitops.core.analysis.readings import Experiment
from iter8_gitops.core.analysis.values import Comparison, Finding, MetricResult, Verdict, VerdictName
from iter8_gitops.core.analysis.wording import about, lift_range, listed, margin, users
from iter8_gitops.core.statistics.contrasts import MINIMUM_USERS


@dataclass(frozen=True, slots=True)
class Judge:
    """What verdicts rest on: the experiment, its declared metrics, the names of its versions, and seconds so far."""

    experiment: Experiment
    metrics: tuple[MetricResult, ...]
    names: Sequence[str]
    elapsed: float

    def name(self, version: int) -> str:
        """What people call a version."""
        return self.names[version] if version < len(self.names) else f"version {version}"

    def verdict(self, version: int) -> Verdict:
        """On one candidate, before it is compared with others: `leaders` when it beats the primary."""
        if not self.metrics:
            return Verdict(
                "not_enough_data", (version,), "no metric is declared, so versions are described and not judged"
            )
        compared = [(metric, found) for metric in self.metrics if (found := comparison_of(metric, version)) is not None]
        if breached := self._with(version, "breached"):
            return self._said(
                "guardrail_breached", version, f"{self.name(version)} is worse than accepted on {breached}"
            )
        if not compared:
            return self._too_few(version)
        better, worse = self._with(version, "better"), self._with(version, "worse")
        if better and worse:
            said = f"{self.name(version)} is better on {better} but worse on {worse}: a person must say which matters"
            return self._said("keep_going", version, said)
        if better:
            return self._better(version, better)
        if worse:
            return self._said("loser", version, f"{self.name(version)} is worse than {self.name(0)} on {worse}")
        return self._open(version)

    def _better(self, version: int, better: str) -> Verdict:
        pending = self._pending(version, "guardrail")
        if pending:
            said = f"{self.name(version)} is better on {better}, but not yet shown to keep within what is accepted on"
            return self._waiting("guardrail_pending", version, f"{said} {listed([m.name for m in pending])}", pending)
        return self._said("leaders", version, f"{self.name(version)} is better than {self.name(0)} on {better}")

    def _open(self, version: int) -> Verdict:
        success, guardrails = self._pending(version, "success"), self._pending(version, "guardrail")
        if success:
            parts = [f"{m.name} ({_shown(comparison_of(m, version))})" for m in success]
            said = f"{self.name(version)} may be better or worse on {listed(parts)}"
            return self._waiting("keep_going", version, said, success)
        if any(metric.role == "success" for metric in self.metrics):
            same = self._with(version, "same")
            return self._said(
                "no_difference",
                version,
                f"{self.name(version)} differs from {self.name(0)} by less than matters on {same}",
            )
        if guardrails:
            said = f"{self.name(version)} is not yet shown to keep within what is accepted on"
            named = listed([metric.name for metric in guardrails])
            return self._waiting("guardrail_pending", version, f"{said} {named}", guardrails)
        said = f"{self.name(version)} holds every guardrail; without a success metric nothing can win"
        return self._said("keep_going", version, said)

    def _pending(self, version: int, role: str) -> list[MetricResult]:
        """The metrics of a role in which nothing is shown yet."""
        found = ((metric, comparison_of(metric, version)) for metric in self.metrics if metric.role == role)
        return [metric for metric, comparison in found if comparison is None or comparison.finding == "open"]

    def _with(self, version: int, finding: Finding) -> str:
        """The metrics in which this is found, in words; empty for none."""
        found = [(metric, comparison_of(metric, version)) for metric in self.metrics]
        return listed(
            [
                f"{metric.name} ({_shown(comparison)}{_accepted(metric)})"
                for metric, comparison in found
                if comparison is not None and comparison.finding == finding
            ]
        )

    def _waiting(self, verdict: VerdictName, version: int, said: str, metrics: Sequence[MetricResult]) -> Verdict:
        """With what is needed for all of `metrics`, where that can be told."""
        comparisons = [comparison_of(metric, version) for metric in metrics]
        more = [c.users_left for c in comparisons if c is not None and c.users_left is not None]
        seconds = [c.seconds_left for c in comparisons if c is not None and c.seconds_left is not None]
        if len(more) < len(metrics):
            return self._said(verdict, version, said)
        left = max(seconds) if len(seconds) == len(metrics) else None
        if max(more) == 0:
            said += "; there are users enough for an effect that matters, so the change is near the limit"
        else:
            in_time = f", {about(left)}" if left is not None else ""
            said += f"; {users(max(more))} more{in_time}, until an effect that matters would show"
        return Verdict(verdict, (version,), said, max(more), left)

    def _too_few(self, version: int) -> Verdict:
        short = [each for each in (0, version) if self.experiment.users(each) < MINIMUM_USERS]
        if not short:
            pair = f"{self.name(0)} and {self.name(version)}"
            said = f"nothing can be compared yet: in no metric do the users of {pair} differ from one another"
            return self._said("not_enough_data", version, said)
        counts = [(self.name(each), self.experiment.users(each)) for each in short]
        had = listed([f"{name} has {users(count) if count else 'no users'}" for name, count in counts])
        left = max((MINIMUM_USERS / count - 1.0) * self.elapsed if count else -1.0 for _, count in counts)
        known = all(count for _, count in counts) and self.elapsed > 0.0
        return Verdict(
            "not_enough_data",
            (version,),
            f"{had}; {MINIMUM_USERS} in each version are needed",
            None,
            left if known else None,
        )

    def _said(self, verdict: VerdictName, version: int, reason: str) -> Verdict:
        return Verdict(verdict, (version,), reason)


def comparison_of(metric: MetricResult, version: int) -> Comparison | None:
    """A version against the primary, if there are users enough."""
    return next((each.comparison for each in metric.versions if each.version == version), None)


def _shown(comparison: Comparison | None) -> str:
    return lift_range(comparison.lift_interval) if comparison is not None else "too few users"


def _accepted(metric: MetricResult) -> str:
    return (
        f", accepted: {margin(metric.margin)} worse" if metric.role == "guardrail" and metric.margin is not None else ""
    )
