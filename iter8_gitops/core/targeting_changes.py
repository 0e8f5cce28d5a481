"""What changed in the targeting of a routemap, in words for people, without naming users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iter8_gitops.core.signature import digest
from iter8_gitops.spec.percentages import format_percentage
from iter8_gitops.spec.routemap import Rule, Targeting


@dataclass(frozen=True, slots=True)
class Outline:
    """All that people are shown of a targeting. Of the overrides these are their number, and a digest."""

    overrides: int = 0
    digest: str = ""
    holdout: float = 0.0
    rules: tuple[Rule, ...] = ()

    @classmethod
    def of(cls, targeting: Targeting) -> Outline:
        """The outline of `targeting`."""
        overrides = targeting.overrides
        return cls(len(overrides), digest(overrides) if overrides else "", targeting.holdout, targeting.rules)


def overrides_or_rules_differ(before: Outline, after: Outline) -> bool:
    """Whether users may move of whom nobody can say how many they are."""
    return (before.overrides, before.digest, before.rules) != (after.overrides, after.digest, after.rules)


def targeting_changes(before: Outline, after: Outline) -> tuple[str, ...]:
    """One sentence per change, none when nothing changed."""
    return tuple(_changes(before, after))


def _changes(before: Outline, after: Outline) -> Iterator[str]:
    if before.holdout != after.holdout:
        yield f"holdout {format_percentage(before.holdout)} -> {format_percentage(after.holdout)}"
    if before.overrides != after.overrides:
        yield f"overrides {before.overrides} -> {after.overrides}"
    elif before.digest != after.digest:
        yield f"other overrides, {after.overrides} as before"
    old, new = ({rule.name: rule for rule in each.rules} for each in (before, after))
    yield from (f"rule {name} is new" for name in new if name not in old)
    yield from (f"rule {name} is gone" for name in old if name not in new)
    yield from (f"rule {name} changed" for name in new if name in old and old[name] != new[name])
    if _order(before.rules, new) != _order(after.rules, old):
        yield "the rules are in another order"


def _order(rules: Sequence[Rule], others: dict[str, Rule]) -> list[str]:
    return [rule.name for rule in rules if rule.name in others]
