"""The peer: a `grpc.aio` server with our options whose one method does nothing. `python -m benchmarks.empty PORT`."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import grpc

from iter8_gitops.serving.abn.server import OPTIONS

METHOD = "/benchmarks.Empty/Call"


async def _empty(_data: bytes, _context: Any) -> bytes:
    return b""


async def _serve(port: int) -> None:
    server = grpc.aio.server(options=OPTIONS)
    # Without (de)serializers, gRPC hands over bytes: nothing is emptier.
    _, service, name = METHOD.split("/")
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {name: grpc.unary_unary_rpc_method_handler(_empty)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
