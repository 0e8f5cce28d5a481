"""Notices on their way to real servers, through the first-party plugins."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from iter8_gitops.contracts.notifier import NoticeKind
from iter8_gitops.hooks import Plugins
from iter8_gitops.runtime.notifying.courier import Counts
from iter8_gitops.runtime.notifying.notifications import Notifications, open_notifications
from tests.plugins.receivers import Receiver, Reply, receiving, unused_port, without_proxies
from tests.plugins.secrecy import assert_hidden, everything_logged
from tests.runtime.notifying import QUICK, configured, eventually, notice

TO_SLACK = "notifiers: [{name: chat, type: slack, url: {fromFile: url}}]\n"
Start = Callable[..., Notifications]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Start]:
    """Starts notifications to the Slack-compatible receiver at an address; at the end, no log line shows its path."""
    without_proxies(monkeypatch)
    caplog.set_level(logging.DEBUG)
    with ExitStack() as stack:

        def start_one(url: str, text: str = TO_SLACK) -> Notifications:
            (tmp_path / "url").write_text(f"{url}/s3cr3t\n")
            opened = open_notifications(configured(tmp_path, text), Plugins.load().open_notifier, patience=QUICK)
            stack.callback(opened.close)
            return opened

        yield start_one
    assert_hidden(everything_logged(caplog))


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("notifier-")]


def test_notices_arrive_in_their_order(start: Start) -> None:
    with receiving() as receiver:
        notifications = start(receiver.url)
        for number in range(50):
            notifications.tell(notice(f"number {number}"))
        notifications.close()
        assert receiver.texts == [f"shop/web: number {number}" for number in range(50)]
    assert notifications.counts() == {"chat": Counts(delivered=50)}
    assert threads() == []


def test_the_order_is_kept_while_the_receiver_fails(start: Start) -> None:
    with receiving(Reply(500), Reply(429), Reply(503), Reply()) as receiver:
        notifications = start(receiver.url)
        for number in range(3):
            notifications.tell(notice(f"{number}"))
        eventually(lambda: notifications.counts()["chat"].delivered == 3)
        assert [text[-1] for text in receiver.texts] == ["0", "0", "0", "0", "1", "2"]


def test_what_a_receiver_asks_for_is_waited(start: Start) -> None:
    with receiving(Reply(429, {"Retry-After": "0.5"}), Reply()) as receiver:
        began = time.monotonic()
        notifications = start(receiver.url)
        notifications.tell(notice("a"))
        notifications.tell(notice("b"))
        eventually(lambda: notifications.counts()["chat"].delivered == 2)
        assert time.monotonic() - began >= 0.5
        assert [text[-1] for text in receiver.texts] == ["a", "a", "b"]


def test_a_receiver_that_was_away_gets_what_happened_meanwhile(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver()
    receiver.port = unused_port()
    notifications = start(receiver.url)
    notifications.tell(notice("a"))
    eventually(lambda: "trying again" in caplog.text)
    receiver.start()
    eventually(lambda: receiver.texts == ["shop/web: a"])
    eventually(lambda: "notifier chat delivers again" in caplog.text)
    receiver.stop()
    said = [record.getMessage() for record in caplog.records if "trying again" in record.getMessage()]
    assert said == [f"notifier chat: trying again in 0 s: {receiver.url} cannot be reached: connection refused"]


def test_a_refusal_is_logged_with_what_to_do_and_the_next_notice_is_tried(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    with receiving(Reply(404, body="no_service"), Reply()) as receiver:
        notifications = start(receiver.url)
        notifications.tell(notice("a"))
        notifications.tell(notice("b"))
        eventually(lambda: notifications.counts() == {"chat": Counts(delivered=1, failed=1)})
        assert (
            f"notifier chat: gave up a notice (ready of shop/web): {receiver.url} answered 404 no_service: "
            "the webhook or its channel is gone"
        ) in caplog.text


def test_a_redirect_gives_the_secret_to_nobody_else(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    with receiving() as elsewhere, receiving(Reply(307, {"Location": f"{elsewhere.url}/s3cr3t"})) as receiver:
        notifications = start(receiver.url)
        notifications.tell(notice())
        eventually(lambda: notifications.counts()["chat"].failed == 1)
    assert elsewhere.requests == []
    assert f"a redirect to {elsewhere.url}, which is not followed" in caplog.text


def test_a_receiver_that_hangs_holds_up_nobody(start: Start) -> None:
    with receiving() as receiver:
        receiver.held.clear()
        notifications = start(receiver.url)
        began = time.monotonic()
        for number in range(500):
            notifications.tell(notice(f"{number}"))
        assert time.monotonic() - began < 1
        eventually(lambda: receiver.requests)
        began = time.monotonic()
        notifications.close()
        assert time.monotonic() - began < 3
        notifications.tell(notice("after the end"))
        receiver.held.set()
        eventually(lambda: not threads())
        counts = notifications.counts()["chat"]
        assert (counts.failed + counts.delivered, counts.dropped, counts.waiting) == (500, 1, 0)
        assert len(receiver.requests) == 1


def test_at_the_end_what_waits_is_tried_once_more(start: Start) -> None:
    receiver = Receiver()
    receiver.port = unused_port()
    notifications = start(receiver.url)
    notifications.tell(notice("a"))
    notifications.tell(notice("b"))
    eventually(lambda: notifications.counts()["chat"].waiting == 2)
    receiver.start()
    notifications.close()
    receiver.stop()
    assert receiver.texts == ["shop/web: a", "shop/web: b"]
    assert threads() == []


def test_the_end_is_prompt_while_nothing_can_be_delivered(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    notifications = start(f"http://127.0.0.1:{unused_port()}")
    for number in range(20):
        notifications.tell(notice(f"{number}"))
    began = time.monotonic()
    notifications.close()
    assert time.monotonic() - began < 3
    assert notifications.counts() == {"chat": Counts(failed=20)}
    assert threads() == []


def test_each_notifier_gets_what_it_wants_and_none_waits_for_another(start: Start, tmp_path: Path) -> None:
    text = """\
notifiers:
  - {name: all, type: slack, url: {fromFile: url}}
  - {name: shop, type: slack, url: {fromFile: url}, applications: ["shop/*"]}
  - {name: bank, type: slack, url: {fromFile: url}, applications: ["bank/*"]}
  - {name: problems, type: slack, url: {fromFile: url}, events: [problem]}
  - {name: slow, type: github-dispatch, repository: a/b, apiUrl: "SLOW", token: {fromFile: url}}
"""
    with receiving() as slow, receiving() as receiver:
        slow.held.clear()
        notifications = start(receiver.url, text.replace("SLOW", slow.url))
        notifications.tell(notice("a"))
        notifications.tell(notice("b", NoticeKind.PROBLEM))
        eventually(lambda: sum(each.delivered for each in notifications.counts().values()) == 5)
        counts = notifications.counts()
        delivered = {name: each.delivered for name, each in counts.items()}
        assert delivered == {"all": 2, "shop": 2, "bank": 0, "problems": 1, "slow": 0}
        eventually(lambda: notifications.counts()["slow"] == Counts(waiting=2))


def test_a_secret_that_was_replaced_in_its_file_is_used_without_a_new_start(start: Start, tmp_path: Path) -> None:
    with receiving(Reply(403)) as old, receiving() as new:
        notifications = start(old.url)
        notifications.tell(notice("a"))
        eventually(lambda: notifications.counts()["chat"].failed == 1)
        (tmp_path / "url").write_text(f"{new.url}/s3cr3t-new\n")
        notifications.tell(notice("b"))
        notifications.tell(notice("c"))
        eventually(lambda: notifications.counts()["chat"] == Counts(delivered=2, failed=1))
        assert [len(old.requests), new.texts] == [2, ["shop/web: b", "shop/web: c"]]


def test_a_secret_that_cannot_be_read_any_more_stays_as_it_was(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with receiving(Reply(403), Reply(403), Reply()) as receiver:
        notifications = start(receiver.url)
        (tmp_path / "url").unlink()
        notifications.tell(notice("a"))
        eventually(lambda: notifications.counts()["chat"].failed == 1)
        (tmp_path / "url").write_text("s3cr3t")
        notifications.tell(notice("b"))
        eventually(lambda: notifications.counts()["chat"].failed == 2)
        notifications.tell(notice("c"))
        eventually(lambda: notifications.counts()["chat"].delivered == 1)
    assert f"notifier chat stays as it was opened: {tmp_path}/config.yaml:1:44: notifiers[0].url: cannot" in caplog.text
    assert "url is no address to post to" in caplog.text


def test_without_notifiers_there_is_nobody_to_tell() -> None:
    notifications = open_notifications((), Plugins.load().open_notifier)
    notifications.tell(notice())
    notifications.close()
    assert notifications.counts() == {}


def test_opening_connects_to_nothing_and_a_check_may_close_at_once(start: Start) -> None:
    with receiving() as receiver:
        start(receiver.url).close()
        assert receiver.requests == []
    assert threads() == []
