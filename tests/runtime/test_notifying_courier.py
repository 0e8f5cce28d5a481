"""Queues, tries and plugins that misbehave."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from iter8_gitops.contracts.notifier import Notice, NoticeKind
from iter8_gitops.errors import ConfigurationError, NotDeliveredError
from iter8_gitops.runtime.notifying.courier import Counts, Patience
from iter8_gitops.runtime.notifying.notifications import Notifications, open_notifications
from iter8_gitops.runtime.notifying.repetitions import Repetitions
from tests.plugins.secrecy import assert_hidden, everything_logged
from tests.runtime.notifying import QUICK, Scripted, configured, eventually, notice

ONE = "notifiers: [{name: one, type: scripted, token: {fromEnv: NOTIFIER_TOKEN}}]\n"
Start = Callable[..., Notifications]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Start]:
    """Starts notifications to one notifier that does as a script says; at the end, no log line shows its secret."""
    monkeypatch.setenv("NOTIFIER_TOKEN", "s3cr3t")
    caplog.set_level(logging.DEBUG)
    with ExitStack() as stack:

        def start_one(plugin: Scripted, patience: Patience = QUICK, **options: object) -> Notifications:
            configurations = configured(tmp_path, ONE)
            opener = plugin.plugins().open_notifier
            opened = open_notifications(configurations, opener, patience=patience, **options)  # type: ignore[arg-type]  # as the test says
            stack.callback(opened.close)
            return opened

        yield start_one
    assert_hidden(everything_logged(caplog))


def refuse(told: Notice) -> None:
    raise NotDeliveredError(f"{told.message}: refused", retry=False)


def be_away(_told: Notice) -> None:
    raise NotDeliveredError("it is away", retry=True)


class Gate:
    """A script that notes what comes, and lets nothing through until it is opened."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self.open = threading.Event()

    def __call__(self, told: Notice) -> None:
        self.came.append(told.message)
        self.open.wait(10)


def test_what_is_too_much_is_dropped_and_told_once_per_burst(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    notifications = start(Scripted(gate), capacity=10)
    notifications.tell(notice("first"))
    eventually(lambda: gate.came)
    for number in range(100):
        notifications.tell(notice(f"{number}"))
    assert notifications.counts() == {"one": Counts(dropped=90, waiting=11)}
    assert caplog.text.count("notifier one: notices are dropped, because 10 wait already") == 1
    gate.open.set()
    eventually(lambda: notifications.counts() == {"one": Counts(delivered=11, dropped=90)})
    assert gate.came == ["first", *(str(number) for number in range(10))]
    gate.open.clear()
    notifications.tell(notice("second"))
    eventually(lambda: gate.came[-1] == "second")
    for number in range(12):
        notifications.tell(notice(f"{number}"))
    assert caplog.text.count("notices are dropped") == 2
    gate.open.set()


def test_a_notice_is_given_up_after_so_many_tries(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    tried: list[str] = []

    def script(told: Notice) -> None:
        tried.append(told.message)
        if told.message == "a":
            be_away(told)

    notifications = start(Scripted(script), replace(QUICK, tries=4))
    notifications.tell(notice("a"))
    notifications.tell(notice("b"))
    eventually(lambda: notifications.counts() == {"one": Counts(delivered=1, failed=1)})
    assert tried == ["a"] * 4 + ["b"]
    assert caplog.text.count("trying again") == 1
    assert "notifier one: gave up a notice (ready of shop/web): it is away" in caplog.text


def test_a_notice_is_given_up_after_so_long(start: Start) -> None:
    tried: list[str] = []

    def script(told: Notice) -> None:
        tried.append(told.message)
        be_away(told)

    notifications = start(Scripted(script), Patience(tries=1000, seconds=0.3, first=0.05, base=0.05, ceiling=0.1))
    began = time.monotonic()
    notifications.tell(notice("a"))
    notifications.tell(notice("b"))
    eventually(lambda: notifications.counts()["one"].failed == 2)
    assert time.monotonic() - began < 5
    assert set(tried) == {"a"}


@pytest.mark.parametrize("asked", [float("inf"), 1e9])
def test_who_asks_for_too_much_time_gets_only_as_much_as_a_notice_has(asked: float, start: Start) -> None:
    def script(told: Notice) -> None:
        if told.message == "a":
            raise NotDeliveredError("later", retry=True, retry_after=asked)

    notifications = start(Scripted(script), replace(QUICK, seconds=0.2))
    notifications.tell(notice("a"))
    eventually(lambda: notifications.counts()["one"].failed == 1)
    notifications.tell(notice("b"))
    eventually(lambda: notifications.counts()["one"].delivered == 1)


@pytest.mark.parametrize("asked", [float("nan"), -5.0, None, "soon"])
def test_what_is_no_time_is_taken_for_none(asked: object, start: Start) -> None:
    tries: list[Notice] = []

    def script(told: Notice) -> None:
        tries.append(told)
        if len(tries) == 1:
            raise NotDeliveredError("later", retry=True, retry_after=asked)  # type: ignore[arg-type]  # a plugin's mistake

    notifications = start(Scripted(script))
    notifications.tell(notice("a"))
    eventually(lambda: notifications.counts()["one"].delivered == 1)


@pytest.mark.parametrize("error", [ValueError("s3cr3t"), SystemExit("s3cr3t"), KeyError("s3cr3t")])
def test_a_plugin_that_breaks_costs_its_notice_and_is_named_without_its_words(
    error: BaseException, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    def script(told: Notice) -> None:
        if told.message == "a":
            raise error

    notifications = start(Scripted(script))
    notifications.tell(notice("a"))
    notifications.tell(notice("b"))
    eventually(lambda: notifications.counts() == {"one": Counts(delivered=1, failed=1)})
    assert (
        "notifier one: gave up a notice (ready of shop/web): plugin tests.runtime.notifying (_ScriptedNotifier) broke: "
        f"{type(error).__name__} in test_notifying_courier.py line "
    ) in caplog.text


def test_a_plugin_that_says_its_secret_is_not_quoted_with_it(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    def script(_told: Notice) -> None:
        raise NotDeliveredError("no: s3cr3t\nforged line", retry=False)

    notifications = start(Scripted(script))
    notifications.tell(notice("a"))
    eventually(lambda: notifications.counts()["one"].failed == 1)
    assert "gave up a notice (ready of shop/web): no: *** forged line" in caplog.text


def test_a_plugin_that_breaks_when_it_is_closed_is_told(
    start: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def close(_notifier: object) -> None:
        raise ValueError("s3cr3t")

    monkeypatch.setattr("tests.runtime.notifying._ScriptedNotifier.close", close)
    start(Scripted(refuse)).close()
    assert "notifier one: plugin tests.runtime.notifying (_ScriptedNotifier) broke: ValueError in" in caplog.text


def test_a_notifier_is_closed_once_at_the_end_and_when_another_cannot_be_opened(start: Start, tmp_path: Path) -> None:
    plugin = Scripted(refuse)
    notifications = start(plugin)
    notifications.close()
    notifications.close()
    assert plugin.closed == 1
    two = configured(tmp_path, "notifiers: [{type: scripted}, {type: other}]")
    with pytest.raises(ConfigurationError, match="no plugin knows notifiers of the type 'other'"):
        open_notifications(two, plugin.plugins().open_notifier)
    assert plugin.closed == 2


def test_new_secrets_are_looked_for_only_when_a_notice_is_refused_for_good(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies: list[Callable[[Notice], None]] = [be_away, refuse, lambda _: None]
    plugin = Scripted(lambda told: replies.pop(0)(told))
    notifications = start(plugin)
    monkeypatch.setenv("NOTIFIER_TOKEN", "s3cr3t-new")
    notifications.tell(notice("a"))
    eventually(lambda: notifications.counts() == {"one": Counts(delivered=1)})
    assert [settings.secrets["token"] for settings in plugin.opened] == ["s3cr3t", "s3cr3t-new"]
    assert plugin.closed == 1


def test_a_problem_is_told_once_in_ten_minutes_and_other_news_each_time(start: Start) -> None:
    gate = Gate()
    gate.open.set()
    now = [0.0]
    notifications = start(Scripted(gate), repetitions=Repetitions(clock=lambda: now[0]))
    for _ in range(3):
        notifications.tell(notice("broken", NoticeKind.PROBLEM))
        notifications.tell(replace(notice("broken", NoticeKind.PROBLEM), at=7.0, revision="other"))
        notifications.tell(notice("ready"))
    notifications.tell(notice("also broken", NoticeKind.PROBLEM))
    now[0] = 599.9
    notifications.tell(notice("broken", NoticeKind.PROBLEM))
    now[0] = 600.0
    notifications.tell(notice("broken", NoticeKind.PROBLEM))
    notifications.close()
    assert gate.came == ["broken", "ready", "ready", "ready", "also broken", "broken"]


def test_only_so_many_problems_are_remembered() -> None:
    repetitions = Repetitions(clock=lambda: 0.0)
    problems = [notice(f"{number}", NoticeKind.PROBLEM) for number in range(10_001)]
    assert not any(repetitions.is_one(each) for each in problems)
    assert repetitions.is_one(problems[1])
    assert not repetitions.is_one(problems[0])


def test_many_threads_may_tell_at_once(start: Start) -> None:
    gate = Gate()
    gate.open.set()
    notifications = start(Scripted(gate))

    def tell(name: str) -> None:
        for number in range(100):
            notifications.tell(notice(f"{name} {number}"))

    threads = [threading.Thread(target=tell, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    notifications.close()
    assert notifications.counts() == {"one": Counts(delivered=400)}
    assert [message for message in gate.came if message.startswith("a")] == [f"a {number}" for number in range(100)]
