"""Differences as values: routemaps, their versions, their routes, and the fields of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Final

from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.snapshot import RoutemapState, VersionState


class Change(StrEnum):
    """What happens to something. `UNKNOWN`: it cannot be told here, and does not count as a difference."""

    ADDED = "added"
    CHANGED = "changed"
    PRUNED = "pruned"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"


DIFFERENCES: Final = frozenset({Change.ADDED, Change.CHANGED, Change.PRUNED})


class Nothing(Enum):
    """Where there is no value; JSON's null is one."""

    NOTHING = "nothing"


NOTHING: Final = Nothing.NOTHING


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field of an object: JSON values, or NOTHING."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class RouteDifference:
    """A route. `fields` differ between what is there and what is rendered; `more` of them are left out.

    `id` is None for a template that never rendered anything. `note` says what else a person should know, such as why
    it cannot be told.
    """

    template: str
    id: ResourceId | None
    change: Change
    fields: tuple[FieldDifference, ...] = ()
    more: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class VersionDifference:
    """A version before and after: None where it is not there.

    `metrics_reset`: it had content with metrics, and these no longer count, now or as soon as the new content is
    ready. `promoted` is the name of the candidate whose content a primary takes over, else "".
    """

    index: int
    before: VersionState | None
    after: VersionState | None
    change: Change
    metrics_reset: bool = False
    promoted: str = ""


@dataclass(frozen=True, slots=True)
class RoutemapDifference:
    """A routemap before and after: None where it is not there. `moved` is the expected share of users, from 0 to 1.

    `targeting` has a sentence per change of it, `plan` one per change of how it is judged, raised and promoted;
    `unforeseen`: rules or overrides change, and how many users these move
    cannot be told. `kept` says why the present state stays though the tree does not show it, "" for none.
    """

    application: str
    change: Change
    before: RoutemapState | None
    after: RoutemapState | None
    moved: float = 0.0
    versions: tuple[VersionDifference, ...] = ()
    routes: tuple[RouteDifference, ...] = ()
    kept: str = ""
    targeting: tuple[str, ...] = ()
    unforeseen: bool = False
    plan: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The file that it is in: the new one, if there is one."""
        shown = self.after or self.before
        return shown.origin.path if shown is not None else ""


@dataclass(frozen=True, slots=True)
class Differences:
    """Everything, by application. `problems` are those of the tree; `notes` say what was assumed."""

    revision: str
    routemaps: tuple[RoutemapDifference, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything would change."""
        return any(each.change in DIFFERENCES for each in self.routemaps)

    def counts(self) -> Mapping[Change, int]:
        """How many routemaps change in which way."""
        return {change: sum(each.change is change for each in self.routemaps) for change in Change}
