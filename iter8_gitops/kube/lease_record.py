"""What a Lease (coordination.k8s.io/v1) says of who leads, and what is written into it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


def lease_path(namespace: str, name: str = "") -> str:
    """The path of a Lease, or of all Leases of a namespace."""
    collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    return f"{collection}/{name}" if name else collection


def new_lease(namespace: str, name: str) -> dict[str, Any]:
    """A Lease that nobody holds."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {},
    }


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """The part of a Lease that a holder writes. `duration` is in seconds; the times are the holder's own, as text.

    The times are compared and never computed with: the clocks of two machines need not agree.
    """

    holder: str = ""
    duration: float = 0.0
    acquired: str = ""
    renewed: str = ""
    transitions: int = 0

    @classmethod
    def of(cls, lease: Mapping[str, Any]) -> LeaseRecord:
        """Read a Lease; what is missing or no such value counts as not written."""
        spec = lease.get("spec")
        spec = spec if isinstance(spec, Mapping) else {}
        return cls(
            holder=_text(spec.get("holderIdentity")),
            duration=float(_number(spec.get("leaseDurationSeconds"))),
            acquired=_text(spec.get("acquireTime")),
            renewed=_text(spec.get("renewTime")),
            transitions=_number(spec.get("leaseTransitions")),
        )

    @property
    def malformed(self) -> bool:
        """Somebody is named as the holder, but not for how long or since when: no elector writes that."""
        return bool(self.holder) and not (self.duration > 0 and self.renewed)

    def acquired_by(self, identity: str, duration: float, now: datetime) -> dict[str, Any]:
        """The `spec` that gives the lease to `identity`, or renews it; `now` is only told to people."""
        stamp = micro_time(now)
        spec = {"holderIdentity": identity, "leaseDurationSeconds": math.ceil(duration), "renewTime": stamp}
        if self.holder == identity and self.acquired:
            return spec
        was_held = bool(self.holder or self.renewed)
        return spec | {"acquireTime": stamp, "leaseTransitions": self.transitions + was_held}


def released(now: datetime) -> dict[str, Any]:
    """The `spec` that gives the lease back, so that the next one need not wait."""
    return {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": micro_time(now)}


def micro_time(moment: datetime) -> str:
    """A point in time as Kubernetes' `MicroTime`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class LeaseSighting:
    """When a record was first seen, by our own clock, which alone says whether its holder has let it lapse.

    Starts with the first look: a holder that crashed long ago is waited for once more.
    """

    def __init__(self) -> None:
        self._record: LeaseRecord | None = None
        self._since = 0.0

    @property
    def record(self) -> LeaseRecord:
        """The record last seen."""
        return self._record or LeaseRecord()

    def see(self, record: LeaseRecord, now: float) -> None:
        """Note what was read. `now` is taken *after* the answer came: the record was written before."""
        if record != self._record:
            self._record, self._since = record, now

    def lapses_at(self) -> float:
        """When the holder has not renewed for the time that it promised to."""
        return self._since + self.record.duration

    def is_free(self, now: float) -> bool:
        """Whether somebody else may take the lease."""
        record = self.record
        return not record.holder or record.malformed or now >= self.lapses_at()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
