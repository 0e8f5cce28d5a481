"""The parts of a client by themselves: events, waits, and what is sent together."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.cohorts import Cohort
from iter8_gitops.sdk import AsyncClient
from iter8_gitops.sdk.backoff import Backoff
from iter8_gitops.sdk.events import MAX_EVENT_BYTES, Event, EventParser
from iter8_gitops.sdk.outbox import MOST_BYTES, MOST_ITEMS, Outbox, ValueReport
from tests.sdk.conftest import Scripted
from tests.serving.boards import make_state

STREAM = (
    b'\xef\xbb\xbf: hello\n\nevent: snapshot\nid: b.1\ndata: {"a":\ndata: 1}\n\n: heartbeat\r\n\r\n'
    b"data:plain\r\nretry: 5\r\n\r\nevent: unfinished\n\nevent: alive\ndata: {}\n\ndata: half"
)
EVENTS = [Event(), Event("snapshot", '{"a":\n1}'), Event(), Event("message", "plain"), Event("alive", "{}")]


@given(st.lists(st.integers(0, len(STREAM)), max_size=10))
def test_events_are_the_same_however_the_stream_is_cut(cuts: list[int]) -> None:
    parser = EventParser()
    places = [0, *sorted(cuts), len(STREAM)]
    found = [event for a, b in pairwise(places) for event in parser.feed(STREAM[a:b])]
    assert [event for event in found if event.name] == [event for event in EVENTS if event.name]


@pytest.mark.parametrize("chunk", [b"x" * (MAX_EVENT_BYTES + 1), b"data: y\n" * (MAX_EVENT_BYTES // 7 + 1)])
def test_an_endless_event_is_refused(chunk: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        list(EventParser().feed(chunk))


def test_an_event_that_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        list(EventParser().feed(b"data: \xff\n"))


def test_waits_grow_to_a_bound_are_spread_and_begin_anew_after_success() -> None:
    longest, shortest = Backoff(0.5, 8, lambda: 1.0), Backoff(0.5, 8, lambda: 0.0)
    assert [longest.next() for _ in range(7)] == [0.5, 1, 2, 4, 8, 8, 8]
    assert [shortest.next() for _ in range(3)] == [0, 0, 0]
    assert shortest.next(at_least=3) == 3
    assert shortest.next(at_least=3600) == 8
    longest.reset()
    assert longest.next() == 0.5
    assert [Backoff().next() for _ in range(3000)]
    steady = Backoff(chance=lambda: 1.0)
    assert max(steady.next() for _ in range(2000)) == 30


def value(user: str, number: int) -> ValueReport:
    return ValueReport("shop/web", user, "m", float(number), f"t{number}")


OUTCOMES = Cohort.of(make_state("shop/web", (1, 1), ("a", "b")), stale=False).at_random
ENTRIES = st.lists(st.tuples(st.sampled_from(["ann", "ben"]), st.sampled_from([0, 1, "value"])), max_size=30)


@given(ENTRIES)
def test_every_value_is_credited_as_if_all_had_been_sent_one_by_one(entries: list[tuple[str, int | str]]) -> None:
    outbox = Outbox(1000)
    last: dict[str, int] = {}
    expected: dict[str, int | None] = {}
    for number, (user, what) in enumerate(entries):
        if isinstance(what, int):
            assert outbox.expose(OUTCOMES[what], user)
            last[user] = what
        else:
            outbox.write(value(user, number))
            expected[f"t{number}"] = last.get(user)

    last, credited = {}, {}
    while len(outbox):
        batch = outbox.take()
        assert len(batch)
        for item in batch.exposures:
            exposure = json.loads(item.document)
            last[exposure["user"]] = exposure["version"]
        for item in batch.values:
            written = json.loads(item.document)
            credited[written["transaction"]] = last.get(written["user"])
    assert credited == expected


def test_batches_are_bounded_in_items_and_bytes() -> None:
    outbox = Outbox(10_000)
    for number in range(MOST_ITEMS + 1):
        outbox.write(value("u", number))
    assert [len(outbox.take()), len(outbox.take())] == [MOST_ITEMS, 1]

    longest = ValueReport("n/" + "a" * 510, "\U0001f600" * 512, "m" * 256, 1.5, "t" * 256)
    for _ in range(MOST_ITEMS):
        outbox.write(longest)
    while len(outbox):
        batch = outbox.take()
        assert sum(len(item.document) for item in batch.values) < MOST_BYTES + 10_000


async def played(url: str) -> Any:
    async with AsyncClient(url, poll_seconds=0.05) as client:
        await client.wait_until_ready()
        found = client.lookup("shop/web", "u", {"group": "staff"})
        transaction = client.write_metric("shop/web", "u", "m", 1)
        assert await client.flush()
        assert client.status.waiting == 0
    return found, transaction


def test_the_client_for_event_loops_does_the_same(scripted: Scripted) -> None:
    found, transaction = asyncio.run(played(scripted.url))

    assert found.application == "shop/web"
    assert json.loads(scripted.script.posted[-1][1])["values"][0]["transaction"] == transaction
