"""What one process counts, before several of them are added up."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from iter8_gitops.core.cohorts import Recommendation
from iter8_gitops.serving import telemetry as module
from iter8_gitops.serving.telemetry import Telemetry

LABELS = {"application": "shop/web", "version": "1"}


def given(version: int) -> Recommendation:
    return Recommendation("shop/web", version, "", "", stale=False)


def test_dropped_exposures_are_counted_once_each() -> None:
    dropped = iter((2, 2, 5))
    telemetry = Telemetry(lambda: next(dropped))
    for _ in range(3):
        telemetry.flush()
    assert telemetry.registry.get_sample_value("iter8_dropped_exposures_total") == 5


def test_lookups_are_seen_after_a_flush_by_application_and_version() -> None:
    telemetry = Telemetry()
    for version in (0, 1, 1):
        telemetry.count_lookup(given(version))
    telemetry.count_lookups(given(1), 5)
    telemetry.flush()
    assert telemetry.registry.get_sample_value("iter8_lookups_total", LABELS) == 7


def test_exposures_are_counted_once_they_are_stored() -> None:
    stored = iter((0, 3, 3, 7))
    telemetry = Telemetry(stored_exposures=lambda: next(stored))
    for _ in range(4):
        telemetry.flush()
    assert telemetry.registry.get_sample_value("iter8_exposures_total") == 7


def test_a_request_is_counted_in_the_bucket_of_its_duration_by_whichever_way_it_is_told() -> None:
    telemetry = Telemetry()
    timer = telemetry.timer("grpc", "Lookup")
    for seconds in (0.0004, 0.0005, 0.3):
        timer(seconds)
    telemetry.request("grpc", "Lookup", 60.0)
    telemetry.flush()
    timer(0.3)
    telemetry.flush()

    def found(name: str, **more: str) -> float | None:
        labels = {"transport": "grpc", "route": "Lookup", **more}
        return telemetry.registry.get_sample_value(f"iter8_request_duration_seconds_{name}", labels)

    assert [found("bucket", le=bound) for bound in ("0.0005", "0.25", "0.5", "5.0", "+Inf")] == [2, 2, 4, 4, 5]
    assert found("sum") == pytest.approx(60.6009)
    assert found("count") == 5


def test_counting_goes_on_after_the_disk_was_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FLUSH_SECONDS", 0.001)
    full = iter((OSError("No space left on device"),))

    def dropped() -> int:
        for error in full:
            raise error
        return 0

    async def counted() -> float | None:
        telemetry = Telemetry(dropped)
        flushing = asyncio.create_task(telemetry.flush_regularly())
        await asyncio.sleep(0.05)
        telemetry.count_lookup(given(1))
        await asyncio.sleep(0.05)
        flushing.cancel()
        with suppress(asyncio.CancelledError):
            await flushing
        return telemetry.registry.get_sample_value("iter8_lookups_total", LABELS)

    assert asyncio.run(counted()) == 1
    assert next(full, None) is None
