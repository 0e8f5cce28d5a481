"""The dashboards in `grafana/`: every query is run, against a live server with data, and gives rows."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.spec.history import HistoryEntry
from iter8_gitops.spec.metric import EpochWeights, Exposure
from iter8_gitops.spec.routemap import MetricDeclaration
from iter8_gitops.spec.state_folder import StateFolder
from iter8_gitops.testing.streams import value
from tests.clients.fixtures import NodeClient

GRAFANA = Path(__file__).parents[2] / "grafana"
EXPERIMENTS = [GRAFANA / "dashboards" / f"experiment-{name}.json" for name in ("json-api", "infinity")]
METRICS = ("orders", "order value", "p99.latency-ms")
OF_METRIC = {
    "Summary over users",
    "Summary over transactions",
    "Histogram over users",
    "Histogram over transactions",
}

pytestmark = pytest.mark.slow


@pytest.fixture
def live(tmp_path: Path, make_state: Any, make_snapshot: Any, start: Any, wait_until_ready: Any) -> Iterator[Any]:
    """A server with shop/checkout, half and half, whose candidate sells more, and other routemaps beside it."""
    now = time.time()
    began = int(now) - 86_400
    state = replace(
        make_state("shop/checkout", (50, 50)),
        epoch=began,
        experiment=began,
        epochs=(EpochWeights(began, (50, 50)),),
        metrics=(MetricDeclaration("orders", type="conversion"), MetricDeclaration("order value")),
    )
    others = [make_state("shop/search", (1,), ("cccc",)), make_state("bank/login", (1,), ("dddd",))]
    snapshot = make_snapshot(state, *others, now=now)
    folder = StateFolder(tmp_path / "state")
    told = [
        HistoryEntry(state.application, now - 90, "ContentChanged", "new content", version=1, author="ann"),
        HistoryEntry(state.application, now - 60, "WeightsChanged", "traffic goes to both", revision="0123abc"),
    ]
    publisher = BoardPublisher(folder.board)
    publisher.publish(snapshot.routemaps, (), snapshot.sources, now, told)
    store = SqliteMetricStore(folder.metrics)
    for version, orders in ((0, 150), (1, 250)):
        arm = state.arm(version)
        users = [f"{version}-{number}" for number in range(1000)]
        values = [
            value(float(1 + at % 7), user, arm, name) for name in METRICS for at, user in enumerate(users[:orders])
        ]
        store.record([Exposure(arm, user, began) for user in users], values)
    store.close()
    server = start("serve_http", folder, http_port=0, workers=1)
    wait_until_ready(server)
    yield server
    publisher.close()


def run(node_client: NodeClient, url: str, metric: str = "orders", files: list[Path] = EXPERIMENTS) -> list[Any]:
    chosen = {"namespace": "shop", "application": "checkout", "metric": metric}
    found: list[Any] = node_client("grafana.mjs", url, json.dumps(chosen), *map(str, files))
    return found


def test_every_query_of_the_experiments_dashboards_gives_rows_of_one_length(live: Any, node_client: NodeClient) -> None:
    results = run(node_client, live.url)

    assert {each["dashboard"] for each in results} == {"Experiment (JSON API)", "Experiment (Infinity)"}
    assert len(results) == 2 * 14
    for each in results:
        lengths = {len(values) for values in each["columns"].values()}
        assert each["status"] == 200, each
        assert len(lengths) == 1, each
        assert lengths.pop() > 0, each
        missing = {name for name, values in each["columns"].items() if all(found is None for found in values)}
        assert missing <= {"Users left", "Seconds left"}, each


def test_both_data_sources_show_the_same(live: Any, node_client: NodeClient) -> None:
    results = run(node_client, live.url)
    by_source = [{e["panel"]: e["columns"] for e in results if source in e["dashboard"]} for source in ("API", "Infin")]

    assert by_source[0].keys() == by_source[1].keys()
    for panel, columns in by_source[0].items():
        if panel.startswith("variable"):
            assert [*columns.values()] == [*by_source[1][panel].values()]
        else:
            assert columns == by_source[1][panel], panel


def test_panels_show_what_the_server_says(live: Any, node_client: NodeClient) -> None:
    analysis = httpx.get(f"{live.url}/v1/routemaps/shop/checkout/analysis").json()
    panels = {each["panel"]: each["columns"] for each in run(node_client, live.url, files=EXPERIMENTS[:1])}

    assert sorted(panels["variable namespace"]["result0"]) == ["bank", "shop"]
    assert sorted(panels["variable application"]["result0"]) == ["checkout", "search"]
    assert sorted(panels["variable metric"]["result0"]) == sorted(METRICS)
    assert panels["Verdict"] == {"Verdict": [analysis["verdict"]["name"]]} == {"Verdict": ["winner"]}
    assert panels["Why"]["Why"] == [analysis["verdict"]["reason"]]
    assert panels["Sample ratio"] == {"State": ["ok"]}
    assert panels["Users per version"]["Version"] == ["v0", "v1"]
    assert panels["Users per version"]["Users"] == [1000, 1000]
    rows = panels["Metrics"]
    assert list(zip(rows["Metric"], rows["Version"], strict=True))[:4] == [
        ("orders", "v0"),
        ("orders", "v1"),
        ("order value", "v0"),
        ("order value", "v1"),
    ]
    lift = analysis["metrics"][0]["versions"][1]["comparison"]
    assert rows["Lift"][:2] == [None, lift["lift"]]
    assert rows["From"][1] == lift["liftInterval"]["lower"]
    assert panels["Lift with its interval"]["Version"][0] == "orders v1"
    happened = panels["What happened: weights, content, availability, promotions"]
    assert happened["What"] == ["WeightsChanged", "ContentChanged"]


@pytest.mark.parametrize("metric", METRICS)
def test_panels_of_a_metric_work_whatever_is_in_its_name(live: Any, node_client: NodeClient, metric: str) -> None:
    tables = httpx.get(f"{live.url}/abnDashboard?namespace=shop&application=checkout").json()[metric]

    for each in run(node_client, live.url, metric):
        if each["panel"] in OF_METRIC:
            kind, _, over = each["panel"].partition(" over ")
            rows = tables[{"Summary": "Summary", "Histogram": "Histograms"}[kind] + f"Over{over.title()}"]
            assert each["columns"] == {key: [row[key] for row in rows] for key in rows[0]}


def test_the_queries_of_iter8s_own_dashboards_give_rows(live: Any, node_client: NodeClient, tmp_path: Path) -> None:
    """As its Grafana panels ask, with the address and its query in the data source."""
    result = Path(__file__).with_name("testdata") / "load-test.json"
    of_test = "?namespace=shop&test=lookup"
    httpx.put(f"{live.url}/testResult{of_test}", content=result.read_bytes()).raise_for_status()
    tables = ["SummaryOverTransactions", "SummaryOverUsers", "HistogramsOverTransactions", "HistogramsOverUsers"]
    endpoint = "$.Endpoints[${endpoint}]"
    asked: dict[str, list[str]] = {
        "/abnDashboard?namespace=shop&application=checkout": [f"$.${{metric}}.{table}[*]" for table in tables],
        f"/httpDashboard{of_test}": [
            "$.ExperimentResult",
            "$.ExperimentResult.Completed tasks",
            *(f"{endpoint}.{key}" for key in ("Statistics", "Error statistics", "Return codes", "Durations[*]")),
        ],
        f"/grpcDashboard{of_test}": [f"{endpoint}.{key}" for key in ("Statistics", "Status codes", "Durations[*]")],
    }
    endpoints = {
        "/httpDashboard": "http://checkout.shop:8080/v1/lookup?application=shop/checkout&user=ann",
        "/grpcDashboard": "main.ABN.Lookup",
    }
    for url, paths in asked.items():
        fields = [{"jsonPath": path, "name": path} for path in paths]
        names = "$keys($.Endpoints)" if "test=" in url else "$keys($)"
        fields.append({"jsonPath": names, "language": "jsonata", "name": "keys"})
        file = tmp_path / "iter8.json"
        panels = [{"title": each["name"], "targets": [{"urlPath": url, "fields": [each]}]} for each in fields]
        file.write_text(json.dumps({"title": url, "panels": panels, "templating": {"list": []}}))
        chosen = {"metric": "orders", "endpoint": endpoints.get(url.partition("?")[0], "")}
        for each in node_client("grafana.mjs", live.url, json.dumps(chosen), str(file)):
            assert each["status"] == 200, each
            assert next(iter(each["columns"].values())), each


def test_selectors_are_none_that_infinity_takes_for_a_path_of_gjson() -> None:
    """It tries GJSON before JSONata, and there `[..]` and `{..}` make something of any document."""
    text = (GRAFANA / "dashboards" / "experiment-infinity.json").read_text()
    selectors = re.findall(r'"root_selector": "(.)', text)

    assert len(selectors) > 10
    assert set(selectors) == {"$"}


def test_an_experiment_without_metrics_makes_empty_tables_and_no_errors(live: Any, node_client: NodeClient) -> None:
    chosen = json.dumps({"namespace": "shop", "application": "search", "metric": "none"})

    results = node_client("grafana.mjs", live.url, chosen, *map(str, EXPERIMENTS))

    assert {each["status"] for each in results} == {200}
    shown = {each["panel"]: each["columns"] for each in results}
    assert set(map(tuple, shown["Metrics"].values())) == {()}
    assert shown["Users per version"]["Version"] == ["v0"]


def test_provisioning_names_the_data_sources_and_the_folder_of_the_dashboards() -> None:
    plugins = {
        variable["query"]
        for path in (GRAFANA / "dashboards").glob("*.json")
        for variable in json.loads(path.read_text())["templating"]["list"]
        if variable["type"] == "datasource"
    }
    sources = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "iter8-gitops.yaml").read_text())
    providers = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "iter8-gitops.yaml").read_text())
    compose = yaml.safe_load((GRAFANA / "docker-compose.yaml").read_text())

    assert {source["type"] for source in sources["datasources"]} == plugins
    mounts = dict(volume.split(":")[:2] for volume in compose["services"]["grafana"]["volumes"])
    assert mounts["./dashboards"] == providers["providers"][0]["options"]["path"]
    assert (GRAFANA / "dashboards").is_dir()
    assert all((GRAFANA / mount).exists() for mount in mounts)


def test_dashboards_have_ids_of_their_own_and_panels_that_do_not_overlap() -> None:
    dashboards = [json.loads(path.read_text()) for path in sorted((GRAFANA / "dashboards").glob("*.json"))]

    assert len({each["uid"] for each in dashboards}) == len({each["title"] for each in dashboards}) == len(dashboards)
    for each in dashboards:
        assert len({panel["id"] for panel in each["panels"]}) == len(each["panels"])
        places = [panel["gridPos"] for panel in each["panels"]]
        cells = [
            (x, y)
            for at in places
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        ]
        assert len(cells) == len(set(cells))
        assert max(x for x, _ in cells) < 24
