"""Server reflection, by which tools such as grpcurl find what can be called."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2  # type: ignore[import-untyped]  # protobuf ships no types
from google.protobuf.descriptor_pool import DescriptorPool  # type: ignore[import-untyped]
from google.protobuf.message_factory import GetMessageClass  # type: ignore[import-untyped]
from grpc_reflection.v1alpha import reflection_pb2  # type: ignore[import-untyped]  # the library ships no types

pytestmark = pytest.mark.slow

VERSIONS = ["grpc.reflection.v1", "grpc.reflection.v1alpha"]


def asked(channel: grpc.Channel, version: str, *questions: Any) -> list[Any]:
    """The answers to questions of one call. The messages of both versions are the same but for their names."""
    call = channel.stream_stream(
        f"/{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    return list(call(iter(questions), timeout=30))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_service_is_listed_and_described(shared_channel: grpc.Channel, version: str) -> None:
    (listed,) = asked(shared_channel, version, reflection_pb2.ServerReflectionRequest(list_services=""))
    names = [service.name for service in listed.list_services_response.service]

    assert {"main.ABN", "grpc.health.v1.Health"} <= set(names)
    questions = [reflection_pb2.ServerReflectionRequest(file_containing_symbol=name) for name in names]
    for name, answer in zip(names, asked(shared_channel, version, *questions), strict=True):
        files = answer.file_descriptor_response.file_descriptor_proto
        described = [descriptor_pb2.FileDescriptorProto.FromString(data) for data in files]
        services = {f"{file.package}.{service.name}" for file in described for service in file.service}
        assert name in services


@pytest.mark.parametrize("version", VERSIONS)
def test_a_method_is_a_symbol_of_the_file_of_its_service(shared_channel: grpc.Channel, version: str) -> None:
    symbols = ("main.ABN", "main.ABN.Lookup", "main.ABN.WriteMetric", "grpc.health.v1.Health.Check")
    questions = [reflection_pb2.ServerReflectionRequest(file_containing_symbol=name) for name in symbols]

    answers = asked(shared_channel, version, *questions)
    service, *methods, check = (answer.file_descriptor_response for answer in answers)

    assert service.file_descriptor_proto
    assert methods == [service, service]
    (described,) = (descriptor_pb2.FileDescriptorProto.FromString(data) for data in check.file_descriptor_proto)
    assert described.package == "grpc.health.v1"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_without_a_proto_file_can_call(shared_channel: grpc.Channel, version: str) -> None:
    files = ("google/protobuf/empty.proto", "iter8_gitops/serving/abn/abn.proto")
    questions = [reflection_pb2.ServerReflectionRequest(file_by_filename=name) for name in files]
    pool = DescriptorPool()
    for answer in asked(shared_channel, version, *questions):
        pool.AddSerializedFile(answer.file_descriptor_response.file_descriptor_proto[0])
    method = pool.FindServiceByName("main.ABN").FindMethodByName("Lookup")
    ask, told = GetMessageClass(method.input_type), GetMessageClass(method.output_type)

    answer = shared_channel.unary_unary("/main.ABN/Lookup")(ask(name="shop", user="u").SerializeToString())

    assert told.FromString(answer).versionNumber == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_not_here_is_not_found(shared_channel: grpc.Channel, version: str) -> None:
    questions = (
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="main.Nobody"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="main.ABN.Nothing"),
        reflection_pb2.ServerReflectionRequest(),
    )

    codes = [answer.error_response.error_code for answer in asked(shared_channel, version, *questions)]

    not_found, invalid = grpc.StatusCode.NOT_FOUND.value[0], grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert codes == [not_found, not_found, invalid]
