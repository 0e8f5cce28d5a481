from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.freshness import awaited, has_state, routemap_staleness, staleness, unread
from iter8_gitops.spec.routemap import Origin
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot, SourceStatus

GOOD = SourceStatus("good", "/good", "abc", read_at=95.0)
FAILING = SourceStatus("bad", "https://example.org/x.git", "abc", 50.0, 60.0, "cannot reach example.org")
FRESH = Snapshot(3, 100.0, (GOOD,))
FAILED = "source https://example.org/x.git has failed since 1970-01-01T00:01:00Z: cannot reach example.org"
SILENT = "the controller has not been heard of for 42 s"


def _state(source: str) -> RoutemapState:
    return RoutemapState("shop", "web", Origin(source, "a.yaml", "abc"), ())


def test_a_board_that_was_never_published_to_has_no_state_and_says_so() -> None:
    assert not has_state(Snapshot())
    assert "nothing has been published yet" in staleness(Snapshot(), 1.0)


def test_an_empty_board_that_was_published_to_is_fresh() -> None:
    assert has_state(FRESH)
    assert staleness(FRESH, 101.0) == ""


def test_a_silent_controller_makes_everything_stale() -> None:
    assert staleness(FRESH, 142.0) == SILENT
    assert routemap_staleness(FRESH, _state("good"), 142.0) == SILENT


def test_a_failing_source_is_named_with_the_time_and_the_reason() -> None:
    assert staleness(replace(FRESH, sources=(GOOD, FAILING)), 101.0) == FAILED


def test_several_reasons_are_all_given() -> None:
    assert staleness(replace(FRESH, sources=(FAILING, GOOD)), 142.0) == f"{SILENT}; {FAILED}"


def test_a_routemap_is_stale_only_when_its_own_source_fails() -> None:
    snapshot = replace(FRESH, sources=(GOOD, FAILING))
    assert routemap_staleness(snapshot, _state("good"), 101.0) == ""
    assert routemap_staleness(snapshot, _state("bad"), 101.0) == FAILED


def test_a_controller_that_never_spoke_is_told_apart_from_one_that_went_silent() -> None:
    assert staleness(replace(FRESH, controller_at=None), 101.0) == "the controller has never been heard of"


@given(st.floats(0, 1e9), st.floats(0, 100))
def test_silence_counts_from_the_timeout_and_clock_skew_is_not_silence(at: float, timeout: float) -> None:
    snapshot = replace(FRESH, controller_at=at)
    assert staleness(snapshot, at - 1000, timeout) == ""
    assert staleness(snapshot, at + timeout + 1, timeout) != ""


def test_a_board_whose_sources_were_never_read_has_no_state_and_says_what_fails() -> None:
    failing = SourceStatus("git", "https://example.org/x.git", failing_since=60.0, message="cannot reach example.org")
    board = Snapshot(1, 100.0, (failing,))
    assert not has_state(board)
    assert staleness(board, 101.0).endswith(FAILED)


def test_every_routemap_depends_on_the_source_that_stands_for_the_cluster() -> None:
    cluster = SourceStatus("cluster", "directory live", "rev", 50.0, 61.0, "it is away", resources=True)
    board = Snapshot(1, 100.0, (SourceStatus("git", "git x", read_at=50.0), cluster))
    assert "it is away" in routemap_staleness(board, _state("git"), 101.0)


NEVER_READ = SourceStatus("new", "git new", failing_since=60.0, message="it is refused")


def test_a_source_that_was_never_read_does_not_hold_up_the_routemaps_of_the_others() -> None:
    board = replace(FRESH, sources=(GOOD, NEVER_READ), routemaps={"shop/web": _state("good")})
    assert has_state(board)
    assert awaited(board) == ""
    assert (
        staleness(board, 101.0)
        == unread(board)
        == "source git new has failed since 1970-01-01T00:01:00Z: it is refused"
    )
    assert routemap_staleness(board, _state("good"), 101.0) == ""


def test_a_source_that_is_being_read_for_a_first_time_is_named() -> None:
    pending = replace(NEVER_READ, failing_since=None, message="")
    board = replace(FRESH, sources=(GOOD, pending), routemaps={"shop/web": _state("good")})
    assert staleness(board, 101.0) == unread(board) == "source git new has not been read yet"


def test_there_is_no_state_while_the_only_routemaps_may_be_in_a_source_that_was_never_read() -> None:
    assert not has_state(replace(FRESH, sources=(GOOD, NEVER_READ)))
    assert unread(FRESH) == ""


def test_there_is_no_state_before_the_cluster_was_seen() -> None:
    unseen = replace(NEVER_READ, name="cluster", resources=True)
    assert not has_state(replace(FRESH, sources=(GOOD, unseen), routemaps={"shop/web": _state("good")}))
