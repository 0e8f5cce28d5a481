"""`GET /abnDashboard`: Iter8's dashboard data, as its Grafana panels read it."""

from __future__ import annotations

import asyncio

import falcon
from falcon.asgi import Request, Response

from iter8_gitops.serving.http.answers import answer_json
from iter8_gitops.serving.http.queries import parameter
from iter8_gitops.serving.usecases import Experiments


class AbnDashboardResource:
    """Summaries and histograms of every metric of an application, per version."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def on_get(self, req: Request, resp: Response) -> None:
        """Read the aggregates off the event loop: the store is on disk."""
        application, namespace = parameter(req, "application"), parameter(req, "namespace")
        answer_json(resp, await asyncio.to_thread(self._experiments.dashboard, namespace, application))

    async def on_options(self, _req: Request, _resp: Response) -> None:
        """Iter8 answers 405 to every method but GET, so OPTIONS must not be answered by Falcon."""
        raise falcon.HTTPMethodNotAllowed(["GET"])
