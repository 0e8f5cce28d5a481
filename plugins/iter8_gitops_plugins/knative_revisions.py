"""What Knative says of the revisions of a service, where Knative itself and KServe report it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iter8_gitops.hooks import count, mappings, text


@dataclass(frozen=True, slots=True)
class Revisions:
    """The revision created last, the one that became ready last, and the percents of traffic by revision.

    The names are "" when not reported; `traffic` holds only revisions that get some.
    """

    created: str
    ready: str
    traffic: Mapping[str, int]

    @classmethod
    def of(cls, created: Any, ready: Any, traffic: Any) -> Revisions:
        """Read the names and the entries of traffic as a status has them.

        Several entries may send to one revision: they add up. An entry without a percent is there for its tag.
        """
        latest_ready = text(ready)
        percents: dict[str, int] = {}
        for entry in mappings(traffic):
            revision = text(entry.get("revisionName"))
            if not revision and entry.get("latestRevision") is True:
                revision = latest_ready
            percent = count(entry.get("percent"))
            if revision and percent:
                percents[revision] = percents.get(revision, 0) + percent
        return cls(text(created), latest_ready, percents)

    @property
    def rolled_out(self) -> bool:
        """True when the revision created last is ready and takes all traffic."""
        return self.ready != "" and self.created == self.ready and self.newest_percent >= 100 and len(self.traffic) == 1

    @property
    def newest_percent(self) -> int:
        """How much of the traffic the revision gets that became ready last."""
        return self.traffic.get(self.ready, 0)

    @property
    def older_answers(self) -> bool:
        """True when Knative sends traffic to a revision before the one created last.

        It does so only when that one was ready, and until a newer one is.
        """
        return self.created != "" and any(revision != self.created for revision in self.traffic)

    def waiting(self, whose: str = "") -> str:
        """What it waits for while it is not rolled out; `whose` comes after the word revision, if given."""
        of = f" of {whose}" if whose else ""
        if not self.ready:
            return f"no revision{of} is ready yet"
        if self.created != self.ready:
            meanwhile = f", revision {self.ready} still answers" if self.newest_percent else ""
            return f"revision {self.created or '(not named)'}{of} is not ready yet{meanwhile}"
        return f"revision {self.ready}{of} has {self.newest_percent}% of the traffic"
