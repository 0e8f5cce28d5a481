from __future__ import annotations

import threading
import time

from iter8_gitops.cluster.kubernetes.due import Backoff, DueQueue


def test_items_come_in_the_order_of_their_times() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.add("late", 0.05)
    queue.add("first")
    queue.add("second")
    assert [queue.take(1) for _ in range(3)] == ["first", "second", "late"]
    assert queue.take(0) is None


def test_an_item_is_due_once_at_its_earliest_time() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.add("x", 60)
    queue.add("x")
    queue.add("x", 30)
    assert queue.take(1) == "x"
    assert queue.take(0.02) is None


def test_an_item_that_is_added_while_it_is_worked_on_comes_again() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.add("x")
    assert queue.take(1) == "x"
    queue.add("x")
    assert queue.take(1) == "x"


def test_idle_means_that_nothing_is_due_and_nothing_worked_on() -> None:
    queue: DueQueue[str] = DueQueue()
    idle = [queue.is_idle]
    queue.add("x")
    idle.append(queue.is_idle)
    queue.take(1)
    idle.append(queue.is_idle)
    queue.done()
    queue.add("y", 60)
    idle.append(queue.is_idle)
    assert idle == [True, False, False, True]


def test_adding_and_closing_wake_who_waits() -> None:
    queue: DueQueue[str] = DueQueue()
    taken: list[str | None] = []
    thread = threading.Thread(target=lambda: taken.extend([queue.take(30), queue.take(30)]))
    thread.start()
    time.sleep(0.02)
    queue.add("x")
    time.sleep(0.02)
    queue.close()
    thread.join(5)
    assert taken == ["x", None]


def test_nothing_is_left_after_clearing() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.add("x")
    queue.clear()
    assert queue.take(0) is None
    queue.add("x")
    assert queue.take(1) == "x"


def test_pauses_grow_up_to_a_limit_and_start_anew_after_success() -> None:
    backoff: Backoff[str] = Backoff(0.5, 15)
    pauses = [backoff.pause("x") for _ in range(40)]
    assert 0.25 <= pauses[0] <= 0.5
    assert all(7.5 <= pause <= 15 for pause in pauses[6:])
    assert backoff.pause("x", 3) <= 3
    assert backoff.failures("x") == 41
    backoff.reset("x")
    assert backoff.pause("x") <= 0.5
    assert backoff.pause("y") <= 0.5
