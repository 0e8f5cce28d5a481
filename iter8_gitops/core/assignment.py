"""Which version a user gets: weighted rendezvous hashing, the same in every process and language.

For each version with weight w > 0 the score is `-w / ln(u)`, where u in (0, 1) comes from a fixed
64-bit digest of (application, salt, version index, user); the highest score wins. Then
-ln(u)/w is exponentially distributed with rate w, so version i wins with probability
w_i / sum(w), and a change of one weight moves only the users that this version gains or loses
(Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", IEEE/ACM ToN 6(1), 1998;
the weighted score as in Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", SPAA 2005).

The digest is XXH64 (https://github.com/Cyan4973/xxHash), applied twice:

    seed_i = XXH64(application + "\\0" + salt + "\\0" + decimal(i), seed 0)      one per version
    h_i    = XXH64(user, seed_i)                                             one per lookup
    u_i    = (floor(h_i / 2^12) + 0.5) / 2^52

with all strings in UTF-8. 52 bits, so that u_i is exact in a double and never 0 or 1. The content's
signature takes no part: a user keeps the version while its content changes.
`docs/assignment.md` describes the algorithm for other languages; `tests/core/assignment_vectors.json` has
golden vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from xxhash import xxh64_intdigest

_SCALE = 2.0**-52


@dataclass(frozen=True, slots=True)
class Assigner:
    """The assignment of one application's users, prepared for fast and repeated use.

    `arms` holds (version index, weight, seed) for every version that takes traffic.
    """

    arms: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, application: str, salt: str, weights: Sequence[int]) -> Assigner:
        """Prepare the assignment for `weights`, one non-negative integer per version.

        When every weight is 0 the primary (version 0) gets everybody.
        """
        effective = weights if any(weight > 0 for weight in weights) else (1,)
        return cls(
            tuple(
                (index, weight, xxh64_intdigest(f"{application}\0{salt}\0{index}".encode()))
                for index, weight in enumerate(effective)
                if weight > 0
            )
        )

    def version_of(self, user: str) -> int:
        """The index of the version that `user` gets. `user` must be encodable as UTF-8 (no lone surrogates)."""
        arms = self.arms
        if len(arms) == 1:
            return arms[0][0]
        key = user.encode()
        winner = 0
        lowest = 0.0
        for index, weight, seed in arms:
            # The score without its minus sign, exactly, so that the lowest wins.
            negated = weight / log(((xxh64_intdigest(key, seed) >> 12) + 0.5) * _SCALE)
            if negated < lowest:
                lowest = negated
                winner = index
        return winner
