"""`iter8-gitops analyze`: what people read of an analysis."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from click.testing import CliRunner, Result

from iter8_gitops.cli import main
from iter8_gitops.core.analysis.values import Analysis
from iter8_gitops.serving.analyses import analysis_view
from iter8_gitops.serving.results import AnalysisReport
from iter8_gitops.spec.routemap import MetricDeclaration, Origin
from iter8_gitops.spec.snapshot import RoutemapState, VersionState
from tests.core.analysis.building import analysis, arm, converted, experiment, sums

METRICS = (MetricDeclaration("orders", type="conversion"), MetricDeclaration("latency", goal="decrease", max_harm=0.05))


def measured(orders: int, users: int = 5000) -> Analysis:
    """500 of 5000 users of the primary order, and so many of the candidate's; latencies are alike."""
    latency = {"latency": sums(users, 100.0, 400.0), "size": sums(users, 3.0, 1.0)}
    return analysis(
        METRICS,
        experiment(
            arm(0, users, {"orders": converted(users // 10), **latency}),
            arm(1, users, {"orders": converted(orders), **latency}),
        ),
        names=("stable", "one-page"),
    )


def run(monkeypatch: pytest.MonkeyPatch, found: Analysis, *options: str) -> Result:
    versions = tuple(
        VersionState(index, name, 1, 1, True, True, "aaaa", "", "", ())
        for index, name in enumerate(("stable", "one-page"))
    )
    state = RoutemapState("shop", "web", Origin("git", "a.yaml", "1"), versions)
    answer: dict[str, Any] = analysis_view(AnalysisReport(state, found, {}))
    monkeypatch.setattr(import_module("iter8_gitops.cli.client"), "get_json", lambda server, path: answer)
    return CliRunner().invoke(main, ["analyze", "shop/web", *options])


def test_a_winner_is_shown_with_the_numbers_and_the_command_that_promotes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = run(monkeypatch, measured(700)).output.splitlines()
    assert lines[0] == "shop/web: winner"
    assert "one-page is better than stable on orders (lift +" in lines[1]
    assert lines[2] == "  promote it: iter8-gitops promote shop/web --version one-page"
    assert lines[3] == "  compared for about 2 days; users stable 5,000, one-page 5,000"
    orders = next(line for line in lines if "one-page  5,000  0.14" in line)
    assert "+40.00%" in orders
    assert orders.endswith("better")
    assert any(line.startswith("latency (guardrail)") for line in lines)
    assert any(line.startswith("size") and line.endswith("not declared") for line in lines)
    assert lines[-1].startswith("* not valid when looked at repeatedly")


def test_without_a_winner_there_is_nothing_to_promote(monkeypatch: pytest.MonkeyPatch) -> None:
    output = run(monkeypatch, measured(505)).output
    assert output.startswith("shop/web: keep going\n")
    assert "promote it" not in output


def test_too_few_users_are_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    output = run(monkeypatch, measured(7, users=50)).output
    assert output.startswith("shop/web: not enough data\n")
    assert "%" not in output


def test_a_script_can_wait_for_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, measured(700), "--fail-unless", "winner").exit_code == 0
    assert run(monkeypatch, measured(505), "--fail-unless", "winner").exit_code == 1
    assert run(monkeypatch, measured(505), "--fail-unless", "winner", "--fail-unless", "keep_going").exit_code == 0
    wrong = run(monkeypatch, measured(505), "--fail-unless", "winer")
    assert wrong.exit_code == 2
    assert "did you mean `winner`?" in wrong.output


def test_scripts_get_the_answer_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    output = run(monkeypatch, measured(700), "-o", "json").output
    assert '"name": "winner"' in output
