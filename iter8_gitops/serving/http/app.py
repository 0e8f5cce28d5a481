"""The Falcon application: which resource answers where."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from falcon import RequestOptions
from falcon.asgi import App, Request, Response, WebSocket

from iter8_gitops.core.load_tests import grpc_dashboard, http_dashboard
from iter8_gitops.serving.dossiers import Dossiers
from iter8_gitops.serving.flags import Flags
from iter8_gitops.serving.http import ofrep_events
from iter8_gitops.serving.http.answers import add_error_handlers
from iter8_gitops.serving.http.dashboards import AbnDashboardResource
from iter8_gitops.serving.http.decisions import LOOKUP, ExposuresResource, LookupResource, MetricsResource
from iter8_gitops.serving.http.hooks import GitHookResource
from iter8_gitops.serving.http.load_tests import LoadTestDashboardResource, LoadTestResultResource
from iter8_gitops.serving.http.ofrep import FlagResource, FlagsResource
from iter8_gitops.serving.http.ofrep_refusals import FLAGS
from iter8_gitops.serving.http.operations import (
    HealthResource,
    OpenapiResource,
    PrometheusResource,
    ReadinessResource,
)
from iter8_gitops.serving.http.pages import APPLICATION, ASSET, OVERVIEW, ApplicationPage, AssetResource, OverviewPage
from iter8_gitops.serving.http.routemaps import (
    AnalysisResource,
    HistoryResource,
    RoutemapResource,
    RoutemapsResource,
    SourcesResource,
    TrendResource,
)
from iter8_gitops.serving.http.snapshots import SnapshotResource
from iter8_gitops.serving.http.streams import BoardStreams, SnapshotEventsResource
from iter8_gitops.serving.load_tests import LoadTests
from iter8_gitops.serving.scrape import Scrape
from iter8_gitops.serving.telemetry import Telemetry
from iter8_gitops.serving.usecases import Experiments
from iter8_gitops.serving.webhooks import Webhooks


class TimedRequest(Request):
    """A request that knows when it arrived."""

    __slots__ = ("arrived",)

    def __init__(
        self,
        scope: dict[str, Any],
        receive: Any,
        first_event: Any = None,
        options: RequestOptions | None = None,
    ) -> None:
        self.arrived = perf_counter()
        super().__init__(scope, receive, first_event, options)


class RequestTelemetry:
    """Falcon middleware that counts every request, whatever became of it."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._flushing: asyncio.Task[None] | None = None

    async def process_startup(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Called by Falcon at the start of the ASGI lifespan."""
        self._flushing = asyncio.create_task(self._telemetry.flush_regularly())

    async def process_shutdown(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Called by Falcon at the end of the ASGI lifespan."""
        if self._flushing is not None:
            self._flushing.cancel()

    async def process_response(self, req: TimedRequest, resp: Response, _resource: object, succeeded: bool) -> None:
        """Called by Falcon when the answer is complete, also for errors."""
        failure = "" if succeeded else str(resp.status_code)
        # What matches no route is counted together: paths have no bound.
        route = req.uri_template or "unknown"
        self._telemetry.request("http", route, perf_counter() - req.arrived, failure)


class NoWebSockets:
    """Falcon middleware that turns away clients who want a WebSocket: there is none in this API."""

    async def process_request_ws(self, _req: Request, ws: WebSocket) -> None:
        """Called by Falcon before routing. To close what was not accepted is answered with 403."""
        await ws.close()


def create_app(
    experiments: Experiments,
    telemetry: Telemetry,
    scrape: Scrape,
    webhooks: Webhooks,
    load_tests: LoadTests,
    stopping: Callable[[], bool] = lambda: False,
) -> App[TimedRequest, Response]:
    """The application, with everything it needs given to it. `stopping` says that the process is about to end."""
    app = App(request_type=TimedRequest, middleware=[RequestTelemetry(telemetry)])
    app.add_middleware(NoWebSockets())
    add_error_handlers(app)
    app.add_route(LOOKUP, LookupResource(experiments))
    app.add_route("/v1/metrics", MetricsResource(experiments))
    app.add_route("/v1/exposures", ExposuresResource(experiments))
    app.add_route("/v1/snapshot", SnapshotResource(experiments))
    streams = BoardStreams(experiments, stopping)
    app.add_route("/v1/snapshot/events", SnapshotEventsResource(experiments, streams))
    app.add_route("/v1/routemaps", RoutemapsResource(experiments))
    app.add_route("/v1/sources", SourcesResource(experiments))
    app.add_route("/v1/routemaps/{namespace}/{name}", RoutemapResource(experiments))
    app.add_route("/v1/routemaps/{namespace}/{name}/history", HistoryResource(experiments))
    app.add_route("/v1/routemaps/{namespace}/{name}/analysis", AnalysisResource(experiments))
    app.add_route("/v1/routemaps/{namespace}/{name}/trend", TrendResource(experiments))
    app.add_route("/v1/hooks/git", GitHookResource(webhooks))
    flags = Flags(experiments)
    app.add_route(FLAGS, FlagsResource(flags))
    app.add_route(FLAGS + "/{key:path}", FlagResource(flags))
    app.add_route(ofrep_events.PATH, ofrep_events.FlagEventsResource(flags, streams))
    dossiers = Dossiers(experiments)
    app.add_route(OVERVIEW, OverviewPage(dossiers))
    app.add_route(APPLICATION, ApplicationPage(dossiers))
    app.add_route(ASSET, AssetResource())
    app.add_route("/abnDashboard", AbnDashboardResource(experiments))
    app.add_route("/httpDashboard", LoadTestDashboardResource(load_tests, http_dashboard))
    app.add_route("/grpcDashboard", LoadTestDashboardResource(load_tests, grpc_dashboard))
    app.add_route("/testResult", LoadTestResultResource(load_tests))
    app.add_route("/metrics", PrometheusResource(telemetry, scrape))
    app.add_route("/healthz", HealthResource())
    app.add_route("/readyz", ReadinessResource(experiments))
    app.add_route("/openapi.json", OpenapiResource())
    return app
