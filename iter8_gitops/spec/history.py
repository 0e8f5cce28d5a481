"""What happened to an application, one change at a time: the audit trail that the board keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of an application (`namespace/name`).

    `at` is in seconds since 1970; `reason` is a CamelCase word, `message` a sentence. `version` is the index of the
    version that it is about, None for the routemap as a whole. `source`, `revision` and `author` are those of the
    source of the routemap as it was read then: a change of resources alone has the revision that was in force.
    `id` counts up; 0 before it is stored.
    """

    application: str
    at: float
    reason: str
    message: str
    warning: bool = False
    version: int | None = None
    source: str = ""
    revision: str = ""
    author: str = ""
    id: int = 0
