"""The suite for notifiers: a good one passes, and each kind of mistake is found and explained."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from types import SimpleNamespace
from typing import NoReturn

import pytest
import urllib3

from iter8_gitops.contracts.notifier import Notice, Notifier, NotifierSettings
from iter8_gitops.errors import NotDeliveredError
from iter8_gitops.hooks import hookimpl
from iter8_gitops.testing import HttpReceiver, NotifierContract
from tests.testing.running import complaints

SECRET = "s3cret"
SECONDS = 1.5


class Webhook:
    """Sends JSON; subclasses make a mistake each."""

    timeout = 0.5

    def __init__(self, settings: NotifierSettings) -> None:
        self._url = f"{settings.options['url']}/{settings.secrets['token']}"
        self._pool = urllib3.PoolManager(timeout=self.timeout, retries=False)

    def send(self, notice: Notice) -> None:
        try:
            answer = self._pool.request("POST", self._url, body=json.dumps(asdict(notice)).encode())
        except urllib3.exceptions.HTTPError as error:
            self.failed(f"the webhook does not answer: {type(error).__name__}", retry=True)
        if answer.status >= 400:
            self.refused(answer.status, answer.headers)

    def refused(self, status: int, headers: object) -> None:
        after = float(getattr(headers, "get", dict[str, str]().get)("Retry-After") or 0)
        self.failed(f"the webhook answers {status}", retry=status >= 500, retry_after=after)

    def failed(self, message: str, *, retry: bool, retry_after: float = 0.0) -> NoReturn:
        raise NotDeliveredError(message, retry=retry, retry_after=retry_after)

    def close(self) -> None:
        self._pool.clear()


class SaysNothing(Webhook):
    def refused(self, status: int, headers: object) -> None:
        pass


class AlwaysRetries(Webhook):
    def refused(self, status: int, headers: object) -> None:
        self.failed("refused", retry=True)


class DoesNotWait(Webhook):
    def refused(self, status: int, headers: object) -> None:
        self.failed("refused", retry=status >= 500)


class TellsItsSecret(Webhook):
    def refused(self, status: int, headers: object) -> None:
        self.failed(f"{self._url} answers {status}", retry=status >= 500)


class GivesUpForGood(Webhook):
    def failed(self, message: str, *, retry: bool, retry_after: float = 0.0) -> NoReturn:
        super().failed(message, retry=retry and "not answer" not in message, retry_after=retry_after)


class WaitsForEver(Webhook):
    timeout = 2.5


class SendsTwice(Webhook):
    def send(self, notice: Notice) -> None:
        super().send(notice)
        super().send(notice)


class CannotSpell(Webhook):
    def send(self, notice: Notice) -> None:
        notice.message.encode()
        super().send(notice)


class ClosesOnce(Webhook):
    closed = False

    def close(self) -> None:
        if self.closed:
            raise RuntimeError("closed already")
        self.closed = True
        super().close()


class TellsWhenOpened(Webhook):
    def __init__(self, settings: NotifierSettings) -> None:
        super().__init__(settings)
        time.sleep(2.1)


def said_of(notifier: type[Webhook], *, greedy: bool = False, only: str = "") -> dict[str, str]:
    """What fails, each test having a receiver and a notifier of its own."""

    @hookimpl
    def open_notifier(settings: NotifierSettings) -> Notifier | None:
        return notifier(settings) if greedy or settings.type == "webhook" else None

    plugin = SimpleNamespace(open_notifier=open_notifier)
    contract = type("TestWebhook", (NotifierContract,), {"plugin": plugin, "seconds": SECONDS})
    said: dict[str, str] = {}
    for name in [only] if only else [name for name in dir(NotifierContract) if name.startswith("test_")]:
        for retry in (True, False) if "try_again" in name else (True,):
            with HttpReceiver() as receiver:
                settings = NotifierSettings("webhook", "team", {"url": receiver.url}, {"token": SECRET})
                opened = notifier(settings) if notifier is not TellsWhenOpened else None
                fixtures = {"receiver": receiver, "settings": settings, "notifier": opened, "retry": retry}
                said |= complaints(contract, fixtures, only=name)
                if opened is not None and notifier is not ClosesOnce:
                    opened.close()
    return said


def test_a_good_notifier_passes() -> None:
    assert said_of(Webhook) == {}


MISTAKES: dict[type[Webhook], tuple[str, str]] = {
    SaysNothing: ("test_a_refusal_says_whether_to_try_again", "send returned, though the receiver refused the notice"),
    AlwaysRetries: ("test_a_refusal_says_whether_to_try_again", "whether to try again (refused): True"),
    DoesNotWait: ("test_a_refusal_says_how_long_to_wait", "the seconds to wait: 0.0, but it should be 7.0"),
    TellsItsSecret: ("test_a_refusal_says_whether_to_try_again", "the message shows the secret token"),
    GivesUpForGood: ("test_a_receiver_that_never_answers_is_given_up", "retry must be True"),
    WaitsForEver: ("test_a_receiver_that_never_answers_is_given_up", "s, more than 1.5 s"),
    SendsTwice: ("test_every_notice_is_delivered_once", "the number of deliveries after Notice("),
    CannotSpell: ("test_every_notice_is_delivered_once", "surrogates not allowed"),
    ClosesOnce: ("test_a_notifier_may_be_closed_twice", "closed already"),
    TellsWhenOpened: ("test_opening_tells_nobody", "opening and closing a notifier waits for the receiver"),
}


@pytest.mark.parametrize("notifier", MISTAKES, ids=lambda notifier: notifier.__name__)
def test_a_mistake_is_found_and_explained(notifier: type[Webhook]) -> None:
    found_by, said = MISTAKES[notifier]
    assert said in said_of(notifier, only=found_by).get(found_by, "")


def test_a_plugin_that_takes_every_type_is_found() -> None:
    found_by = "test_other_types_are_left_to_other_plugins"
    said = said_of(Webhook, greedy=True, only=found_by)
    assert said == {found_by: "open_notifier answers for the type 'no-such-type'"}


@pytest.mark.parametrize("success", [200, 204])
def test_the_receiver_keeps_what_it_accepted(success: int) -> None:
    with HttpReceiver(success) as receiver:
        pool = urllib3.PoolManager(retries=False)
        pool.request("POST", f"{receiver.url}/hook?x=1", body=b"one", headers={"X-Token": "a"})
        receiver.refuse(retry=False)
        assert pool.request("PUT", receiver.url, body=b"two").status == 400
        receiver.accept()
        assert pool.request("PUT", receiver.url, body=b"three").status == success
        pool.clear()
    first, second = receiver.requests
    assert (first.method, first.path, first.headers["X-Token"]) == ("POST", "/hook?x=1", "a")
    assert (first.body, second.body) == (b"one", b"three")
