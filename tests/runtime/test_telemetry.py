"""What the controller counts."""

from __future__ import annotations

from iter8_gitops.runtime.notifying.courier import Counts
from iter8_gitops.runtime.telemetry import ControllerTelemetry


def test_notices_are_counted_by_what_became_of_them_and_never_twice() -> None:
    counts = {"slack": Counts(delivered=2, waiting=1)}
    telemetry = ControllerTelemetry(lambda: counts)

    def sample(name: str, **labels: str) -> float | None:
        return telemetry.registry.get_sample_value(name, {"notifier": "slack", **labels})

    assert sample("iter8_notifications_total", outcome="delivered") == 2
    assert sample("iter8_notifications_total", outcome="failed") == 0
    assert sample("iter8_notifications_waiting") == 1
    counts["slack"] = Counts(delivered=3, dropped=4, failed=1)
    telemetry.flush()
    telemetry.flush()
    telemetry.close()
    assert sample("iter8_notifications_total", outcome="delivered") == 3
    assert sample("iter8_notifications_total", outcome="dropped") == 4
    assert sample("iter8_notifications_total", outcome="failed") == 1
    assert sample("iter8_notifications_waiting") == 0


def test_cycles_in_which_something_was_due_are_timed() -> None:
    telemetry = ControllerTelemetry()
    for routemaps in (0, 3, 1):
        with telemetry.timed(routemaps):
            pass
    telemetry.close()

    assert telemetry.registry.get_sample_value("iter8_reconcile_duration_seconds_count") == 2
    assert telemetry.registry.get_sample_value("iter8_reconciled_routemaps_total") == 4
