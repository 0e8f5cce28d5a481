"""Reading plain lookups without protobuf: the same texts as protobuf reads, or nothing at all."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # protobuf ships no types
from hypothesis import example, given
from hypothesis import strategies as st

from iter8_gitops.serving.abn.abn_pb2 import Application
from iter8_gitops.serving.abn.messages import plain_texts


def read(data: bytes) -> Any:
    try:
        return Application.FromString(data)
    except DecodeError:
        return None


@given(st.text(min_size=1, max_size=31), st.text(min_size=1, max_size=31))
def test_a_plain_lookup_is_read_as_it_was_written(name: str, user: str) -> None:
    assert plain_texts(Application(name=name, user=user).SerializeToString()) == (name, user)


@given(st.binary(max_size=12) | st.binary(max_size=10).map(lambda rest: b"\n\x03a/b\x12" + rest))
@example(b"\n\x01a\x12\x01b")
@example(b"\n\x01a\x12\x01\xff")
@example(b"\n\x01a\x12\x02b")
@example(b"\n\x01a\x12\x01b\x12\x01c")
def test_whatever_arrives_is_read_as_protobuf_does_or_left_to_it(data: bytes) -> None:
    found = plain_texts(data)
    if found is not None:
        message = read(data)
        assert message is not None
        assert found == (message.name, message.user)
        assert not message.attributes


@pytest.mark.parametrize(
    "message",
    [
        Application(name="a/b", user="u", attributes={"group": "staff"}),
        Application(name="a/b"),
        Application(user="u"),
        Application(),
        Application(name="a/b", user="u" * 128),
        Application(name="a" * 128, user="u"),
    ],
)
def test_what_is_not_plain_is_left_to_protobuf(message: Any) -> None:
    assert plain_texts(message.SerializeToString()) is None
