from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from iter8_gitops.cluster.kubernetes.drain import Departure, Drains
from iter8_gitops.spec.resource import ResourceId

WEB = ResourceId("apps", "Deployment", "shop", "web")
OTHER = ResourceId("apps", "Deployment", "shop", "other")
NEVER = float("inf")


def test_what_was_not_released_never_goes() -> None:
    drains = Drains(10)
    assert drains.departure([("shop/a", WEB)]) == Departure(NEVER)


def test_the_drain_begins_when_routes_are_applied() -> None:
    drains = Drains(10)
    assert drains.release("shop/a", [WEB], 100) == {WEB}
    assert drains.applied("shop/a", [WEB], 103) == {WEB}
    assert drains.departure([("shop/a", WEB)]) == Departure(113)


def test_routes_that_are_applied_again_do_not_begin_it_anew() -> None:
    drains = Drains(10)
    drains.release("shop/a", [WEB], 100)
    drains.applied("shop/a", [WEB], 103)
    assert drains.release("shop/a", [WEB, OTHER], 105) == {OTHER}
    assert drains.applied("shop/a", [WEB, OTHER], 106) == {OTHER}
    assert drains.departure([("shop/a", WEB)]) == Departure(113)


def test_routes_that_cannot_be_applied_delay_it_for_a_minute_at_most() -> None:
    drains = Drains(10)
    drains.release("shop/a", [WEB], 100)
    assert drains.departure([("shop/a", WEB)]) == Departure(170, complete=False)


def test_a_release_that_is_taken_back_counts_from_its_next_time() -> None:
    drains = Drains(10)
    drains.release("shop/a", [WEB], 100)
    drains.applied("shop/a", [WEB], 101)
    drains.release("shop/a", [], 105)
    assert drains.departure([("shop/a", WEB)]) == Departure(NEVER)
    drains.release("shop/a", [WEB], 200)
    assert drains.departure([("shop/a", WEB)]) == Departure(270, complete=False)


def test_routes_decided_before_the_release_do_not_count() -> None:
    drains = Drains(10)
    before = drains.released("shop/a")
    drains.release("shop/a", [WEB], 100)
    assert drains.applied("shop/a", before, 101) == frozenset()
    assert drains.departure([("shop/a", WEB)]) == Departure(170, complete=False)


def test_a_replica_that_takes_over_waits_as_long_as_the_first_one() -> None:
    drains = Drains(10)
    drains.release("shop/a", [WEB], 100)
    drains.applied("shop/a", [WEB], 101)
    drains.restart(500)
    assert drains.departure([("shop/a", WEB)]) == Departure(570, complete=False)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1000), st.one_of(st.none(), st.floats(0, 1000))), min_size=1, max_size=5))
def test_a_resource_waits_for_the_last_of_its_applications(times: list[tuple[float, float | None]]) -> None:
    drains = Drains(10, patience=60)
    expected = 0.0
    for index, (released, after) in enumerate(times):
        drains.release(f"shop/{index}", [WEB], released)
        if after is not None:
            drains.applied(f"shop/{index}", [WEB], released + after)
        expected = max(expected, released + (70 if after is None else after + 10))
    departure = drains.departure([(f"shop/{index}", WEB) for index in range(len(times))])
    assert abs(departure.at - expected) < 1e-6
    assert departure.complete == all(after is not None for _, after in times)
