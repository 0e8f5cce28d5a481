"""What platforms ask: is it alive, is it ready, what does it count, and what is its API."""

from __future__ import annotations

import asyncio

import falcon
from falcon.asgi import Request, Response

from iter8_gitops.serving.http.answers import answer_json
from iter8_gitops.serving.http.openapi import openapi_document
from iter8_gitops.serving.scrape import Scrape
from iter8_gitops.serving.telemetry import Telemetry
from iter8_gitops.serving.usecases import Experiments
from iter8_gitops.serving.views import readiness_view


class HealthResource:
    """Alive: the process answers."""

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Say so."""
        answer_json(resp, {"status": "ok"})


class ReadinessResource:
    """Ready: lookups can be answered, be it from an old state."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def on_get(self, _req: Request, resp: Response) -> None:
        """503 until something was published; a stale board is ready, and says so."""
        status = self._experiments.board_status()
        if not status.published:
            resp.status = falcon.HTTP_503
        answer_json(resp, readiness_view(status))


class PrometheusResource:
    """Counters of all processes and gauges of the board."""

    def __init__(self, telemetry: Telemetry, scrape: Scrape) -> None:
        self._telemetry = telemetry
        self._scrape = scrape

    async def on_get(self, req: Request, resp: Response) -> None:
        """Collected off the event loop: it reads the files of every process."""
        self._telemetry.flush()
        resp.data, resp.content_type = await asyncio.to_thread(self._scrape.answer, req.accept)


class OpenapiResource:
    """The description of this API."""

    def __init__(self) -> None:
        self._document = openapi_document()

    async def on_get(self, _req: Request, resp: Response) -> None:
        """The same document always."""
        answer_json(resp, self._document)
