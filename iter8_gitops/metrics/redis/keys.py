"""The names of an application's keys, all in one slot of a cluster, and of the fields in them.

`prefix:{application}:` comes first; the braces are Redis' hash tag. Names are percent-encoded, so that any text may
be one, and no two mean the same key.

| key | type | what |
| --- | --- | --- |
| `catalog` | hash | the numbers of places (a content in an epoch) and of metrics, and the format |
| `users` | hash | user -> present place, all places, and the sums of values per place and metric |
| `sums:CONTENT` | hash | `users`, and per metric the sums over transactions and over users, all epochs together |
| `epochs:CONTENT` | hash | per epoch `users`, `newcomers`, sums over users per metric, products per pair of metrics |
| `counts:CONTENT:METRIC`, `totals:CONTENT:METRIC` | hash | histograms over transactions and over users |
| `order:CONTENT:METRIC` | sorted set | once the histogram over users is coarse: the distinct totals |
| `more:CONTENT:METRIC` | hash | how many users beyond the first have one of these totals |
| `transactions:DAY` | set | digests of the transactions that counted on a day since 1970; forgotten after a while |
| `batch:ID` | string | the batch is stored; forgotten after a while |
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from iter8_gitops.spec.metric import AT_RANDOM, Arm

NOBODY = "%"
"""Stands for the empty name of an application: an empty hash tag is none. No encoded name is a `%` alone."""


@dataclass(frozen=True, slots=True)
class Content:
    """What one version answers with, and why its users got it: `text` is its part of a key."""

    text: str

    @classmethod
    def of(cls, version: int, signature: str, cohort: str = AT_RANDOM) -> Content:
        """The content of a version with this signature, among the users of a cohort."""
        return cls(f"{version}:{_encoded(signature)}:{_encoded(cohort)}")

    @classmethod
    def of_arm(cls, arm: Arm) -> Content:
        """The content of an arm."""
        return cls.of(arm.version, arm.signature, arm.cohort)


class Keys:
    """The keys of one application."""

    def __init__(self, prefix: str, application: str) -> None:
        self._stem = f"{prefix}:{{{_encoded(application) or NOBODY}}}"
        self.catalog = f"{self._stem}:catalog"
        self.users = f"{self._stem}:users"

    def batch(self, identifier: str) -> str:
        """Tells that a batch is stored."""
        return f"{self._stem}:batch:{identifier}"

    def transactions(self, day: int) -> str:
        """The transactions that counted on a day since 1970."""
        return f"{self._stem}:transactions:{day}"

    def sums(self, content: Content) -> str:
        """All epochs of a content together."""
        return f"{self._stem}:sums:{content.text}"

    def epochs(self, content: Content) -> str:
        """Each epoch of a content by itself."""
        return f"{self._stem}:epochs:{content.text}"

    def series(self, content: Content, metric: str) -> Series:
        """The histograms of one metric of a content."""
        name = f"{content.text}:{_encoded(metric)}"
        return Series(*(f"{self._stem}:{kind}:{name}" for kind in ("counts", "totals", "order", "more")))


@dataclass(frozen=True, slots=True)
class Series:
    """The keys of one metric of one content, in the order in which the script takes them."""

    counts: str
    totals: str
    order: str
    more: str


def _encoded(text: str) -> str:
    return quote(text, safe="/", errors="surrogatepass")
