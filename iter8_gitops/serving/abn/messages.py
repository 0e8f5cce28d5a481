"""Decoding of gRPC requests, with the field named when one cannot be decoded."""

from __future__ import annotations

from typing import Protocol, TypeVar

from google.protobuf.descriptor import Descriptor  # type: ignore[import-untyped]  # protobuf ships no types
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-untyped]

from iter8_gitops.errors import InvalidArgumentError

_LENGTH_DELIMITED = 2
_FIRST, _SECOND = (number << 3 | _LENGTH_DELIMITED for number in (1, 2))
_SHORT = 127
"""Bytes; the length of a longer string takes more than one byte itself."""

_LEAST = 6
"""Bytes: two fields with a tag, a length, and at least one byte each."""

Message = TypeVar("Message", covariant=True)


class MessageType(Protocol[Message]):
    """A generated message class."""

    def FromString(self, data: bytes) -> Message:  # noqa: N802 (protobuf's name)
        """Decode `data`."""


def plain_texts(data: bytes) -> tuple[str, str] | None:
    """The first two fields of a message in which these are strings, neither empty nor long, and all there is.

    None for every other message, also for one that is wrong: `decoded` knows what it says. This takes a fraction of the
    time, and nearly all lookups look so. https://protobuf.dev/programming-guides/encoding/
    """
    if len(data) < _LEAST or data[0] != _FIRST:
        return None
    middle = 2 + data[1]
    if middle + 2 >= len(data) or data[middle] != _SECOND or middle + 2 + data[middle + 1] != len(data):
        return None
    if data[1] > _SHORT or data[middle + 1] > _SHORT or not data[1]:
        return None
    try:
        return data[2:middle].decode(), data[middle + 2 :].decode()
    except UnicodeDecodeError:
        return None


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
    descriptor = getattr(kind, "DESCRIPTOR")  # noqa: B009 (every generated class has it)
    return _bad_string(descriptor, data) or InvalidArgumentError("request", "is not a message of the protocol")


def _bad_string(descriptor: Descriptor, data: bytes) -> InvalidArgumentError | None:
    """What is wrong with the first string in `data` that is not UTF-8, by the name of its field in `descriptor`."""
    for number, content in _delimited(data):
        field = descriptor.fields_by_number.get(number)
        if field is None:
            continue
        if field.message_type is not None:  # a map is a list of messages of a key and a value
            if _bad_string(field.message_type, content):
                return InvalidArgumentError(field.name, "has a key or a value that is not UTF-8")
            continue
        try:
            content.decode()
        except UnicodeDecodeError as error:
            message = f"is not UTF-8 (byte {error.start} is 0x{content[error.start]:02X})"
            return InvalidArgumentError(field.name, message)
    return None


def _delimited(data: bytes) -> list[tuple[int, bytes]]:
    """(field number, bytes) of every string and message in a message: all fields are unknown to the empty message."""
    try:
        unknown = UnknownFieldSet(Empty.FromString(data))
    except DecodeError:
        return []
    return [(item.field_number, item.data) for item in unknown if item.wire_type == _LENGTH_DELIMITED]
