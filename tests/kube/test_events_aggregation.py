from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.kube.events_aggregation import (
    COMBINED,
    LONGEST_MESSAGE,
    Aggregator,
    ObjectRef,
    Occurrence,
    Posting,
    camel_case,
)

WEB = ObjectRef("apps/v1", "Deployment", "shop", "web", "uid-1")
NOW = 1_800_000_000.0


def occurrence(message: str = "it happened", reason: str = "Happened", ref: ObjectRef = WEB) -> Occurrence:
    return Occurrence(ref, warning=False, reason=reason, message=message)


def take(aggregator: Aggregator, each: Occurrence, now: float = NOW) -> Posting:
    """Take an occurrence whose object has budget left, and let the write succeed."""
    posting = aggregator.take(each, now)
    assert posting is not None
    aggregator.written(posting)
    return posting


def test_the_same_words_are_counted_in_one_event() -> None:
    aggregator = Aggregator()
    first, second = take(aggregator, occurrence()), take(aggregator, occurrence(), NOW + 5)
    assert (first.count, first.created, second.count, second.created) == (1, False, 2, True)
    assert first.name == second.name
    assert (second.first, second.last) == (NOW, NOW + 5)


@pytest.mark.parametrize(
    "other",
    [
        occurrence("something else"),
        occurrence(reason="Other"),
        occurrence(ref=replace(WEB, name="other")),
        occurrence(ref=replace(WEB, uid="uid-2")),
        replace(occurrence(), warning=True),
    ],
)
def test_anything_else_is_an_event_of_its_own(other: Occurrence) -> None:
    aggregator = Aggregator()
    first, second = take(aggregator, occurrence()), take(aggregator, other)
    assert first.name != second.name
    assert second.count == 1


def test_an_event_that_could_not_be_written_is_created_by_the_next_with_the_full_count() -> None:
    aggregator = Aggregator()
    aggregator.take(occurrence(), NOW)
    posting = take(aggregator, occurrence(), NOW + 1)
    assert (posting.count, posting.created) == (2, False)


def test_an_event_that_kubernetes_forgot_is_created_again() -> None:
    aggregator = Aggregator()
    aggregator.vanished(take(aggregator, occurrence()))
    assert not take(aggregator, occurrence(), NOW + 4000).created


def test_the_eleventh_different_message_and_later_ones_become_one_event() -> None:
    aggregator = Aggregator()
    postings = [take(aggregator, occurrence(f"try {number}")) for number in range(14)]
    assert [posting.message for posting in postings[:10]] == [f"try {number}" for number in range(10)]
    assert [posting.message for posting in postings[10:]] == [f"{COMBINED}try {number}" for number in range(10, 14)]
    assert len({posting.name for posting in postings}) == 11
    assert postings[-1].count == 4


def test_messages_known_before_there_were_many_keep_their_event() -> None:
    aggregator = Aggregator()
    for number in range(12):
        take(aggregator, occurrence(f"try {number}"))
    assert (take(aggregator, occurrence("try 3")).message, take(aggregator, occurrence("x")).count) == ("try 3", 3)


def test_after_ten_quiet_minutes_messages_are_told_one_by_one_again() -> None:
    aggregator = Aggregator()
    for number in range(12):
        take(aggregator, occurrence(f"try {number}"))
    assert take(aggregator, occurrence("new"), NOW + 601).message == "new"


def test_an_object_has_25_events_and_then_one_each_five_minutes() -> None:
    aggregator = Aggregator()
    assert [aggregator.take(occurrence(), NOW) is not None for _ in range(27)] == [True] * 25 + [False] * 2
    assert aggregator.take(occurrence(ref=replace(WEB, name="other")), NOW) is not None
    assert aggregator.take(occurrence(), NOW + 299) is None
    assert aggregator.take(occurrence(), NOW + 301) is not None
    assert aggregator.take(occurrence(), NOW + 302) is None
    taken = [aggregator.take(occurrence(), NOW + 1e6) is not None for _ in range(26)]
    assert taken == [True] * 25 + [False]


def test_long_messages_are_cut() -> None:
    aggregator = Aggregator()
    for number in range(12):
        posting = take(aggregator, occurrence(f"{number}" + "ä" * 2000))
        assert len(posting.message) == LONGEST_MESSAGE
    assert posting.message.startswith(COMBINED)


def test_names_of_events_fit_and_differ_within_one_instant() -> None:
    aggregator = Aggregator()
    long = replace(WEB, name=("x" * 49 + ".") * 5)
    names = [take(aggregator, occurrence(str(number), ref=long)).name for number in range(10)]
    assert len(set(names)) == 10
    assert all(len(name) <= 253 and ".." not in name for name in names)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("ContentChanged", "ContentChanged"),
        ("content changed!", "ContentChanged"),
        ("NOT_READY", "NOTREADY"),
        ("", "Unknown"),
        ("äöü", "Unknown"),
        ("x" * 200, "X" + "x" * 127),
    ],
)
def test_reasons_become_words(said: str, word: str) -> None:
    assert camel_case(said) == word


_OCCURRENCES = st.builds(
    Occurrence,
    ref=st.sampled_from([WEB, replace(WEB, name="other"), ObjectRef("v1", "Node", "", "n")]),
    warning=st.booleans(),
    reason=st.sampled_from(["A", "B"]),
    message=st.integers(0, 30).map(str),
)
_STEPS = st.lists(st.tuples(_OCCURRENCES, st.floats(-700, 700), st.booleans()), max_size=150)


@given(_STEPS)
def test_whatever_happens_counts_are_right_and_events_few(steps: list[tuple[Occurrence, float, bool]]) -> None:
    aggregator = Aggregator()
    now, taken = NOW, Counter[ObjectRef]()
    counts: dict[str, int] = {}
    exists: set[str] = set()
    sorts: dict[str, tuple[ObjectRef, bool, str]] = {}
    for each, passed, fails in steps:
        now += passed
        posting = aggregator.take(each, now)
        if posting is None:
            assert taken[each.ref] >= 25
            continue
        taken[each.ref] += 1
        counts[posting.name] = counts.get(posting.name, 0) + 1
        assert posting.count == counts[posting.name]
        assert posting.first <= posting.last == now
        assert posting.message in (each.message, COMBINED + each.message)
        assert posting.created == (posting.name in exists)
        # An Event never changes what it is about.
        assert sorts.setdefault(posting.name, (each.ref, each.warning, each.reason)) == (
            each.ref,
            each.warning,
            each.reason,
        )
        if not fails:
            aggregator.written(posting)
            exists.add(posting.name)
    assert sum(counts.values()) == sum(taken.values())


@given(st.lists(st.integers(0, 1000), max_size=300), st.floats(0, 599))
def test_within_ten_minutes_there_are_at_most_eleven_events_of_a_sort(numbers: list[int], passed: float) -> None:
    aggregator = Aggregator()
    taken = [aggregator.take(occurrence(str(each)), NOW + passed * at) for at, each in enumerate(numbers)]
    names = {posting.name for posting in taken if posting is not None}
    assert len(names) <= 11


@given(st.lists(st.integers(0, 100), max_size=300))
def test_memory_is_bounded_and_what_was_forgotten_begins_anew(numbers: list[int]) -> None:
    aggregator = Aggregator(remembered=3)
    for number in numbers:
        posting = take_any(aggregator, ObjectRef("v1", "Pod", "shop", str(number)))
        assert posting is None or posting.created == (posting.count > 1)
    assert all(len(each._values) <= 3 for each in (aggregator._series, aggregator._sorts, aggregator._budgets))


def take_any(aggregator: Aggregator, ref: ObjectRef) -> Posting | None:
    posting = aggregator.take(occurrence(ref=ref), NOW)
    if posting is not None:
        aggregator.written(posting)
    return posting
