"""Which routemaps would be in force: those of the tree, those that stay without it, and those that go. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iter8_gitops.core.desired import Declared, DecodedTree, by_application
from iter8_gitops.core.merging import desired
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.routemap import Assignment, Routemap, Version
from iter8_gitops.spec.snapshot import RoutemapState

BROKEN = "its document is broken"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The routemaps by application.

    `written` are declared by the tree. `kept` stay as they were last declared, each with the reason; of these no
    routing templates are known. `pruned` go.
    """

    written: Mapping[str, Declared]
    kept: Mapping[str, tuple[Declared, str]]
    pruned: frozenset[str]
    problems: tuple[Problem, ...]

    def concerning(self) -> Mapping[str, tuple[Problem, ...]]:
        """The problems of documents by the application that they belong to."""
        return by_application(self.problems)


def declare(tree: DecodedTree, present: Mapping[str, RoutemapState]) -> Outcome:
    """Merge `tree` with what is on the board, as the controller would."""
    wanted = desired([tree], {application: declared_by(state) for application, state in present.items()})
    names = {each.routemap.application for contents in tree.files.values() for each in contents.routemaps}
    written: dict[str, Declared] = {}
    kept: dict[str, tuple[Declared, str]] = {}
    for application, declared in wanted.declared.items():
        if declared.origin.source != tree.source:
            kept[application] = declared, f"it comes from the source {declared.origin.source}"
        elif application in names:
            written[application] = declared
        else:
            kept[application] = declared, BROKEN
    pruned = frozenset(present.keys() - wanted.declared.keys())
    return Outcome(written, kept, pruned, wanted.problems[tree.source])


def declared_by(state: RoutemapState) -> Declared:
    """What is known of a published routemap: everything but its routing templates, labels and annotations."""
    versions = tuple(
        Version(each.name, tuple(r.id for r in each.resources), each.declared_weight, each.progress_deadline)
        for each in state.versions
    )
    routemap = Routemap(
        state.namespace,
        state.name,
        versions,
        assignment=Assignment(state.salt, state.targeting),
        metrics=state.metrics,
        ramp=state.ramp_steps,
        promotion=state.policy,
    )
    return Declared(routemap, state.origin, line=1)
