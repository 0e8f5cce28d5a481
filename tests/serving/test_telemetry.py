"""What one process counts, before several of them are added up."""

from __future__ import annotations

from iter8_gitops.serving.telemetry import Telemetry


def test_dropped_exposures_are_counted_once_each() -> None:
    dropped = iter((2, 2, 5))
    telemetry = Telemetry(lambda: next(dropped))
    for _ in range(3):
        telemetry.flush()
    assert telemetry.registry.get_sample_value("iter8_dropped_exposures_total") == 5


def test_lookups_are_seen_after_a_flush_by_application_and_version() -> None:
    telemetry = Telemetry()
    for version in (0, 1, 1):
        telemetry.count_lookup("shop/web", version)
    telemetry.flush()
    labels = {"application": "shop/web", "version": "1"}
    assert telemetry.registry.get_sample_value("iter8_lookups_total", labels) == 2


def test_exposures_are_counted_once_they_are_stored() -> None:
    stored = iter((0, 3, 3, 7))
    telemetry = Telemetry(stored_exposures=lambda: next(stored))
    for _ in range(4):
        telemetry.flush()
    assert telemetry.registry.get_sample_value("iter8_exposures_total") == 7
