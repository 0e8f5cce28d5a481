from __future__ import annotations

from iter8_gitops.core.ratios import ratios, ratios_by_metric
from iter8_gitops.spec.routemap import MetricDeclaration

METRICS = (
    MetricDeclaration("sales"),
    MetricDeclaration("revenue", type="ratio", denominator="visits"),
    MetricDeclaration("signups", type="conversion"),
    MetricDeclaration("visits", type="ratio", denominator="sessions"),
)


def test_only_ratios_are_ratios_and_each_is_one_once() -> None:
    assert ratios((*METRICS, *METRICS)) == (("revenue", "visits"), ("visits", "sessions"))
    assert ratios(()) == ()


def test_a_metric_may_be_part_of_several_ratios() -> None:
    assert ratios_by_metric(METRICS) == {
        "revenue": (("revenue", "visits"),),
        "visits": (("revenue", "visits"), ("visits", "sessions")),
        "sessions": (("visits", "sessions"),),
    }
