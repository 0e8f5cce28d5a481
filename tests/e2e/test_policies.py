"""From a commit to real users, to a verdict, to the commit that promotes the winner: by the controller's own hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.system import System, eventually
from tests.promotion.shops import Shop, isolate
from tests.sources.servers import serve_http

pytestmark = pytest.mark.slow
Up = Callable[..., System]
USERS = 3000
ROUTEMAP = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {{name: {name}, namespace: shop}}
spec:
  versions:
    - {{name: stable, resources: [{{gvrShort: cm, name: {name}-0}}]}}
    - {{name: candidate, resources: [{{gvrShort: cm, name: {name}-1}}]}}
{more}
"""
CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}, namespace: shop, labels: {{iter8.tools/watch: "true"}}}}
data: {{page: {page}}}   # kept
"""
FILES = {
    "web.yaml": ROUTEMAP.format(
        name="web",
        more="  metrics: [{name: orders, type: conversion}]\n  promotion: {mode: commit, minimumRun: 1s}",
    ),
    "slow.yaml": ROUTEMAP.format(
        name="slow",
        more="  metrics: [{name: latency, goal: decrease, guardrail: {maxHarm: 2%}}]\n"
        "  ramp: [{weight: 50, hold: 5m}, {weight: 100}]",
    ),
    **{f"{name}.yaml": CONFIG_MAP.format(name=name, page=name) for name in ("web-0", "web-1", "slow-0", "slow-1")},
}
CONFIGURATION = """\
promotion:
  author: Robot <robot@example.org>
  credentials: {username: ada, password: {fromEnv: PUSH_TOKEN}}
"""


def measure(system: System, application: str, name: str, value: Callable[[int], float]) -> None:
    """Give users versions, and write one value for each, by the version that it got."""
    for start in range(0, USERS, 1000):
        users = [f"user-{number}" for number in range(start, start + 1000)]
        asked = system.http.post("/v1/lookup", json={"applications": [application], "users": users}).json()
        values = [
            {"application": application, "user": user, "name": name, "value": value(answer["versionNumber"])}
            for user, answer in zip(users, answers(asked), strict=True)
        ]
        assert system.http.post("/v1/metrics", json=values).status_code == 200


def answers(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    (found,) = [value for value in asked.values() if isinstance(value, list)]
    return found


def test_the_winner_is_promoted_by_a_push_and_a_breached_guardrail_holds_a_ramp(
    tmp_path: Path, up: Up, monkeypatch: pytest.MonkeyPatch
) -> None:
    isolate(monkeypatch, tmp_path / "gitconfig")
    (tmp_path / "gitconfig").write_text("[user]\nname = Committer\nemail = c@example.org\n")
    monkeypatch.setenv("PUSH_TOKEN", "s3cr3t")
    (tmp_path / "password").write_text("s3cr3t")
    (tmp_path / "config.yaml").write_text(CONFIGURATION)
    shop = Shop(tmp_path, FILES)
    with serve_http(shop.origin.parent, username="ada", password="s3cr3t") as server:
        login = ("--git-username", "ada", "--git-password-file", str(tmp_path / "password"))
        system = up(f"{server.url}/shop.git", *login, "--config", str(tmp_path / "config.yaml"))
        system.await_weights("shop/web", 1, 1)
        system.await_weights("shop/slow", 50, 50)
        chance = random.Random(8)
        measure(system, "shop/slow", "latency", lambda version: chance.gauss(100 + 10 * version, 20))
        measure(system, "shop/web", "orders", lambda version: float(chance.random() < 0.1 + 0.1 * version))

        analysis = system.http.get("/v1/routemaps/shop/slow/analysis").json()
        assert analysis["verdict"]["name"] == "guardrail_breached"
        system.await_weights("shop/web", 1, 0)
        assert shop.subjects() == ["Promote candidate of shop/web", "begin"]
        assert shop.read("web-0.yaml") == FILES["web-0.yaml"].replace("page: web-0", "page: web-1")
        assert "Iter8-Evidence: it has run for 1s; candidate is better than stable on orders (lift +" in shop.message()
        entries = system.http.get("/v1/routemaps/shop/web/history").json()["entries"]
        assert {"PromotionDue", "PromotionCommitted", "Promoted"} <= {entry["reason"] for entry in entries}

        def paused() -> bool:
            ramp = system.routemap("shop/slow")["ramp"]
            return bool(ramp["phase"] == "paused" and "a guardrail is breached" in ramp["message"])

        eventually(paused, "the ramp of shop/slow is paused")
        assert "s3cr3t" not in system.log.read_text()
