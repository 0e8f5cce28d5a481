"""The sum of each user's values: rows of `user_total` and `past_total`."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from iter8_gitops.core.moments import ZERO, add
from iter8_gitops.metrics.credits import Additions
from iter8_gitops.metrics.lookups import rows_of
from iter8_gitops.spec.metric import ExactSum

Move: TypeAlias = tuple[int, float | None, float]
"""A user, the user's total before (None for no total), and the one now."""

Moved: TypeAlias = Mapping[tuple[int, int], Mapping[int, Sequence[Move]]]
"""(content number, metric number) -> how the users' totals moved in each weight epoch."""


class _Total(NamedTuple):
    """A user's sum over all weight epochs, and the part of it from `epoch`; None for no values."""

    epoch: int
    whole: ExactSum | None = None
    part: ExactSum | None = None


def move_totals(
    connection: sqlite3.Connection, series: int, additions: Additions
) -> tuple[Sequence[Move], Mapping[int, Sequence[Move]]]:
    """Add to the users' totals in a series.

    Returns how the totals over all weight epochs moved, and how their parts moved in each epoch.
    """
    stored = _entered(connection, series, _stored(connection, series, additions), additions)
    wholes: list[Move] = []
    parts: dict[int, list[Move]] = defaultdict(list)
    rows: list[tuple[int | float, ...]] = []
    for user, addition in sorted(additions.items()):
        epoch = addition.epoch
        before = stored.get(user) or _Total(epoch)
        whole = part = add(before.whole or ZERO, addition.values)
        move = (user, before.whole[0] if before.whole else None, whole[0])
        wholes.append(move)
        if before.part != before.whole:
            part = add(before.part or ZERO, addition.values)
            move = (user, before.part[0] if before.part else None, part[0])
        parts[epoch].append(move)
        rows.append((series, user, *whole, epoch, *part))
    connection.executemany(
        "INSERT OR REPLACE INTO user_total (series, user, total, total_low, epoch, part, part_low) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    return wholes, parts


def parts_of(connection: sqlite3.Connection, series: int, epoch: int, users: Iterable[int]) -> dict[int, float]:
    """The parts of these users' totals from one weight epoch, without those who have none."""
    wanted = sorted(users)
    past = "SELECT user, part FROM past_total WHERE series = ? AND epoch = ? AND user IN ({keys})"
    present = "SELECT user, part FROM user_total WHERE series = ? AND epoch = ? AND user IN ({keys})"
    # A part that was put aside, and taken up again since, is still in `past_total` as it was then.
    return dict(rows_of(connection, past, (series, epoch), wanted)) | dict(
        rows_of(connection, present, (series, epoch), wanted)
    )


def extremes(connection: sqlite3.Connection, series: int) -> tuple[float, float]:
    """The smallest and the largest total in a series that has some, read from the ends of an index."""
    smallest, largest = connection.execute(
        "SELECT (SELECT min(total) FROM user_total WHERE series = ?1), "
        "(SELECT max(total) FROM user_total WHERE series = ?1)",
        (series,),
    ).fetchone()
    return smallest, largest


def _stored(connection: sqlite3.Connection, series: int, additions: Additions) -> dict[int, _Total]:
    found = rows_of(
        connection,
        "SELECT user, epoch, total, total_low, part, part_low FROM user_total WHERE series = ? AND user IN ({keys})",
        (series,),
        sorted(additions),
    )
    return {
        user: _Total(epoch, (total, total_low), (part, part_low))
        for user, epoch, total, total_low, part, part_low in found
    }


def _entered(
    connection: sqlite3.Connection, series: int, stored: Mapping[int, _Total], additions: Additions
) -> Mapping[int, _Total]:
    """`stored`, with the part of each user's epoch in `additions`; the part of another epoch is put aside."""
    leaving = {user: total for user, total in stored.items() if total.epoch != additions[user].epoch}
    if not leaving:
        return stored
    connection.executemany(
        "INSERT OR REPLACE INTO past_total (series, user, epoch, part, part_low) VALUES (?, ?, ?, ?, ?)",
        [(series, user, total.epoch, *(total.part or ZERO)) for user, total in leaving.items()],
    )
    found = rows_of(
        connection,
        "SELECT user, epoch, part, part_low FROM past_total WHERE series = ? AND user IN ({keys})",
        (series,),
        sorted(leaving),
    )
    past = {(user, epoch): (part, low) for user, epoch, part, low in found}
    entered = {}
    for user, total in leaving.items():
        epoch = additions[user].epoch
        entered[user] = _Total(epoch, total.whole, past.get((user, epoch)))
    return {**stored, **entered}
