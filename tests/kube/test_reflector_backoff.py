"""How long is waited between tries."""

from __future__ import annotations

from iter8_gitops.kube.backoff import Backoff


def test_delays_double_up_to_the_longest_and_begin_anew_after_a_success() -> None:
    backoff = Backoff(0.2, 3.0, jitter=lambda: 1.0)

    delays = [backoff.next_delay() for _ in range(7)]
    backoff.reset()

    assert delays == [0.2, 0.4, 0.8, 1.6, 3.0, 3.0, 3.0]
    assert backoff.next_delay() == 0.2


def test_any_part_of_a_delay_is_possible() -> None:
    parts = iter([0.0, 0.5])
    backoff = Backoff(2.0, 8.0, jitter=lambda: next(parts))

    assert backoff.next_delay() == 0.0
    assert backoff.next_delay() == 2.0


def test_a_long_delay_is_at_least_half_the_longest() -> None:
    assert Backoff(0.2, 3.0, jitter=lambda: 0.0).long_delay() == 1.5
    assert Backoff(0.2, 3.0, jitter=lambda: 1.0).long_delay() == 3.0
