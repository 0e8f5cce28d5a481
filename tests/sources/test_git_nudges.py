"""A look that another process asks for by touching a file."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Source
from iter8_gitops.sources.git.nudges import SPACING_SECONDS, Nudges
from iter8_gitops.sources.git.source import GitSource
from iter8_gitops.spec.tree import SourceFailure
from tests.sources.following import Following, contents
from tests.sources.repositories import Repository

Follow = Callable[[Source], Following]
MakeSource = Callable[..., GitSource]
LONG = 30.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "nudges"


def touch(file: Path) -> None:
    """Touch a file as another process would; the times of two touches differ."""
    time.sleep(0.01)
    file.touch()


def seconds_of(nudges: Nudges, seconds: float = 2.0) -> float:
    """How long a wait takes."""
    began = time.monotonic()
    nudges.wait(seconds)
    return time.monotonic() - began


def test_a_touch_ends_the_wait_within_half_a_second(file: Path) -> None:
    nudges = Nudges(file, threading.Event())
    touched = threading.Timer(0.3, file.touch)
    touched.start()
    assert 0.2 < seconds_of(nudges) < 0.9
    touched.join()


def test_without_a_touch_the_wait_takes_its_time(file: Path) -> None:
    file.touch()
    assert seconds_of(Nudges(file, threading.Event()), 0.5) >= 0.5
    assert seconds_of(Nudges(None, threading.Event()), 0.5) >= 0.5


def test_one_touch_is_answered_once(file: Path) -> None:
    nudges = Nudges(file, threading.Event())
    touch(file)
    assert seconds_of(nudges) < 0.9
    nudges.look_begins()
    assert seconds_of(nudges, SPACING_SECONDS + 0.5) >= SPACING_SECONDS + 0.5


def test_a_touch_during_a_look_is_answered_after_it(file: Path) -> None:
    nudges = Nudges(file, threading.Event())
    nudges.look_begins()
    touch(file)
    assert seconds_of(nudges) < 0.9


def test_many_touches_make_one_look_a_second(file: Path) -> None:
    nudges = Nudges(file, threading.Event())
    began = time.monotonic()
    looks = []
    while time.monotonic() < began + 2.5:
        touch(file)
        nudges.wait(0.5 + SPACING_SECONDS)
        looks.append(time.monotonic())
        nudges.look_begins()
    assert all(later - earlier >= SPACING_SECONDS * 0.99 for earlier, later in pairwise(looks))


def test_a_file_that_is_replaced_or_comes_back_counts_and_one_that_goes_does_not(file: Path) -> None:
    file.touch()
    nudges = Nudges(file, threading.Event())
    file.unlink()
    assert seconds_of(nudges, 0.5) >= 0.5
    other = file.with_name("other")
    other.touch()
    os.utime(other, (1, 1))
    other.rename(file)
    assert seconds_of(nudges) < 0.9


def test_a_stop_ends_the_wait(file: Path) -> None:
    stop = threading.Event()
    nudges = Nudges(file, stop)
    threading.Timer(0.2, stop.set).start()
    assert seconds_of(nudges) < 0.9


def test_a_source_looks_when_it_is_nudged(
    repository: Repository, git_source: MakeSource, follow: Follow, file: Path
) -> None:
    repository.commit({"a.yaml": "one"})
    following = follow(git_source(repository.path, interval=LONG, nudges=file))
    first = following.tree()
    repository.commit({"a.yaml": "two"})
    touch(file)
    began = time.monotonic()
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}
    assert time.monotonic() - began < 5


def test_a_source_that_fails_looks_when_it_is_nudged(
    repository: Repository, git_source: MakeSource, follow: Follow, file: Path
) -> None:
    following = follow(git_source(repository.path, interval=LONG, backoff=None, nudges=file))
    assert isinstance(following.next(), SourceFailure)
    assert isinstance(following.next(), SourceFailure)  # After a second; the next look is half a minute away.
    repository.commit({"a.yaml": "one"})
    touch(file)
    assert contents(following.tree()) == {"a.yaml": "one"}
