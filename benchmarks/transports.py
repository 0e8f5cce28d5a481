"""The same question through every transport: which version do these users of these applications get?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import grpc

from iter8_gitops.sdk import Client
from iter8_gitops.serving.abn import abn_pb2, abn_pb2_grpc

Pair: TypeAlias = tuple[str, str]
"""(application, user)."""

Ask: TypeAlias = Callable[[Sequence[Pair]], list[int]]
CONNECTIONS, IN_FLIGHT, BATCH = 16, 64, 5000


def transports(url: str, grpc_port: int, client: Client) -> dict[str, Ask]:
    """A function for each transport, which gives the version numbers of pairs in their order."""
    return {
        "SDK": lambda pairs: [client.lookup(*pair).version_number for pair in pairs],
        "batch": lambda pairs: _batches(url, pairs),
        "HTTP": lambda pairs: asyncio.run(_over_http(url, pairs, _lookup)),
        "OFREP": lambda pairs: asyncio.run(_over_http(url, pairs, _evaluation)),
        "gRPC": lambda pairs: asyncio.run(_over_grpc(grpc_port, pairs)),
    }


def _batches(url: str, pairs: Sequence[Pair]) -> list[int]:
    found: list[int] = []
    for start in range(0, len(pairs), BATCH):
        lookups = [{"application": one, "user": two} for one, two in pairs[start : start + BATCH]]
        body = json.dumps({"lookups": lookups}).encode()
        asked = Request(f"{url}/v1/lookup", body, {"Content-Type": "application/json"})
        with urlopen(asked, timeout=60) as answer:
            found += [each["versionNumber"] for each in json.load(answer)["answers"]]
    return found


def _lookup(pair: Pair) -> tuple[str, bytes, str]:
    application, user = pair
    return f"GET /v1/lookup?application={quote(application)}&user={quote(user)}", b"", "versionNumber"


def _evaluation(pair: Pair) -> tuple[str, bytes, str]:
    application, user = pair
    body = json.dumps({"context": {"targetingKey": user}}).encode()
    return f"POST /ofrep/v1/evaluate/flags/{quote(application)}", body, "value"


async def _over_http(url: str, pairs: Sequence[Pair], question: Callable[[Pair], tuple[str, bytes, str]]) -> list[int]:
    """One request for each pair, on some connections that are kept."""
    place = urlsplit(url)

    async def ask(some: Sequence[Pair]) -> list[int]:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        found: list[int] = []
        try:
            for pair in some:
                line, body, key = question(pair)
                head = f"{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
                writer.write(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                found.append(int((await _answer(reader))[key]))
        finally:
            writer.close()
            await writer.wait_closed()
        return found

    return await _shared_out(pairs, ask)


async def _answer(reader: asyncio.StreamReader) -> dict[str, Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length:")[2].partition("\r\n")[0])
    body = await reader.readexactly(length)
    if not head.startswith("http/1.1 200"):
        raise RuntimeError(head + body.decode())
    answer: dict[str, Any] = json.loads(body)
    return answer


async def _shared_out(pairs: Sequence[Pair], ask: Callable[[Sequence[Pair]], Awaitable[list[int]]]) -> list[int]:
    """`pairs` cut into one part for each connection."""
    size = -(-len(pairs) // CONNECTIONS)
    parts = await asyncio.gather(*(ask(pairs[start : start + size]) for start in range(0, len(pairs), size)))
    return [version for part in parts for version in part]


async def _over_grpc(port: int, pairs: Sequence[Pair]) -> list[int]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        lookup = abn_pb2_grpc.ABNStub(channel).Lookup  # type: ignore[no-untyped-call] # generated code
        found: list[int] = []
        for start in range(0, len(pairs), IN_FLIGHT):
            calls = [lookup(abn_pb2.Application(name=one, user=two)) for one, two in pairs[start : start + IN_FLIGHT]]
            found += [answer.versionNumber for answer in await asyncio.gather(*calls)]
        return found
