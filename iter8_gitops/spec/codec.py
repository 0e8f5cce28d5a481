"""Published values as JSON and back.

JSON names every field, so that a reader of another release copes: fields that it does not know are
skipped, and fields that are missing take their defaults. Numbers must be finite.
"""

from __future__ import annotations

from typing import Any

import msgspec

from iter8_gitops.spec.snapshot import RoutemapState, SourceStatus
from iter8_gitops.spec.steering import Record

_encoder = msgspec.json.Encoder()
_state_decoder = msgspec.json.Decoder(RoutemapState)
_source_decoder = msgspec.json.Decoder(SourceStatus)
_record_decoder = msgspec.json.Decoder(Record)


def encode_state(state: RoutemapState) -> bytes:
    """One routemap's state as a JSON object in UTF-8."""
    return _encode(state)


def decode_state(document: bytes) -> RoutemapState:
    """What `encode_state` wrote. Raises `ValueError`, naming the field, for anything else."""
    return _state_decoder.decode(document)


def encode_source(status: SourceStatus) -> bytes:
    """One source's status as a JSON object in UTF-8."""
    return _encode(status)


def decode_source(document: bytes) -> SourceStatus:
    """What `encode_source` wrote. Raises `ValueError`, naming the field, for anything else."""
    return _source_decoder.decode(document)


def encode_record(record: Record) -> bytes:
    """What a leader writes down of one routemap, as a JSON object in UTF-8."""
    return _encode(record)


def decode_record(document: bytes) -> Record:
    """What `encode_record` wrote. Raises `ValueError`, naming the field, for anything else."""
    return _record_decoder.decode(document)


def _encode(value: RoutemapState | SourceStatus | Record) -> bytes:
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        # A file name that is not UTF-8 holds surrogates, which JSON cannot carry: they are shown as \udcXX.
        return _encoder.encode(_printable(msgspec.to_builtins(value)))


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _printable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(each) for each in value]
    return value
