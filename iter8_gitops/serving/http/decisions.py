"""`GET /v1/lookup` and `POST /v1/metrics`: what applications call."""

from __future__ import annotations

import asyncio
from functools import lru_cache

from falcon.asgi import Request, Response

from iter8_gitops.core.cohorts import Recommendation
from iter8_gitops.serving.http.answers import answer_json, encode
from iter8_gitops.serving.http.bodies import read_json
from iter8_gitops.serving.http.measurements import measurements_in
from iter8_gitops.serving.http.queries import parameter
from iter8_gitops.serving.usecases import Experiments


@lru_cache(maxsize=100_000)
def _encoded(found: Recommendation) -> bytes:
    """Encoded once for all users of a version."""
    return encode(
        {
            "application": found.application,
            "versionNumber": found.version_number,
            "versionName": found.version_name,
            "signature": found.signature,
            "stale": found.stale,
        }
    )


class LookupResource:
    """Which version a user gets."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer at once: everything is in memory, and the exposure is recorded behind the answer."""
        found = self._experiments.lookup(parameter(req, "application"), parameter(req, "user"))
        resp.data = _encoded(found)


class MetricsResource:
    """Metric values that applications report."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def on_post(self, req: Request, resp: Response) -> None:
        """Answer once every value is durable; none is stored when one of them is refused."""
        measurements, within = measurements_in(await read_json(req))
        written = asyncio.wrap_future(self._experiments.write(measurements, within))
        # A client that hangs up must not cancel a write that other requests share.
        await asyncio.shield(written)
        answer_json(resp, {"accepted": len(measurements)})
