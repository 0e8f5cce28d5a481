"""From what changed to what is written into the history."""

from __future__ import annotations

from collections.abc import Iterable

from iter8_gitops.core.transitions import Transition
from iter8_gitops.spec.history import HistoryEntry
from iter8_gitops.spec.snapshot import SourceStatus


def entries_of(
    application: str, transitions: Iterable[Transition], source: SourceStatus, now: float
) -> list[HistoryEntry]:
    """What to remember of `transitions`; `source` is that of the routemap, at the revision that is in force."""
    return [
        HistoryEntry(
            application,
            now,
            each.reason,
            each.message,
            each.warning,
            each.version,
            source.name,
            source.revision,
            source.author,
        )
        for each in transitions
        if not each.passing
    ]


def withdrawn(application: str, source: SourceStatus, now: float) -> HistoryEntry:
    """That nobody declares the application any more."""
    said = "the routemap is gone: it is declared no more"
    return HistoryEntry(
        application, now, "Withdrawn", said, source=source.name, revision=source.revision, author=source.author
    )
