"""Decoding of gRPC requests, with the field named when one cannot be decoded."""

from __future__ import annotations

from typing import Protocol, TypeVar

from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]  # protobuf ships no types
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-untyped]

from iter8_gitops.errors import InvalidArgumentError

_LENGTH_DELIMITED = 2

Message = TypeVar("Message", covariant=True)


class MessageType(Protocol[Message]):
    """A generated message class."""

    def FromString(self, data: bytes) -> Message:  # noqa: N802 (protobuf's name)
        """Decode `data`."""


def decoded(kind: MessageType[Message], data: bytes) -> Message:
    """The message of type `kind` in `data`. gRPC itself would answer INTERNAL to bad bytes.

    Raises `InvalidArgumentError` with the first field that is not UTF-8, or `request` when `data` is
    no message at all.
    """
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise _explained(kind, data) from error


def _explained(kind: object, data: bytes) -> InvalidArgumentError:
    fields = getattr(kind, "DESCRIPTOR").fields_by_number  # noqa: B009 (every generated class has it)
    for number, content in _strings(data):
        try:
            content.decode()
        except UnicodeDecodeError as error:
            if number in fields:
                message = f"is not UTF-8 (byte {error.start} is 0x{content[error.start]:02X})"
                return InvalidArgumentError(fields[number].name, message)
    return InvalidArgumentError("request", "is not a message of the protocol")


def _strings(data: bytes) -> list[tuple[int, bytes]]:
    """(field number, bytes) of every string in a message: all fields are unknown to the empty message."""
    try:
        unknown = UnknownFieldSet(Empty.FromString(data))
    except DecodeError:
        return []
    return [(item.field_number, item.data) for item in unknown if item.wire_type == _LENGTH_DELIMITED]
