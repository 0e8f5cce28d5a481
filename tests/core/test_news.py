"""What is new since a sequence, told from a snapshot: whoever adds it to what they had has what is there now."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.news import News, news_since
from iter8_gitops.core.wire import decode_news, encode_news
from iter8_gitops.spec.routemap import Origin
from iter8_gitops.spec.snapshot import (
    ChangeLog,
    Predecessor,
    RoutemapState,
    Snapshot,
    SourceStatus,
    VersionState,
)

NAMES = ("a", "b", "c", "d")


def state(name: str, weight: int = 1) -> RoutemapState:
    version = VersionState(0, "v0", weight, weight, True, True, "s", "", "", ())
    return RoutemapState("shop", name, Origin("git", "", ""), (version,))


def published(before: Snapshot, changed: Mapping[str, int], removed: set[str], floor: int = 0) -> Snapshot:
    """The next publication on a board: `changed` has a weight for each name."""
    sequence = before.sequence + 1
    gone = {f"shop/{name}" for name in removed} & set(before.routemaps) - {f"shop/{name}" for name in changed}
    return News(
        board="board",
        sequence=sequence,
        controller_at=None,
        complete=False,
        changed={f"shop/{name}": state(name, weight) for name, weight in changed.items()},
        removed=tuple(gone),
        sources=(SourceStatus("git", "/repo", str(sequence)),) if sequence % 2 else None,
        floor=max(floor, before.log.floor),
        sources_at=sequence if sequence % 2 else before.log.sources_at,
        changed_at={**{f"shop/{name}": sequence for name in changed}, **dict.fromkeys(gone, sequence)},
    ).after(before)


PUBLICATIONS = st.lists(
    st.tuples(st.dictionaries(st.sampled_from(NAMES), st.integers(1, 3), max_size=2), st.sets(st.sampled_from(NAMES))),
    min_size=1,
    max_size=8,
)


def without_revisions(snapshot: Snapshot) -> Snapshot:
    """A snapshot as clients see it, who do not learn of revisions."""
    return decode_news(encode_news(news_since(snapshot))).after(Snapshot())


@given(PUBLICATIONS, st.data())
def test_whoever_catches_up_from_anywhere_has_what_is_there(
    publications: list[tuple[dict[str, int], set[str]]], data: st.DataObject
) -> None:
    history = [Snapshot(board="board")]
    for changed, removed in publications:
        history.append(published(history[-1], changed, removed))
    seen = data.draw(st.sampled_from(history))
    now = history[-1]

    news = news_since(now, seen.sequence, "board")

    assert not news.complete
    assert set(news.changed_at.values()) <= set(range(seen.sequence + 1, now.sequence + 1))
    assert news.after(seen) == now
    assert news.after(seen).log == now.log
    sent = decode_news(encode_news(news)).after(without_revisions(seen))
    assert sent == without_revisions(now)
    assert sent.log == now.log
    full = decode_news(encode_news(news, full=True)).after(seen)
    assert full == now


def test_a_reader_of_nothing_gets_everything() -> None:
    now = published(Snapshot(board="board"), {"a": 1, "b": 1}, set())

    news = news_since(now)

    assert news.complete
    assert news.after(Snapshot()) == now


@pytest.mark.parametrize(
    ("since", "board", "complete"),
    [
        (10, "board", False),
        (6, "board", False),
        (5, "board", False),
        (4, "board", True),  # removals that it missed may have been forgotten
        (11, "board", True),  # it is ahead: what it saw was undone
        (8, None, False),
        (8, "another", True),
        (7, "before", False),
        (8, "before", True),  # what came after 7 was undone before the present controller went on
    ],
)
def test_news_are_complete_unless_what_was_seen_is_what_the_board_goes_on_from(
    since: int, board: str | None, complete: bool
) -> None:
    log = ChangeLog(floor=5, changed_at={"shop/a": 9}, predecessors=(Predecessor("before", 7),))
    now = Snapshot(10, None, (), {"shop/a": state("a")}, "board", log)

    assert news_since(now, since, board).complete is complete


def test_a_board_without_identity_is_always_told_whole() -> None:
    assert news_since(Snapshot(3, None, (), {"shop/a": state("a")}), 3).complete


def test_removals_are_forgotten_with_the_floor() -> None:
    first = published(Snapshot(board="board"), {"a": 1}, set())
    second = published(first, {}, {"a"})
    assert second.log.changed_at == {"shop/a": 2}

    third = published(second, {}, set(), floor=2)

    assert third.log.changed_at == {}
    assert news_since(third, 1).complete


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"<html></html>",
        b'{"board":"b","sequence":-1,"complete":true,"applications":[]}',
        b'{"board":"b","sequence":1,"complete":true,"applications":[{}]}',
        b'{"board":"b","sequence":1,"complete":true,"applications":[{"namespace":"a","name":"b","sequence":1,"versions":[]}]}',
        b'{"board":"b","sequence":1,"complete":true,"applications":[{"namespace":"a","name":"b","sequence":1,'
        b'"versions":[{"name":"v","weight":-1}]}]}',
        b'{"board":"b","sequence":1,"complete":true,"applications":[{"namespace":"a","name":"b","sequence":1,'
        b'"versions":[{"name":"v","weight":1e400}]}]}',
        b'{"board":"b","sequence":1,"complete":true,"applications":[{"namespace":"a","name":"b","sequence":1,'
        b'"versions":[{"name":"v","weight":1}],"targeting":{"overrides":[["u",1]]}}]}',
        b'{"board":"b","sequence":1,"complete":true,"applications":[{"namespace":"a","name":"b","sequence":1,'
        b'"versions":[{"name":"v","weight":1}],"targeting":{"rules":[{"name":"r","when":[],"version":-1}]}}]}',
        b'{"board":"b","sequence":1,"complete":true,"applications":[{"namespace":"a","name":"b","sequence":1,'
        b'"versions":[{"name":"v","weight":1}],"state":{}}]}',
    ],
)
def test_what_is_no_snapshot_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_news(document)


def test_keys_of_a_later_release_are_skipped() -> None:
    document = (
        b'{"board":"b","sequence":1,"complete":true,"later":1,"applications":[{"namespace":"a","name":"b","sequence":1,'
        b'"versions":[{"name":"v","weight":1,"later":[]}]}]}'
    )

    assert list(decode_news(document).changed) == ["a/b"]


def test_a_long_document_rests_now_and_then() -> None:
    rests: list[None] = []
    now = published(Snapshot(board="board"), {f"a{number}": 1 for number in range(100)}, set())

    document = encode_news(news_since(now), pause=lambda: rests.append(None))
    decode_news(document, pause=lambda: rests.append(None))

    assert len(rests) == 10
