from __future__ import annotations

import inspect
from typing import Any

from openapi_spec_validator import validate

from iter8_gitops.serving.arguments import Measurement, ReportedExposure
from iter8_gitops.serving.http.app import create_app
from iter8_gitops.serving.http.openapi import openapi_document
from iter8_gitops.serving.http.openapi_analysis import ANALYSIS_SCHEMAS
from iter8_gitops.serving.http.openapi_load_tests import LOAD_TEST_SCHEMAS
from iter8_gitops.serving.http.openapi_ofrep import OFREP_SCHEMAS
from iter8_gitops.serving.http.openapi_plans import PLAN_SCHEMAS
from iter8_gitops.serving.http.openapi_requests import REQUEST_SCHEMAS
from iter8_gitops.serving.http.openapi_schemas import SCHEMAS
from iter8_gitops.serving.http.openapi_snapshots import snapshot_schemas
from iter8_gitops.serving.http.pages import APPLICATION, ASSET, OVERVIEW
from iter8_gitops.serving.scrape import Scrape


def test_the_document_is_valid_and_served_as_it_is(api: Any) -> None:
    served = api.get("/openapi.json").json

    validate(served)
    assert served == openapi_document()


def test_every_route_and_method_is_described_and_nothing_else(bench: Any) -> None:
    app = create_app(
        bench.experiments,
        bench.telemetry,
        Scrape(bench.telemetry, bench.experiments.board_status, None),
        bench.webhooks,
        bench.load_tests,
    )

    served = set()
    nodes = list(app._router._roots)
    while nodes:
        node = nodes.pop()
        nodes.extend(node.children)
        if node.resource is not None:
            methods = (
                name.removeprefix("on_") for name, _ in inspect.getmembers(node.resource) if name.startswith("on_")
            )
            # OPTIONS says which methods there are, and is no operation of its own.
            path = (node.uri_template or "").replace(":path}", "}")
            served |= {(path, method) for method in methods if method != "options"}

    described = {(path, method) for path, item in openapi_document()["paths"].items() for method in item}
    pages = {(path, "get") for path in (OVERVIEW, APPLICATION, ASSET)}  # for people, who need no description
    assert served - pages == described
    assert pages < served


def test_no_schema_takes_the_name_of_another() -> None:
    parts = [
        SCHEMAS,
        REQUEST_SCHEMAS,
        OFREP_SCHEMAS,
        ANALYSIS_SCHEMAS,
        PLAN_SCHEMAS,
        LOAD_TEST_SCHEMAS,
        snapshot_schemas(),
    ]

    assert len(openapi_document()["components"]["schemas"]) == sum(map(len, parts))


def test_the_described_measurement_has_the_keys_that_are_taken() -> None:
    described = openapi_document()["components"]["schemas"]["Measurement"]

    assert tuple(described["properties"]) == Measurement.__struct_fields__


def test_the_described_exposure_has_the_keys_that_are_taken() -> None:
    described = openapi_document()["components"]["schemas"]["ReportedExposure"]

    assert tuple(described["properties"]) == ReportedExposure.__struct_fields__
