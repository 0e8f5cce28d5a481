from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from iter8_gitops.kube.lease_record import LeaseRecord, LeaseSighting, micro_time, new_lease, released

NOON = datetime(2026, 5, 4, 12, 0, 0, 7, tzinfo=UTC)
HELD = LeaseRecord("a", 15.0, "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:09.000000Z", 3)


def after(record: LeaseRecord, spec: dict[str, Any]) -> LeaseRecord:
    """The record once `spec` was merged into its Lease."""
    before = {
        "holderIdentity": record.holder,
        "leaseDurationSeconds": int(record.duration),
        "acquireTime": record.acquired,
        "renewTime": record.renewed,
        "leaseTransitions": record.transitions,
    }
    return LeaseRecord.of({"spec": before | spec})


def test_a_renewal_keeps_since_when_it_is_held() -> None:
    renewed = after(HELD, HELD.acquired_by("a", 15, NOON))
    assert renewed == LeaseRecord("a", 15.0, HELD.acquired, "2026-05-04T12:00:00.000007Z", 3)


def test_another_holder_is_a_transition() -> None:
    assert after(HELD, HELD.acquired_by("b", 14.2, NOON)) == LeaseRecord(
        "b", 15.0, micro_time(NOON), micro_time(NOON), 4
    )


def test_the_first_holder_is_no_transition_and_the_one_after_a_release_is() -> None:
    first = LeaseRecord().acquired_by("a", 15, NOON)
    assert first["leaseTransitions"] == 0
    free = after(HELD, released(NOON))
    assert (free.holder, free.transitions) == ("", 3)
    assert free.acquired_by("a", 15, NOON)["leaseTransitions"] == 4


@pytest.mark.parametrize(
    "lease",
    [
        {},
        {"spec": None},
        {"spec": []},
        {"spec": {"holderIdentity": None, "leaseDurationSeconds": "15", "renewTime": 3, "leaseTransitions": -1}},
        {"spec": {"leaseDurationSeconds": True}},
        new_lease("shop", "x"),
    ],
)
def test_nonsense_reads_as_held_by_nobody(lease: dict[str, Any]) -> None:
    assert LeaseRecord.of(lease) == LeaseRecord()


@pytest.mark.parametrize("missing", ["leaseDurationSeconds", "renewTime"])
def test_a_holder_without_a_term_is_malformed_and_free_to_take(missing: str) -> None:
    spec = {"holderIdentity": "a", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z"}
    sighting = LeaseSighting()
    assert not LeaseRecord.of({"spec": spec}).malformed
    del spec[missing]
    sighting.see(LeaseRecord.of({"spec": spec}), 0)
    assert sighting.record.malformed
    assert sighting.is_free(0)


def test_a_lease_lapses_by_our_own_clock_since_it_was_first_seen_so() -> None:
    sighting = LeaseSighting()
    assert sighting.is_free(0)
    for now in (100, 107, 114.9):
        sighting.see(HELD, now)
        assert not sighting.is_free(now)
    assert sighting.is_free(115)
    sighting.see(LeaseRecord("a", 15.0, HELD.acquired, "1970-01-01T00:00:00.000000Z", 3), 115)  # its clock jumped back
    assert not sighting.is_free(129.9)
    assert sighting.is_free(130)


def test_times_are_told_in_utc() -> None:
    assert micro_time(NOON.astimezone(timezone(timedelta(hours=5)))) == "2026-05-04T12:00:00.000007Z"
