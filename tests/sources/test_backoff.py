from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.sources.backoff import Backoff


def test_the_first_retry_is_quick_and_later_ones_double_up_to_the_ceiling() -> None:
    backoff = Backoff(first=1, base=10, ceiling=60, jitter=lambda: 0.0)
    assert [backoff.next_delay() for _ in range(6)] == [1, 10, 20, 40, 60, 60]


def test_a_success_starts_over() -> None:
    backoff = Backoff(first=1, base=10, ceiling=60, jitter=lambda: 0.0)
    backoff.next_delay()
    backoff.next_delay()
    backoff.reset()
    assert backoff.next_delay() == 1


def test_the_first_retry_is_never_slower_than_the_polling() -> None:
    assert Backoff(first=1, base=0.2, ceiling=60, jitter=lambda: 0.0).next_delay() == 0.2


def test_a_polling_interval_above_the_ceiling_is_kept() -> None:
    backoff = Backoff(first=1, base=900, ceiling=300, jitter=lambda: 0.0)
    assert [backoff.next_delay() for _ in range(3)] == [1, 900, 900]


@given(st.floats(min_value=0, max_value=1, exclude_max=True), st.integers(1, 30))
def test_jitter_shortens_a_delay_by_at_most_half(jitter: float, failures: int) -> None:
    steady = Backoff(first=1, base=10, ceiling=300, jitter=lambda: 0.0)
    shaken = Backoff(first=1, base=10, ceiling=300, jitter=lambda: jitter)
    for _ in range(failures):
        delay = steady.next_delay()
        assert delay / 2 <= shaken.next_delay() <= delay


def test_two_processes_do_not_wait_alike() -> None:
    delays = {Backoff(first=1, base=10, ceiling=300).next_delay() for _ in range(20)}
    assert len(delays) > 1
