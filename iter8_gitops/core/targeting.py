"""Users who do not get a version at random: overrides, then a holdout, then rules about what callers say of a user.

Whoever none of these gives a version is assigned at random (`core.assignment`). The holdout is a share of users who
stay on the primary. Whether a user belongs to it depends on the application and the user alone:

    seed = XXH64(application + "\\0holdout", seed 0)
    u    = (floor(XXH64(user, seed) / 2^12) + 0.5) / 2^52
    held out if u < share

Hence it is the same for ever, whatever the salt, the weights and the contents are, a greater share only adds users, and
who gets which version at random is independent of it. `docs/assignment.md` describes all of it for other languages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from xxhash import xxh64_intdigest

from iter8_gitops.spec.metric import AT_RANDOM
from iter8_gitops.spec.routemap import Rule, Targeting

PRIMARY = 0
_SCALE = 2.0**-52


class Reason(StrEnum):
    """Why a user gets a version."""

    RANDOM = "random"
    OVERRIDE = "override"
    HOLDOUT = "holdout"
    RULE = "rule"

    @property
    def cohort(self) -> str:
        """What the exposure counts as. Only users at random are compared."""
        return AT_RANDOM if self is Reason.RANDOM else self.value


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The version that a user gets, and why. `rule` is the name of the rule, "" where none decides.

    Compared by identity: one is made per override's version and per rule, and given to every user of it.
    """

    version: int
    reason: Reason
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule prepared for fast use: an attribute -> the texts of which it must have one. All of them must hold."""

    attributes: tuple[tuple[str, frozenset[str]], ...]
    decision: Decision | None
    """None where the rule's version is not available."""

    @classmethod
    def of(cls, rule: Rule, available: Sequence[bool]) -> Condition:
        """Prepare `rule`."""
        decision = Decision(rule.version, Reason.RULE, rule.name) if available[rule.version] else None
        return cls(tuple((name, frozenset(values)) for name, values in rule.when), decision)

    def holds(self, attributes: Mapping[str, str]) -> bool:
        """Whether a user with these attributes is meant. One that is missing equals nothing."""
        # In a loop: `all` would make a generator for every rule and user.
        for name, values in self.attributes:  # noqa: SIM110
            if attributes.get(name) not in values:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Targets:
    """The targeting of one application, prepared for fast and repeated use. `seed` is that of the holdout."""

    overrides: Mapping[str, Decision]
    holdout: Decision | None
    share: float
    seed: int
    rules: tuple[Condition, ...]

    @classmethod
    def of(cls, application: str, targeting: Targeting, available: Sequence[bool]) -> Targets | None:
        """Prepare `targeting`; None when it can give nobody a version. `available` has one entry per version."""
        by_version = {version: Decision(version, Reason.OVERRIDE) for version, ok in enumerate(available) if ok}
        overrides = {user: by_version[version] for user, version in targeting.overrides if version in by_version}
        holdout = Decision(PRIMARY, Reason.HOLDOUT) if targeting.holdout > 0 and available[PRIMARY] else None
        rules = tuple(Condition.of(rule, available) for rule in targeting.rules)
        if not overrides and holdout is None and not any(rule.decision for rule in rules):
            return None
        return cls(overrides, holdout, targeting.holdout, holdout_seed(application), rules)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Every one that `decide` may give."""
        ruled = (rule.decision for rule in self.rules)
        found = (*self.overrides.values(), self.holdout, *ruled)
        return tuple(dict.fromkeys(decision for decision in found if decision is not None))

    def decide(self, user: str, attributes: Mapping[str, str]) -> Decision | None:
        """What `user` gets, None when at random. `attributes` are texts, as `core.attributes` makes them.

        The first rule that holds decides; while its version is not available, its users are assigned at random.
        """
        if (override := self.overrides.get(user)) is not None:
            return override
        if self.holdout is not None and holdout_position(self.seed, user) < self.share:
            return self.holdout
        if attributes:
            for rule in self.rules:
                if rule.holds(attributes):
                    return rule.decision
        return None


def holdout_seed(application: str) -> int:
    """The seed of an application's holdout, an unsigned number of 64 bits."""
    return xxh64_intdigest(f"{application}\0holdout".encode())


def holdout_position(seed: int, user: str) -> float:
    """Where `user` is between 0 and 1, both excluded: held out by every share that is greater."""
    return ((xxh64_intdigest(user.encode(), seed) >> 12) + 0.5) * _SCALE
