"""Rules of the sections about the experiment that span several values; as in `checks`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from iter8_gitops.spec.complaints import Complaint
from iter8_gitops.spec.documents import Step
from iter8_gitops.spec.experiment import LONGEST_TEXT
from iter8_gitops.spec.fields import items_of
from iter8_gitops.spec.problem import Code
from iter8_gitops.spec.wording import abridged, suggestion


def check_experiment(spec: Mapping[str, Any], versions: Sequence[str]) -> Iterator[Complaint]:
    """Everything that breaks a rule. `versions` are the names of the versions that have one."""
    assignment = spec.get("assignment")
    if isinstance(assignment, dict):
        yield from _overrides(assignment.get("overrides"), versions)
        yield from _rules(assignment.get("rules"), versions)
    yield from _metrics(spec.get("metrics"))
    yield from _ramp(spec.get("ramp"), len(versions))
    yield from _promotion(spec)


def _overrides(overrides: Any, versions: Sequence[str]) -> Iterator[Complaint]:
    for user, version in overrides.items() if isinstance(overrides, dict) else ():
        path = ("assignment", "overrides", user)
        yield from _key(path, user, "a user")
        yield from _version(path, version, versions)


def _rules(rules: Any, versions: Sequence[str]) -> Iterator[Complaint]:
    for index, rule in items_of(rules):
        path = ("assignment", "rules", index)
        yield from _version((*path, "version"), rule.get("version"), versions)
        when = rule.get("when")
        for attribute in when if isinstance(when, dict) else ():
            yield from _key((*path, "when", attribute), attribute, "an attribute")


def _key(path: tuple[Step, ...], key: str, what: str) -> Iterator[Complaint]:
    if not key:
        yield Complaint(path, f"is empty: name {what}", at_key=True)
    elif len(key) > LONGEST_TEXT:
        yield Complaint(path, f"has more than {LONGEST_TEXT} characters", at_key=True)


def _version(path: tuple[Step, ...], name: Any, versions: Sequence[str]) -> Iterator[Complaint]:
    if isinstance(name, str) and name and name not in versions:
        yield Complaint(path, f"is no version: `{abridged(name)}`", suggestion(name, list(versions), kind="versions"))


def _metrics(metrics: Any) -> Iterator[Complaint]:
    used: dict[str, int] = {}
    for index, metric in items_of(metrics):
        path = ("metrics", index)
        name, denominator = metric.get("name"), metric.get("denominator")
        is_ratio = metric.get("type") == "ratio"
        if isinstance(name, str) and used.setdefault(name, index) != index:
            said = f"is declared already, in metrics[{used[name]}]: `{abridged(name)}`"
            yield Complaint((*path, "name"), said, "declare each metric once", code=Code.DUPLICATE)
        if is_ratio and denominator is None:
            hint = "name the metric that this one is divided by"
            yield Complaint((*path, "denominator"), "is missing: the type is ratio", hint, code=Code.MISSING_KEY)
        elif denominator is not None and not is_ratio:
            yield Complaint(
                (*path, "denominator"), "is only for ratios", "write type: ratio, or remove it", at_key=True
            )
        elif is_ratio and denominator == name:
            yield Complaint((*path, "denominator"), "is the metric itself", "name another metric")


def _ramp(ramp: Any, versions: int) -> Iterator[Complaint]:
    before: float = -1
    for index, step in items_of(ramp):
        weight, path = step.get("weight"), ("ramp", index, "weight")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 100:
            continue
        if round(weight, 2) != weight:
            yield Complaint(path, f"has more than two decimals: {weight}", "the finest share is 0.01 of 100 users")
        elif weight <= before:
            yield Complaint(path, f"must be more than {before:g}, that of the step before, not {weight:g}")
        before = max(before, weight)
    if isinstance(ramp, list) and ramp and versions == 1:
        yield Complaint(("ramp",), "has no candidate to raise: there is one version", "declare a second version")


def _promotion(spec: Mapping[str, Any]) -> Iterator[Complaint]:
    promotion = spec.get("promotion")
    if isinstance(promotion, str):
        promotion = {"mode": promotion}
    if not isinstance(promotion, dict) or promotion.get("mode") not in ("pullRequest", "commit"):
        return
    stated = promotion.get("requires")
    required = ["winner"] if stated is None else stated
    if not isinstance(required, list):
        return
    path: tuple[Step, ...] = ("promotion",) if stated is None else ("promotion", "requires")
    if "winner" in required and not spec.get("metrics"):
        said = "waits for a winner, but no metric is declared that one could win"
        yield Complaint(path, said, "declare metrics, or require approval or rampComplete")
    if "rampComplete" in required and not spec.get("ramp"):
        yield Complaint(
            path, "waits for the end of a ramp, but there is none", "declare a ramp, or require something else"
        )
