"""The dashboard for Prometheus: every query gives series on what a scrape shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from iter8_gitops.core.analysis.values import (
    Analysis,
    Comparison,
    MetricResult,
    SampleRatioResult,
    Verdict,
    VersionResult,
)
from iter8_gitops.core.cohorts import Recommendation
from iter8_gitops.core.statistics.intervals import Interval
from iter8_gitops.runtime.notifying.courier import Counts
from iter8_gitops.runtime.telemetry import ControllerTelemetry
from iter8_gitops.serving.scrape import Scrape
from iter8_gitops.serving.verdict_gauges import verdict_gauges
from iter8_gitops.serving.verdicts import Known
from tests.clients.fixtures import Promtool
from tests.serving.test_gauges import PROMOTION, RAMP

DASHBOARD = Path(__file__).parents[2] / "grafana" / "dashboards" / "prometheus.json"


def test_every_query_of_prometheus_dashboard_gives_series(
    bench: Any, make_state: Any, make_snapshot: Any, promtool: Promtool, tmp_path: Path
) -> None:
    """On the series of a real scrape, in which something of everything has happened."""
    series = [{"series": name, "values": values} for name, values in scraped_series(bench, make_state, make_snapshot)]
    dashboard = json.loads(DASHBOARD.read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    assert len(asked) > 25
    variables = {"$job": "iter8", "$application": ".*", "$__rate_interval": "5m"}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            labels = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
            assert labels is not None
            asked.append(f"count by ({labels[2]}) ({labels[1]})")
    tests = []
    for expression in asked:
        for name, text in variables.items():
            expression = expression.replace(name, text)
        assert "$" not in expression
        sample = {"labels": "{}", "value": 1}
        tests.append({"expr": f"count({expression}) > bool 0", "eval_time": "20m", "exp_samples": [sample]})
    (tmp_path / "rules.yaml").write_text('{"groups": []}')
    suite = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": tests}],
    }
    (tmp_path / "suite.yaml").write_text(json.dumps(suite))

    assert "SUCCESS" in promtool(tmp_path, "test", "rules", "suite.yaml")


def scraped_series(bench: Any, make_state: Any, make_snapshot: Any) -> Iterator[tuple[str, str]]:
    """Series in promtool's notation: counters that go on as they are, and gauges that stay."""
    state = replace(make_state("shop/web"), ramp=RAMP, promotion=PROMOTION)
    bench.board.snapshot = make_snapshot(state)
    bench.telemetry.count_lookup(Recommendation("shop/web", 1, "", "bbbb", stale=False))
    bench.telemetry.count_values(3)
    bench.telemetry.request("http", "/v1/lookup", 0.002, "503")
    bench.telemetry.flush()
    controller = ControllerTelemetry(lambda: {"slack": Counts(delivered=2, failed=1)})
    with controller.timed(3):
        pass
    controller.close()
    interval = Interval(-0.1, 0.3)
    compared = Comparison(
        "confidence sequence", 0.05, 1.0, interval, 0.1, interval, 0.0, 1.0, "open", None, None, None, None
    )
    versions = (VersionResult(0, 9, 1.0, None, None, None), VersionResult(1, 9, 2.0, compared, None, None))
    metric = MetricResult("orders", "success", "increase", "mean", "", 0.01, versions)
    ratio = SampleRatioResult("ok", 0.0, (9, 9), (9.0, 9.0))
    analysis = Analysis(0, 1.0, Verdict("keep_going", (), "not yet"), (), ratio, (metric,))
    scrape = Scrape(bench.telemetry, bench.experiments.board_status, None).answer("")[0].decode()
    families = [
        *text_string_to_metric_families(scrape),
        *controller.registry.collect(),
        *verdict_gauges(Known({"shop/web": analysis}, 0)),
    ]
    for family in families:
        for sample in family.samples:
            labels = {"job": "iter8", "instance": "a", **sample.labels}
            grows = family.type in ("counter", "histogram")
            values = f"0+{float(sample.value)}x30" if grows else f"{float(sample.value)}x30"
            yield f"{sample.name}{{{', '.join(f'{key}={json.dumps(text)}' for key, text in labels.items())}}}", values
