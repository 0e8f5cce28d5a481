"""`/v1/lookup`, `POST /v1/metrics` and `POST /v1/exposures`: what applications call."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from time import monotonic

from falcon.asgi import Request, Response

from iter8_gitops.core.cohorts import Recommendation
from iter8_gitops.serving.arguments import Lookup
from iter8_gitops.serving.batches import Answer
from iter8_gitops.serving.http.answers import answer_json, encode, refusal_problem
from iter8_gitops.serving.http.batches import count_of, lookups_in
from iter8_gitops.serving.http.bodies import exact_number, read_json
from iter8_gitops.serving.http.measurements import exposures_in, measurements_in
from iter8_gitops.serving.http.queries import attributes_in, parameter
from iter8_gitops.serving.usecases import Experiments

LOOKUP = "/v1/lookup"
"""Where lookups are answered."""

_PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 0.01


@lru_cache(maxsize=100_000)
def encoded(found: Recommendation) -> bytes:
    """Encoded once for all users of a version."""
    return encode(
        {
            "application": found.application,
            "versionNumber": found.version_number,
            "versionName": found.version_name,
            "signature": found.signature,
            "stale": found.stale,
            "reason": found.reason,
            "rule": found.rule or None,
        }
    )


def _encoded_answer(answer: Answer) -> bytes:
    return encoded(answer) if isinstance(answer, Recommendation) else encode({"error": refusal_problem(answer)})


class LookupResource:
    """Which version a user gets, and why."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer at once: everything is in memory, and the exposure is recorded behind the answer."""
        found = self._experiments.lookup(
            parameter(req, "application"), parameter(req, "user"), attributes=attributes_in(req)
        )
        resp.data = encoded(found)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Answer one lookup, or a batch; of a batch, all or nothing is recorded when something cannot be used."""
        asked = lookups_in(await read_json(req, exact_number))
        if isinstance(asked, Lookup):
            found = self._experiments.lookup(asked.application, asked.user, attributes=asked.attributes)
            resp.data = encoded(found)
            return
        await self._let_the_store_catch_up(count_of(asked))
        answers = self._experiments.lookup_all(asked)
        resp.data = b'{"answers":[' + b",".join(map(_encoded_answer, answers)) + b"]}"

    async def _let_the_store_catch_up(self, lookups: int) -> None:
        """So that batches, faster than any store, do not lose exposures; but they are answered in any case."""
        until = monotonic() + _PATIENCE_SECONDS
        while self._experiments.is_behind(lookups) and monotonic() < until:
            await asyncio.sleep(_PAUSE_SECONDS)


class ExposuresResource:
    """Exposures that clients report who evaluate by themselves."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def on_post(self, req: Request, resp: Response) -> None:
        """Answer once every exposure is durable; none is stored when one of them is refused."""
        reported, within = exposures_in(await read_json(req))
        await asyncio.shield(asyncio.wrap_future(self._experiments.expose(reported, within)))
        answer_json(resp, {"accepted": len(reported)})


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
