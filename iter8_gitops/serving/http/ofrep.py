"""`POST /ofrep/v1/evaluate/flags[/{key}]`: the OpenFeature Remote Evaluation Protocol, version 0.3.

https://github.com/open-feature/protocol. Credentials (`Authorization`, `X-API-Key`) are taken and not looked at, as
everywhere in this API.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any

import falcon
from falcon.asgi import Request, Response
from msgspec import Raw
from xxhash import xxh3_128

from iter8_gitops.core.arguments import shown
from iter8_gitops.core.cohorts import Recommendation
from iter8_gitops.core.openfeature import metadata_of, reason_of
from iter8_gitops.errors import InvalidArgumentError, Iter8Error
from iter8_gitops.serving.flags import EvaluationContext, Flags, context_in
from iter8_gitops.serving.http.answers import RequestError, answer_json, encode
from iter8_gitops.serving.http.bodies import decode_json, exact_number, read_json_text
from iter8_gitops.serving.http.ofrep_events import event_streams
from iter8_gitops.serving.http.ofrep_refusals import UnreadableError, refusal, refusal_view
from iter8_gitops.serving.http.queries import parameter
from iter8_gitops.serving.http.validators import has_answer, opaque


class FlagResource:
    """One flag for one user."""

    def __init__(self, flags: Flags) -> None:
        self._flags = flags

    async def on_post(self, req: Request, resp: Response, key: str) -> None:
        """The exposure is recorded behind the answer, as for a lookup."""
        try:
            _, context = await _read(req)
            found = self._flags.evaluate(key, context)
        except (Iter8Error, RequestError) as error:
            _refuse(req, resp, error)
        else:
            answer_json(resp, _evaluation(found, key))


class FlagsResource:
    """Every flag for one user."""

    def __init__(self, flags: Flags) -> None:
        self._flags = flags

    async def on_post(self, req: Request, resp: Response) -> None:
        """304 when the caller has this very answer, unless it was told of a state that is not the one here."""
        try:
            await self._answer(req, resp)
        except (Iter8Error, RequestError) as error:
            _refuse(req, resp, error)

    async def _answer(self, req: Request, resp: Response) -> None:
        body, context = await _read(req)
        namespace, exposed = parameter(req, "namespace"), _flag(req, "exposures")
        told = parameter(req, "flagConfigEtag")
        if exposed:
            found = self._flags.evaluate_all(context, namespace, exposed=True)
        else:
            found = await asyncio.to_thread(self._flags.evaluate_all, context, namespace, exposed=False)
        answer = encode(
            {
                "flags": [Raw(_encoded(each)) for each in found],
                "metadata": {"stale": any(each.stale for each in found)},
                "eventStreams": event_streams(req.root_path),
            }
        )
        resp.etag = etag = _etag(body, answer)
        current = not told or opaque(told) == await asyncio.to_thread(self._flags.version)
        if current and has_answer(req, etag):
            resp.status = falcon.HTTP_304
        else:
            resp.data = answer


async def _read(req: Request) -> tuple[bytes, EvaluationContext]:
    """The body and the evaluation context in it. Raises `UnreadableError` and as `context_in` does."""
    try:
        body = await read_json_text(req)
        document = decode_json(body, exact_number)
    except InvalidArgumentError as error:
        raise UnreadableError(str(error)) from error
    return body, context_in(document)


def _flag(req: Request, name: str) -> bool:
    value = parameter(req, name)
    if value not in {"", "true", "false"}:
        message = f"is '{shown(value)}', and neither 'true' nor 'false'"
        raise InvalidArgumentError(name, message)
    return value == "true"


def _evaluation(found: Recommendation, key: str) -> dict[str, Any]:
    return {
        "key": key,
        "value": found.version_number,
        "reason": reason_of(found),
        "variant": found.version_name,
        "metadata": metadata_of(found),
    }


@lru_cache(maxsize=100_000)
def _encoded(found: Recommendation) -> bytes:
    """Encoded once for all users of a version."""
    return encode(_evaluation(found, found.application))


def _etag(body: bytes, answer: bytes) -> str:
    """Names this answer to this context: a strong validator must tell contexts apart that are answered alike.

    A provider that changes anything in its context would otherwise keep what it had for the one before.
    """
    digest = xxh3_128(answer)
    digest.update(b"\0")  # Neither is JSON with this in it.
    digest.update(body)
    return digest.hexdigest()


def _refuse(req: Request, resp: Response, error: Exception) -> None:
    resp.status_code, code, details = refusal(error)
    if resp.status_code == 500:
        resp.set_header("Retry-After", "1")
    answer_json(resp, refusal_view(req, code, details))
