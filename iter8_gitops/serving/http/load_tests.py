"""`PUT /testResult`, `GET /httpDashboard` and `GET /grpcDashboard`: load tests, as Iter8's tasks report them and its
Grafana panels read them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import falcon
from falcon.asgi import Request, Response
from msgspec import Raw, Struct

from iter8_gitops.core.arguments import shown
from iter8_gitops.serving.http.answers import answer_json
from iter8_gitops.serving.http.bodies import read_body
from iter8_gitops.serving.http.queries import parameter
from iter8_gitops.serving.http.shapes import Shape, decoded
from iter8_gitops.serving.load_tests import LoadTests, check_test
from iter8_gitops.spec.load_test import Count, FortioResult, GhzReport, LoadTest

MAX_RESULT_BYTES = 16 * 1024 * 1024
"""ghz tells of every single call: about 150 bytes each, which are not kept."""

_NULL = b"null"


class _TaskData(Struct):
    """What each task found, per endpoint. Endpoints stay text until it is known what to call them in an error."""

    http: dict[str, Raw] | None = None
    grpc: dict[str, Raw] | None = None


class _Insights(Struct, rename="camel"):
    task_data: _TaskData | None = None


class _ExperimentResult(Struct, rename="camel"):
    """What Iter8 sends, without what no dashboard shows."""

    name: str = ""
    namespace: str = ""
    revision: Count = 0
    start_time: str | None = None
    num_completed_tasks: Count = 0
    failure: bool = False
    insights: _Insights | None = None
    iter8_version: str = ""


class LoadTestResultResource:
    """Takes results."""

    def __init__(self, load_tests: LoadTests) -> None:
        self._load_tests = load_tests

    async def on_put(self, req: Request, resp: Response) -> None:
        """Answer without a body once the result is durable; it takes the place of an earlier one of this test."""
        namespace, test = _test(req)
        body = await read_body(req, MAX_RESULT_BYTES)
        await asyncio.to_thread(self._put, namespace, test, body)
        resp.content_type = falcon.MEDIA_TEXT  # JSON would not be empty

    def _put(self, namespace: str, test: str, body: bytes) -> None:
        self._load_tests.put(namespace, test, _result_in(body))

    async def on_options(self, _req: Request, _resp: Response) -> None:
        """As for the dashboard of Iter8's A/B/n tests."""
        raise falcon.HTTPMethodNotAllowed(["PUT"])


class LoadTestDashboardResource:
    """One of the dashboards; `render` makes it."""

    def __init__(self, load_tests: LoadTests, render: Callable[[LoadTest], dict[str, Any]]) -> None:
        self._load_tests = load_tests
        self._render = render

    async def on_get(self, req: Request, resp: Response) -> None:
        """Read off the event loop: results are on disk."""
        namespace, test = _test(req)
        answer_json(resp, await asyncio.to_thread(self._load_tests.dashboard, namespace, test, self._render))

    async def on_options(self, _req: Request, _resp: Response) -> None:
        """As for the dashboard of Iter8's A/B/n tests."""
        raise falcon.HTTPMethodNotAllowed(["GET"])


def _test(req: Request) -> tuple[str, str]:
    namespace, test = parameter(req, "namespace"), parameter(req, "test")
    check_test(namespace, test)
    return namespace, test


def _result_in(body: bytes) -> LoadTest:
    """Raises `InvalidArgumentError` with the field that is wrong."""
    result = decoded(body, _ExperimentResult)
    data = (result.insights and result.insights.task_data) or _TaskData()
    return LoadTest(
        name=result.name,
        namespace=result.namespace,
        revision=result.revision,
        start_time=result.start_time or "",
        completed_tasks=result.num_completed_tasks,
        failure=result.failure,
        iter8_version=result.iter8_version,
        http=_endpoints(data.http, FortioResult, "http"),
        grpc=_endpoints(data.grpc, GhzReport, "grpc"),
    )


def _endpoints(found: dict[str, Raw] | None, shape: type[Shape], task: str) -> Mapping[str, Shape | None]:
    return {
        name: None if bytes(raw) == _NULL else decoded(raw, shape, f'insights.taskData.{task}["{shown(name)}"]')
        for name, raw in (found or {}).items()
    }
