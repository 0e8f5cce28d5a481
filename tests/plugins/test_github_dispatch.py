"""Events for GitHub Actions, posted to real servers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields, replace

import pytest
from iter8_gitops_plugins.github_dispatch import payload

from iter8_gitops.contracts.notifier import Notice, NoticeKind, Notifier, NotifierSettings
from iter8_gitops.errors import ConfigurationError, NotDeliveredError
from iter8_gitops.hooks import Plugins
from tests.plugins.receivers import Reply, receiving, without_proxies
from tests.plugins.secrecy import assert_hidden, everything_said

TOKEN = "github_pat_s3cr3t"
NOTICE = Notice(
    NoticeKind.PROMOTED,
    "Promoted",
    "version one-page is promoted: classic has its content now",
    1_800_000_000.7,
    application="shop/checkout",
    version="one-page",
    signature="6344342b00000000",
    source="routemaps",
    revision="1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
)
Open = Callable[..., Notifier]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.fixture
def open_dispatch(plugins: Plugins) -> Iterator[Open]:
    with ExitStack() as stack:

        def open_one(**options: str) -> Notifier:
            notifier = plugins.open_notifier(settings(options))
            stack.callback(notifier.close)
            return notifier

        yield open_one


def settings(options: dict[str, str], secrets: dict[str, str] | None = None) -> NotifierSettings:
    chosen = {"repository": "you/deployments", **options}
    return NotifierSettings("github-dispatch", "actions", chosen, {"token": TOKEN} if secrets is None else secrets)


def failure(notifier: Notifier) -> NotDeliveredError:
    """How a delivery fails; whatever shows of it, the secret does not."""
    with pytest.raises(NotDeliveredError) as caught:
        notifier.send(NOTICE)
    assert_hidden(*everything_said(caught.value))
    return caught.value


def test_a_notice_is_an_event_of_the_repository(open_dispatch: Open) -> None:
    with receiving(Reply(204)) as github:
        open_dispatch(apiUrl=github.url).send(NOTICE)
    (request,) = github.requests
    assert (request.method, request.target) == ("POST", "/repos/you/deployments/dispatches")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["x-github-api-version"] == "2022-11-28"
    assert request.headers["accept"] == "application/vnd.github+json"
    assert request.headers["user-agent"].startswith("iter8-gitops/")
    assert request.json == {
        "event_type": "iter8-promoted",
        "client_payload": {
            "kind": "promoted",
            "reason": "Promoted",
            "message": "version one-page is promoted: classic has its content now",
            "at": "2027-01-15T08:00:00Z",
            "application": "shop/checkout",
            "version": "one-page",
            "signature": "6344342b00000000",
            "source": "routemaps",
            "revision": "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
        },
    }


def test_the_payload_has_every_field_always_and_as_many_as_github_takes() -> None:
    bare = payload(Notice(NoticeKind.PROBLEM, "Problem", "", 0.0))
    assert set(bare) == {field.name for field in fields(Notice)}
    assert len(bare) <= 10


def test_the_payload_is_bounded() -> None:
    long = payload(replace(NOTICE, message="ü\n" * 100_000, version="v" * 10_000))
    assert max(map(len, long.values())) == 1000


def test_the_type_of_the_event_can_be_chosen(open_dispatch: Open) -> None:
    with receiving(Reply(204)) as github:
        open_dispatch(apiUrl=f"{github.url}/api/v3/", eventType="shop").send(NOTICE)
    (request,) = github.requests
    assert request.target == "/api/v3/repos/you/deployments/dispatches"
    assert request.json["event_type"] == "shop"


def test_without_an_address_it_is_that_of_github(open_dispatch: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nothing leaves this machine
    assert str(failure(open_dispatch())).startswith("https://api.github.com cannot be reached: the proxy")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "the token is not valid, or has expired: give another one as the secret"),
        (
            403,
            "the token may not send events to you/deployments: it needs `Contents: write` on it "
            "(a fine-grained token or an app), or the scope `repo` (a classic token)",
        ),
        (
            404,
            "there is no you/deployments, or the token may not see it: it needs `Contents: write` on it "
            "(a fine-grained token or an app), or the scope `repo` (a classic token)",
        ),
        (422, "you/deployments takes no events of this form; is it archived?"),
        (200, "is `apiUrl` that of GitHub's API?"),
        (400, "is `apiUrl` that of GitHub's API?"),
    ],
)
def test_a_refusal_is_final_and_says_what_to_do(status: int, said: str, open_dispatch: Open) -> None:
    with receiving(Reply(status, body='{"message": "s3cr3t"}')) as github:
        error = failure(open_dispatch(apiUrl=github.url))
    assert not error.retry
    assert str(error) == f"{github.url} answered {status}: {said}"


def test_a_rate_limit_is_waited_for(open_dispatch: Open) -> None:
    reset = str(int(time.time()) + 120)
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    left = {"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": reset}
    secondary = {"Retry-After": "60", **left}
    replies = (Reply(403, spent), Reply(429, spent), Reply(403, secondary), Reply(403, left))
    with receiving(*replies) as github:
        notifier = open_dispatch(apiUrl=github.url)
        first, second, third, fourth = (failure(notifier) for _ in replies)
    assert first.retry
    assert first.retry_after == pytest.approx(120, abs=5)
    assert second.retry_after == pytest.approx(120, abs=5)
    assert (third.retry, third.retry_after) == (True, 60.0)
    assert not fourth.retry


def test_a_renamed_repository_is_found_but_its_token_goes_nowhere_else(open_dispatch: Open) -> None:
    with receiving() as elsewhere:
        replies = (Reply(307, {"Location": "/repositories/1/dispatches"}), Reply(204))
        with receiving(*replies) as github:
            open_dispatch(apiUrl=github.url).send(NOTICE)
            assert [request.target for request in github.requests][-1] == "/repositories/1/dispatches"
        with receiving(Reply(307, {"Location": f"{elsewhere.url}/repositories/1/dispatches"})) as github:
            error = failure(open_dispatch(apiUrl=github.url))
    assert not error.retry
    assert f"a redirect to {elsewhere.url}, which is not followed" in str(error)
    assert elsewhere.requests == []


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_outage_of_github_is_to_be_tried_again(status: int, open_dispatch: Open) -> None:
    with receiving(Reply(status), Reply(204)) as github:
        notifier = open_dispatch(apiUrl=github.url)
        assert failure(notifier).retry
        notifier.send(NOTICE)


@pytest.mark.parametrize(
    ("options", "secrets", "said"),
    [
        ({"repository": "deployments"}, None, "repository is none: write OWNER/NAME"),
        ({"repository": "you/.."}, None, "repository is none: write OWNER/NAME"),
        ({"repository": "https://github.com/you/deployments"}, None, "repository is none: write OWNER/NAME"),
        ({"repository": "you/a?b"}, None, "repository is none: write OWNER/NAME"),
        ({}, {}, "token is missing: write token: {fromEnv: NAME} or {fromFile: PATH}"),
        (
            {"token": TOKEN},
            {},
            "token is a secret, which must not stand here: write token: {fromEnv: NAME} or {fromFile: PATH}",
        ),
        ({}, {"token": "s3cr3t\nX-More: y"}, "token holds characters that no token has; is it the right"),
        ({}, {"token": "s3cr3tü"}, "token holds characters that no token has; is it the right"),
        ({"apiUrl": "api.github.com"}, None, "apiUrl is no address to post to: write https://HOST/PATH"),
        ({"apiUrl": "https://you:s3cr3t@ghe.example"}, None, "apiUrl is no address to post to"),
        ({"eventType": "x" * 101}, None, "eventType is longer than the 100 characters that GitHub takes"),
        ({"event_type": "x"}, None, "event_type is an unknown option (did you mean `eventType`? valid options:"),
        ({}, {"token": TOKEN, "apiUrl": "https://s3cr3t"}, "apiUrl is not a secret: write it as text"),
    ],
)
def test_mistakes_in_the_configuration_are_told(
    options: dict[str, str], secrets: dict[str, str] | None, said: str, plugins: Plugins
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        plugins.open_notifier(settings(options, secrets))
    assert str(caught.value).startswith(said)
    assert_hidden(*everything_said(caught.value))


def test_the_repository_must_be_named(plugins: Plugins) -> None:
    with pytest.raises(ConfigurationError, match=r"^repository is missing$"):
        plugins.open_notifier(NotifierSettings("github-dispatch", "actions", {}, {"token": TOKEN}))


def test_nothing_shows_the_token(open_dispatch: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with receiving(Reply(204), Reply(404)) as github:
        notifier = open_dispatch(apiUrl=github.url)
        notifier.send(NOTICE)
        failure(notifier)
    assert_hidden(caplog.text, repr(notifier), repr(settings({})))
