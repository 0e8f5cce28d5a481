"""The contract of a notifier."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import ClassVar, Protocol

import pytest

from iter8_gitops.contracts.notifier import Notice, NoticeKind, Notifier, NotifierSettings
from iter8_gitops.errors import NotDeliveredError
from iter8_gitops.testing.checks import check, missing_fixture, same
from iter8_gitops.testing.http_receiver import HttpReceiver
from iter8_gitops.testing.plugin import PluginContract

NOTICES: tuple[Notice, ...] = (
    Notice(
        NoticeKind.READY,
        "VersionReady",
        "version v1 answers with its declared content",
        at=1_767_225_600.0,
        application="shop/checkout",
        version="v1",
        signature="1f3a9c0d5b7e2468",
        source="routemaps",
        revision="9fceb02d0ae598e95dc970b74767f19372d61af8",
    ),
    Notice(NoticeKind.STALLED, "DeadlineExceeded", "version v1 is not ready after 600 s", at=0.0, application="a/b"),
    Notice(NoticeKind.PROMOTED, "Promoted", "version v1 is the primary now", at=1.5, application="a/b", version="v1"),
    Notice(NoticeKind.PROBLEM, "SourceFailed", "cannot read the source", at=1e10),
    Notice(NoticeKind.PROBLEM, "Odd", '<b>&amp; "quotes" {{ x }} \\ \ud800 użytkownik 🧪', at=1.0, application="a/b"),
    Notice(NoticeKind.PROBLEM, "Long", "x" * 20_000, at=1.0, application="a/b"),
)
"""One of each kind, with everything and with next to nothing, and two that are hard to write down."""

_ONE = NOTICES[0]


class Receiver(Protocol):
    """What a notifier tells, made for one test: it accepts what it is sent, until it is told otherwise."""

    def accept(self) -> None:
        """Accept what is sent (again)."""
        ...

    def refuse(self, *, retry: bool, retry_after: float = 0.0) -> None:
        """Refuse what is sent: for now, asking to wait `retry_after` seconds if it can, or for good."""
        ...

    def hang(self) -> None:
        """Take what is sent and never answer."""
        ...

    def received(self) -> int:
        """How many notices were accepted."""
        ...


class NotifierContract(PluginContract):
    """A plugin with `open_notifier`. Give `plugin` and a fixture `settings`, which asks for `receiver`.

    The receiver is an `HttpReceiver` unless a fixture of that name says otherwise.
    """

    foreign: ClassVar[str] = "no-such-type"
    """A type of notifiers that the plugin leaves to others."""

    seconds: ClassVar[float] = 15.0
    """How long `send` may take when nobody answers."""

    knows_retry_after: ClassVar[bool] = True
    """Whether the receiver can ask to wait."""

    @pytest.fixture
    def receiver(self) -> Iterator[Receiver]:
        """Where the notices go."""
        with HttpReceiver() as receiver:
            yield receiver

    @pytest.fixture
    def settings(self) -> NotifierSettings:
        """The settings of a notifier that tells `receiver`, with every secret that it may have."""
        missing_fixture(self, "settings", "NotifierSettings")

    @pytest.fixture
    def notifier(self, settings: NotifierSettings) -> Iterator[Notifier]:
        """The notifier, opened by the plugin."""
        notifier = self.plugins().open_notifier(settings)
        yield notifier
        notifier.close()

    def test_every_notice_is_delivered_once(self, notifier: Notifier, receiver: Receiver) -> None:
        """Whatever it says."""
        for count, notice in enumerate(NOTICES, start=1):
            try:
                returned: object = notifier.send(notice)  # type: ignore[func-returns-value]  # a plugin may return
            except NotDeliveredError as error:
                check(False, f"{notice!r:.300} is not delivered, though the receiver accepts it: {error}")
                raise
            same(returned, None, "what send returns")
            same(receiver.received(), count, f"the number of deliveries after {notice!r:.300}")

    @pytest.mark.parametrize("retry", [True, False], ids=["for now", "for good"])
    def test_a_refusal_says_whether_to_try_again(
        self, notifier: Notifier, receiver: Receiver, settings: NotifierSettings, retry: bool
    ) -> None:
        """As the receiver says; and the next notice is delivered."""
        receiver.refuse(retry=retry)
        error = _refusal(notifier, settings)
        same(error.retry, retry, f"whether to try again ({error})")
        receiver.accept()
        notifier.send(_ONE)
        same(receiver.received(), 1, "the number of deliveries after a refusal")

    def test_a_refusal_says_how_long_to_wait(
        self, notifier: Notifier, receiver: Receiver, settings: NotifierSettings
    ) -> None:
        """When the receiver says so."""
        if self.knows_retry_after:
            receiver.refuse(retry=True, retry_after=7)
            same(_refusal(notifier, settings).retry_after, 7.0, "the seconds to wait")

    def test_a_receiver_that_never_answers_is_given_up(
        self, notifier: Notifier, receiver: Receiver, settings: NotifierSettings
    ) -> None:
        """In time, and tried again later."""
        receiver.hang()
        started = time.monotonic()
        error = _refusal(notifier, settings)
        took = time.monotonic() - started
        check(took <= self.seconds, f"send took {took:.1f} s, more than {self.seconds:g} s")
        check(error.retry, f"a receiver that does not answer may do so later, so retry must be True ({error})")

    def test_a_notifier_may_be_closed_twice(self, notifier: Notifier) -> None:
        """Also after it was used."""
        notifier.send(_ONE)
        notifier.close()
        notifier.close()

    def test_opening_tells_nobody(self, receiver: Receiver, settings: NotifierSettings) -> None:
        """And does not wait for a receiver that hangs."""
        receiver.hang()
        started = time.monotonic()
        self.plugins().open_notifier(settings).close()
        check(time.monotonic() - started < 2, "opening and closing a notifier waits for the receiver")
        same(receiver.received(), 0, "the number of deliveries")

    def test_other_types_are_left_to_other_plugins(self, settings: NotifierSettings) -> None:
        """None for a type that the plugin does not know."""
        others = NotifierSettings(self.foreign, settings.name, settings.options, settings.secrets)
        answer = self.loaded().ask("open_notifier", settings=others)
        check(answer.value is None and answer.error is None, f"open_notifier answers for the type {self.foreign!r}")


def _refusal(notifier: Notifier, settings: NotifierSettings) -> NotDeliveredError:
    """What `send` raises; its message is for people and shows no secret."""
    try:
        notifier.send(_ONE)
    except NotDeliveredError as error:
        said = str(error)
        check(said and said.isprintable(), f"the message of the error is empty or cannot be printed: {said!r:.300}")
        shown = [name for name, secret in settings.secrets.items() if secret and secret in said]
        check(not shown, f"the message shows the secret {', '.join(shown)}")
        return error
    check(False, "send returned, though the receiver refused the notice")
    raise AssertionError
