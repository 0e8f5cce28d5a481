"""What the configuration says of the objects of one kind."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.runtime.rules.expressions import Condition, Wording
from iter8_gitops.runtime.rules.ignored import IgnoredPath


@dataclass(frozen=True, slots=True)
class Rule:
    """An object is ready when all `conditions` of its status are True and `ready` holds; without both, when it exists.

    `failed` is asked before. `servable` says whether something answers while it is not ready, `message` what to tell
    people meanwhile. With `override` the rule goes before those of plugins, and before the check of observedGeneration.
    `ignore` are parts of the spec that are no content.
    """

    conditions: tuple[str, ...] = ()
    ready: Condition | None = None
    failed: Condition | None = None
    servable: Condition | None = None
    message: Wording | None = None
    override: bool = False
    ignore: tuple[IgnoredPath, ...] = ()

    @property
    def states_content(self) -> bool:
        """Whether it says what is content; else plugins do."""
        return self.override or bool(self.ignore)

    def keys(self) -> tuple[str, ...]:
        """The keys that it states and that Iter8 does not know, as the configuration writes them."""
        stated = {
            "ready": self.ready,
            "failed": self.failed,
            "servable": self.servable,
            "message": self.message,
            "ignore": self.ignore,
        }
        return tuple(key for key, value in stated.items() if value)

    def joined(self, other: Rule) -> Rule:
        """Both rules for one kind: lists add up, and of two expressions the first stands."""
        return Rule(
            conditions=tuple(dict.fromkeys((*self.conditions, *other.conditions))),
            ready=self.ready or other.ready,
            failed=self.failed or other.failed,
            servable=self.servable or other.servable,
            message=self.message or other.message,
            override=self.override or other.override,
            ignore=tuple(dict.fromkeys((*self.ignore, *other.ignore))),
        )
