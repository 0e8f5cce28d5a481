"""Which share of an application's users gets another version when weights, the salt or the holdout change.

The derivation. By `docs/assignment.md` a user has for each version i a number E_i = -ln(u_i), and these are
independent and exponentially distributed with rate 1. With weights w the user gets the version with the smallest
E_i / w_i among those with w_i > 0. E_i depends on user, application, salt and index, but not on the weights.

With the same salt, the user is on version i under w and under w' (w_i, w'_i > 0) exactly if for every other j both
E_j > E_i * w_j / w_i and E_j > E_i * w'_j / w'_i, that is E_j > E_i * r_j with r_j = max(w_j / w_i, w'_j / w'_i).
Given E_i = t, the others being independent, this has the probability exp(-t * sum of r_j). Averaged over t with the
density exp(-t), that gives

    stays_i = 1 / (1 + sum over j != i of r_j) = w_i * w'_i / sum over all j of max(w_j * w'_i, w'_j * w_i)

where the second form multiplies both sides of the fraction by w_i * w'_i, so that whole numbers suffice. Nobody stays
on a version without weight. With another salt all numbers are drawn anew, so the two assignments are independent, and
a user gets i both times with the probability p_i * q_i, the product of its shares.

The holdout (`core.targeting`) takes the users below its share, by a number that is independent of all of these. So with
the shares h and h', users below both stay on the primary, those above both move as above, and of those in between the
ones stay whom chance gives the primary when they are not held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def moved_share(
    before: Sequence[int],
    after: Sequence[int],
    *,
    same_salt: bool = True,
    holdouts: tuple[float, float] = (0.0, 0.0),
) -> float:
    """The expected share of users, from 0 to 1, that gets another version with the weights `after`.

    Versions count by their index, so the weights may be of different numbers of versions. Where every weight is 0,
    everybody is on the first version. `holdouts` are the shares held out before and after. Exactly 0.0 when nobody can
    move.
    """
    count = max(len(before), len(after))
    old, new = _effective(before, count), _effective(after, count)
    stays = _staying(old, new) if same_salt else _meeting(old, new)
    always, ever = Fraction(min(holdouts)), Fraction(max(holdouts))
    at_random = new if holdouts[1] < holdouts[0] else old
    on_primary = Fraction(at_random[0], sum(at_random))
    return float((1 - ever) * (1 - stays) + (ever - always) * (1 - on_primary))


def _effective(weights: Sequence[int], count: int) -> list[int]:
    """The weights of `count` versions, some of them positive."""
    padded = [*weights, *[0] * (count - len(weights))]
    return padded if any(padded) else [1, *padded[1:]]


def _staying(old: Sequence[int], new: Sequence[int]) -> Fraction:
    """The share that stays, summed over all versions that have a weight before and after."""
    pairs = list(zip(old, new, strict=True))
    return sum(
        (
            Fraction(w * v, sum(max(other_w * v, other_v * w) for other_w, other_v in pairs))
            for w, v in pairs
            if w and v
        ),
        Fraction(0),
    )


def _meeting(old: Sequence[int], new: Sequence[int]) -> Fraction:
    """The chance that two independent assignments agree."""
    agreeing = sum(w * v for w, v in zip(old, new, strict=True))
    return Fraction(agreeing, sum(old) * sum(new))
