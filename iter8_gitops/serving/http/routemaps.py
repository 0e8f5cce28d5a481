"""`/v1/routemaps[/{namespace}/{name}[/..]]` and `/v1/sources`: every routemap, and how it is doing."""

from __future__ import annotations

import asyncio
from typing import Any

from falcon.asgi import Request, Response

from iter8_gitops.serving.analyses import analysis_view, trend_view
from iter8_gitops.serving.http.answers import answer_json
from iter8_gitops.serving.http.queries import whole_number
from iter8_gitops.serving.usecases import Experiments
from iter8_gitops.serving.views import history_view, overview_view, routemap_view, sources_view


class RoutemapsResource:
    """Every routemap in short."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Composed off the event loop: there may be ten thousand."""
        answer_json(resp, await asyncio.to_thread(self._overview))

    def _overview(self) -> dict[str, Any]:
        return overview_view(self._experiments.routemaps())


class SourcesResource:
    """Every source, also before anything was published."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Composed off the event loop: there may be ten thousand routemaps to count."""
        answer_json(resp, await asyncio.to_thread(self._sources))

    def _sources(self) -> dict[str, Any]:
        return sources_view(self._experiments.board_status())


class RoutemapResource:
    """One routemap in full."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def on_get(self, _req: Request, resp: Response, namespace: str, name: str) -> None:
        """Composed off the event loop: the exposed users are counted on disk."""
        answer_json(resp, await asyncio.to_thread(self._routemap, namespace, name))

    def _routemap(self, namespace: str, name: str) -> dict[str, Any]:
        return routemap_view(self._experiments.routemap(namespace, name))


class AnalysisResource:
    """What is known of the experiment of one application."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def on_get(self, _req: Request, resp: Response, namespace: str, name: str) -> None:
        """Computed off the event loop, from aggregates on disk."""
        answer_json(resp, await asyncio.to_thread(self._analysis, namespace, name))

    def _analysis(self, namespace: str, name: str) -> dict[str, Any]:
        return analysis_view(self._experiments.analysis(namespace, name))


class TrendResource:
    """How the experiment of one application went over time."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def on_get(self, _req: Request, resp: Response, namespace: str, name: str) -> None:
        """Read off the event loop; the last point is computed from aggregates on disk."""
        answer_json(resp, await asyncio.to_thread(self._trend, namespace, name))

    def _trend(self, namespace: str, name: str) -> dict[str, Any]:
        return trend_view(self._experiments.trend(namespace, name))


class HistoryResource:
    """What happened to one application."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def on_get(self, req: Request, resp: Response, namespace: str, name: str) -> None:
        """`limit` entries (100), newest first; `before` is the `next` of the answer before."""
        limit, before = whole_number(req, "limit"), whole_number(req, "before")
        answer_json(resp, await asyncio.to_thread(self._history, namespace, name, limit, before))

    def _history(self, namespace: str, name: str, limit: int | None, before: int | None) -> dict[str, Any]:
        wanted = {} if limit is None else {"limit": limit}
        return history_view(self._experiments.history(namespace, name, before=before, **wanted))
