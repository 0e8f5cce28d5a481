"""The service `main.ABN`: translates between gRPC and the use-cases, and holds no rules."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import lru_cache
from time import perf_counter
from typing import TypeAlias

import grpc
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]  # protobuf ships no types

from iter8_gitops.errors import InvalidArgumentError, Iter8Error, NotFoundError, UnavailableError
from iter8_gitops.serving.abn.abn_pb2 import Application, MetricValue, VersionRecommendation
from iter8_gitops.serving.abn.messages import decoded, plain_texts
from iter8_gitops.serving.arguments import Measurement, decimal_number
from iter8_gitops.serving.telemetry import Telemetry
from iter8_gitops.serving.usecases import Experiments

SERVICE = "main.ABN"

_log = logging.getLogger(__name__)
_NOTHING: bytes = Empty().SerializeToString()
_Call: TypeAlias = Callable[[bytes], bytes | Awaitable[bytes]]
_Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"


class _TooLateError(Iter8Error):
    """Nobody waits for the answer any more."""


class AbnService:
    """Requests and answers in bytes, so that a request that is no message can be refused like any other."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    def lookup(self, data: bytes) -> bytes:
        """Which version the user gets, at once."""
        if plain := plain_texts(data):
            name, user = plain
            return _encoded(self._experiments.lookup(name, user, "name").version_number)
        request = decoded(Application, data)
        found = self._experiments.lookup(request.name, request.user, "name", request.attributes)
        return _encoded(found.version_number)

    async def write_metric(self, data: bytes) -> bytes:
        """Answer once the value is durable."""
        request = decoded(MetricValue, data)
        value = decimal_number("value", request.value)
        measurement = Measurement(request.application, request.user, request.name, value, request.transaction)
        # When the call ends early (its deadline, a client that hangs up), what is not being stored yet is withdrawn.
        await asyncio.wrap_future(self._experiments.write([measurement]))
        return _NOTHING


@lru_cache
def _encoded(version: int) -> bytes:
    """Encoded once for all users of a version."""
    answer: bytes = VersionRecommendation(versionNumber=version).SerializeToString()
    return answer


def abn_handler(experiments: Experiments, telemetry: Telemetry) -> grpc.GenericRpcHandler:
    """The service, ready to be added to a `grpc.aio` server."""
    service = AbnService(experiments)
    calls: dict[str, _Call] = {"Lookup": service.lookup, "WriteMetric": service.write_metric}
    # Without (de)serializers, gRPC hands over bytes.
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        name: grpc.unary_unary_rpc_method_handler(_answering(name, call, telemetry)) for name, call in calls.items()
    }
    return grpc.method_handlers_generic_handler(SERVICE, handlers)


def _answering(name: str, call: _Call, telemetry: Telemetry) -> Callable[[bytes, _Context], Awaitable[bytes]]:
    """`call` as a gRPC method that turns errors into status codes and counts itself as `name`."""
    status = grpc.StatusCode
    took = telemetry.timer("grpc", name)

    async def answer(data: bytes, context: _Context) -> bytes:
        started = perf_counter()
        try:
            # As `_is_late` asks, without a call.
            if (left := context.time_remaining()) is not None and left <= 0:
                message = "the deadline had passed before the call was begun"
                raise _TooLateError(message)
            answered = call(data)
            if not isinstance(answered, bytes):
                answered = await answered
        except asyncio.CancelledError:
            code = status.DEADLINE_EXCEEDED if _is_late(context) else status.CANCELLED
            telemetry.request("grpc", name, perf_counter() - started, code.name)
            raise
        except Iter8Error as error:
            code, said = _code_of(error), str(error)
            if code is status.INTERNAL:
                _log.error("%s failed", name, exc_info=error)
        except Exception as error:  # noqa: BLE001 (a defect of ours must not show its inside to clients)
            _log.error("%s failed", name, exc_info=error)
            code, said = status.INTERNAL, "something went wrong on the server; its log says what"
        else:
            took(perf_counter() - started)
            return answered
        telemetry.request("grpc", name, perf_counter() - started, code.name)
        await context.abort(code, said)
        raise AssertionError(said)  # abort has raised

    return answer


def _is_late(context: _Context) -> bool:
    """Whether the deadline of the call, if it has one, has passed."""
    left = context.time_remaining()
    return left is not None and left <= 0


def _code_of(error: Iter8Error) -> grpc.StatusCode:
    match error:
        case InvalidArgumentError():
            return grpc.StatusCode.INVALID_ARGUMENT
        case NotFoundError():
            return grpc.StatusCode.NOT_FOUND
        case UnavailableError():
            return grpc.StatusCode.UNAVAILABLE
        case _TooLateError():
            return grpc.StatusCode.DEADLINE_EXCEEDED
        case _:
            return grpc.StatusCode.INTERNAL
