"""How a client is doing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Status:
    """How a client is doing at one moment.

    `ready`: lookups can be answered. `stale`: from a board that may have changed since; `reason` says why, "" if not.
    `age`: seconds since the board was last known to be up to date, None for never. `connection`: `stream`, `poll`,
    `file`, or `none` while there is no contact. `board` and `sequence` tell which board is in force.

    `waiting` exposures and values have not been acknowledged yet; `trouble` says why not, "" when all is well.
    `dropped_exposures` found no room, `refused` were refused by the server, the last one with `refusal`.
    """

    ready: bool
    stale: bool
    reason: str
    age: float | None
    connection: str
    board: str
    sequence: int
    waiting: int
    trouble: str
    dropped_exposures: int
    refused: int
    refusal: str
