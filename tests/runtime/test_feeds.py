"""Sources that plugins wrote, in threads of their own: whatever they do is a failure of theirs alone."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest

from iter8_gitops.contracts.source import Feed
from iter8_gitops.runtime import feeds
from iter8_gitops.runtime.feeds import Delivery, FeedThread
from iter8_gitops.spec.tree import SourceFailure, SourceTree

TREE = SourceTree("odd", "r1", ())
LOOK_SECONDS = 5.0


class Odd:
    """A source that delivers whatever `deliver` says, anew at each start."""

    name = "odd"
    location = "nowhere"

    def __init__(self, deliver: Callable[[], Iterator[object]]) -> None:
        self._deliver = deliver

    def deliveries(self, stop: threading.Event) -> Iterator[SourceTree | SourceFailure]:
        yield from self._deliver()  # type: ignore[misc]  # as a plugin without types would


def raises() -> Iterator[object]:
    yield from map(int, ["no number"])


def exits() -> Iterator[object]:
    yield from map(sys.exit, [3])


def ends() -> Iterator[object]:
    yield from ()


@pytest.mark.parametrize(
    ("deliver", "said"),
    [
        (raises, "broke: ValueError in test_feeds.py line "),
        (exits, "broke: SystemExit in test_feeds.py line "),
        (ends, "delivers no more"),
        (lambda: iter(["tree"]), "delivered str, not SourceTree or SourceFailure"),
        (lambda: iter([SourceTree("another", "r1", ())]), "delivered for the source 'another', not for 'odd'"),
        (lambda: iter([SourceTree("odd", "r1", ("a.yaml",))]), "whose files are no tuple of SourceFile"),  # type: ignore[arg-type]  # as above
        (lambda: iter([SourceTree("odd", "r1", None)]), "whose files are no tuple of SourceFile"),  # type: ignore[arg-type]  # as above
    ],
)
def test_a_source_that_does_what_none_may_fails_by_name_and_is_started_again(
    deliver: Callable[[], Iterator[object]], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "_RESTART_SECONDS", 0.01)
    arrived: SimpleQueue[Delivery | None] = SimpleQueue()
    stop = threading.Event()
    thread = FeedThread(Feed(Odd(deliver)), arrived, stop)
    thread.start()
    try:
        for _ in range(2):
            delivery = arrived.get(timeout=LOOK_SECONDS)
            assert delivery is not None
            assert isinstance(delivery.content, SourceFailure)
            assert delivery.content.source == "odd"
            assert delivery.content.message.startswith("plugin tests.runtime.test_feeds (Odd) ")
            assert said in delivery.content.message
    finally:
        stop.set()
        thread.join(LOOK_SECONDS)


def test_what_is_sound_is_handed_on_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    arrived: SimpleQueue[Delivery | None] = SimpleQueue()
    failure = SourceFailure("odd", "it is away")
    FeedThread(Feed(Odd(lambda: iter([TREE, TREE, failure, 5]))), arrived, threading.Event()).start()
    seen = [arrived.get(timeout=LOOK_SECONDS) for _ in range(4)]
    assert [each.content for each in seen[:3] if each] == [TREE, TREE, failure]
    last = seen[3]
    assert last is not None
    assert isinstance(last.content, SourceFailure)
