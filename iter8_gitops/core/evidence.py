"""What measurements say about going on, in a form that steps and promotions can rest on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """`objection` is why candidates should get no more users now, "" when nothing speaks against it.

    `winner` is the index of the version that the analysis names, None while it names none. `said` is its verdict in
    a sentence.
    """

    objection: str = ""
    winner: int | None = None
    said: str = "nothing has been measured"


NO_EVIDENCE = Evidence()
