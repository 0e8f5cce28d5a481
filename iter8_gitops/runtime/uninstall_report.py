"""What an uninstallation did and what it had to leave, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class KindReport:
    """What became of the traces on the objects of one kind, which is named as in `deployments.apps`.

    The numbers count objects: whose finalizer was removed, that were deleted, and that were only let go because
    they were there before. `left` has one sentence per object that still bears a trace, `failure` says why the kind
    could not be looked through, and `again` that another look may find it otherwise.
    """

    kind: str
    finalizers: int = 0
    deleted: int = 0
    released: int = 0
    left: tuple[str, ...] = ()
    failure: str = ""
    again: bool = False

    @property
    def changed(self) -> int:
        """How many things were done (or, in a dry run, would be)."""
        return self.finalizers + self.deleted + self.released

    def then(self, later: KindReport) -> KindReport:
        """This look and a later one as one: what was done adds up, what is left is what the later one says."""
        return replace(
            later,
            finalizers=self.finalizers + later.finalizers,
            deleted=self.deleted + later.deleted,
            released=self.released + later.released,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """The whole uninstallation. `left` are sentences about what still stands, also what is in no kind's report."""

    kinds: tuple[KindReport, ...] = ()
    left: tuple[str, ...] = ()
    lease_deleted: bool = False

    @property
    def complete(self) -> bool:
        """Whether nothing is left."""
        return not self.left

    @property
    def changed(self) -> int:
        """How many things were done (or, in a dry run, would be)."""
        return sum(report.changed for report in self.kinds) + self.lease_deleted
