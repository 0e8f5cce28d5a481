"""The rules for Prometheus, held by its own tool to what they say, and to the metrics that there are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import yaml
from prometheus_client.core import Metric

from iter8_gitops.runtime.telemetry import ControllerTelemetry
from iter8_gitops.serving.board_gauges import board_gauges, source_gauges, steering_gauges, version_gauges
from iter8_gitops.serving.results import BoardStatus
from iter8_gitops.serving.telemetry import Telemetry
from iter8_gitops.serving.verdict_gauges import verdict_gauges
from iter8_gitops.serving.verdicts import Known
from iter8_gitops.spec.snapshot import Snapshot
from tests.clients.fixtures import Promtool

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
_NAME = re.compile(r"(?<![\w:])iter8_\w+")


def told() -> set[str]:
    """The metrics that a scrape may show, as queries name them."""
    snapshot = Snapshot(controller_at=0.0)
    status = BoardStatus(True, "", snapshot)
    controller = ControllerTelemetry()
    controller.close()
    families: list[Metric] = [*Telemetry().registry.collect(), *controller.registry.collect()]
    more: Iterable[Iterable[Metric]] = (
        board_gauges(status),
        source_gauges(status),
        version_gauges(snapshot),
        steering_gauges(snapshot),
        verdict_gauges(Known({}, 0)),
    )
    families += [family for each in more for family in each]
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
    return {family.name + suffix for family in families for suffix in suffixes[family.type]}


def test_promtool_finds_nothing_wrong_with_the_rules(promtool: Promtool) -> None:
    assert "rules found" in promtool(FOLDER, "check", "rules", "rules.yaml")


def test_rules_record_and_alert_as_their_tests_say(promtool: Promtool) -> None:
    assert "SUCCESS" in promtool(FOLDER, "test", "rules", "rules_test.yaml")


def test_every_rule_is_tested() -> None:
    rules = [rule for group in yaml.safe_load((FOLDER / "rules.yaml").read_text())["groups"] for rule in group["rules"]]
    tests = (FOLDER / "rules_test.yaml").read_text()

    alerts = [rule["alert"] for rule in rules if "alert" in rule]
    assert len(alerts) > 10
    assert [name for name in alerts if f"alertname: {name}" not in tests] == []
    used = "".join(rule["expr"] for rule in rules if "alert" in rule)
    assert [rule["record"] for rule in rules if "record" in rule and rule["record"] not in tests + used] == []


def test_rules_ask_for_metrics_that_there_are() -> None:
    text = (FOLDER / "rules.yaml").read_text() + (FOLDER / "rules_test.yaml").read_text()

    assert set(_NAME.findall(text)) - told() == set()


def test_the_page_has_every_metric_and_no_other() -> None:
    page = (ROOT / "docs" / "grafana.md").read_text()
    named = set(re.findall(r"`(iter8_\w+)`", page))
    bare = {re.sub("_(bucket|count|sum)$", "", name) for name in told()}

    assert named == bare
