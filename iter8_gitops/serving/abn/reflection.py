"""Server reflection, so that tools such as grpcurl need no proto file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf import descriptor_pool  # type: ignore[import-untyped]  # protobuf ships no types
from google.protobuf.descriptor import FileDescriptor  # type: ignore[import-untyped]
from grpc_reflection.v1alpha import reflection  # type: ignore[import-untyped]  # the library ships no types
from grpc_reflection.v1alpha.reflection_pb2 import (  # type: ignore[import-untyped]
    ServerReflectionRequest,
    ServerReflectionResponse,
)

V1 = "grpc.reflection.v1.ServerReflection"
V1ALPHA: str = reflection.SERVICE_NAME


def reflection_handlers(services: Sequence[str]) -> list[grpc.GenericRpcHandler]:
    """Reflection of `services` and of itself, in both versions of the protocol.

    The library knows only `v1alpha`. `v1` is the same messages under another name, so one servicer answers both;
    it is not listed, because its descriptors are not there to be asked for.
    """
    servicer = reflection.aio.ReflectionServicer([*services, V1ALPHA], _Descriptors())
    method = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=ServerReflectionRequest.FromString,
        response_serializer=ServerReflectionResponse.SerializeToString,
    )
    return [grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": method}) for name in (V1, V1ALPHA)]


class _Descriptors:
    """All descriptors of this process. Methods are symbols here, as in other languages; tools such as ghz ask so."""

    def __init__(self) -> None:
        self._pool = descriptor_pool.Default()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:  # noqa: N802 (protobuf's name)
        """The file that defines `symbol`. Raises `KeyError` when there is none."""
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            return self._pool.FindMethodByName(symbol).containing_service.file
