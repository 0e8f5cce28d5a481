"""Server reflection, so that tools such as grpcurl need no proto file."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
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
    servicer = reflection.aio.ReflectionServicer([*services, V1ALPHA])
    method = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=ServerReflectionRequest.FromString,
        response_serializer=ServerReflectionResponse.SerializeToString,
    )
    return [grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": method}) for name in (V1, V1ALPHA)]
