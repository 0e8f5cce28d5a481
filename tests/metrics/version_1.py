"""A stream that the first release of the schema wrote to `testdata/version-1.db.gz`.

That file was made by running `record` of that release on each batch, then `close`, then gzip.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from iter8_gitops.spec.metric import Exposure, MetricValue
from tests.metrics.streams import arm, value

FILE = Path(__file__).parent / "testdata" / "version-1.db.gz"
_USERS = 23
_TURNS = 40


def unpack(path: Path) -> None:
    """Put the file where a store finds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.decompress(FILE.read_bytes()))


def batches() -> Iterator[tuple[list[Exposure], list[MetricValue]]]:
    """Users who move between versions, contents and epochs and back, with totals that cross zero."""
    for turn in range(_TURNS):
        place = arm(turn % 2, "st"[turn // 25], (turn // 8) % 3, "shop/api" if turn % 7 == 3 else "shop/web")
        some = [f"user-{(turn * 5 + i * 3) % _USERS}" for i in range(6)]
        exposures = [Exposure(place, user) for user in some[:3]]
        values = [
            value(((turn * 37 + i * 11) % 64 - 32) / 8, user, place, name)
            for i, user in enumerate(some)
            for name in ("sales", "visits")[: 1 + turn % 2]
        ]
        yield exposures, values
