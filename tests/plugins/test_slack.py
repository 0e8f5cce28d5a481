"""Messages to Slack-compatible webhooks, posted to real servers."""

from __future__ import annotations

import logging
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.utils import formatdate

import pytest
import urllib3
from iter8_gitops_plugins.slack import LONGEST, message

from iter8_gitops.contracts.notifier import Notice, NoticeKind, Notifier, NotifierSettings
from iter8_gitops.errors import ConfigurationError, NotDeliveredError
from iter8_gitops.hooks import Plugins
from tests.plugins.receivers import LOCALHOST, Receiver, Reply, receiving, unused_port, without_proxies
from tests.plugins.secrecy import assert_hidden, everything_said
from tests.sources.servers import hang

PATH = "/services/s3cr3tT/B0001/s3cr3tpath?key=s3cr3tquery"
NOTICE = Notice(
    NoticeKind.READY,
    "Ready",
    "version one-page is ready",
    1_800_000_000.0,
    application="shop/checkout",
    version="one-page",
    signature="6344342b00000000",
    source="routemaps",
    revision="1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
)
Open = Callable[[str], Notifier]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.fixture
def open_slack(plugins: Plugins) -> Iterator[Open]:
    with ExitStack() as stack:

        def open_one(url: str) -> Notifier:
            notifier = plugins.open_notifier(settings(secrets={"url": url}))
            stack.callback(notifier.close)
            return notifier

        yield open_one


def settings(options: dict[str, str] | None = None, secrets: dict[str, str] | None = None) -> NotifierSettings:
    return NotifierSettings("slack", "team-chat", options or {}, secrets or {})


def failure(notifier: Notifier) -> NotDeliveredError:
    """How a delivery fails; whatever shows of it, the secret does not."""
    with pytest.raises(NotDeliveredError) as caught:
        notifier.send(NOTICE)
    assert_hidden(*everything_said(caught.value))
    return caught.value


def test_a_notice_is_posted_as_one_line_of_text_and_nothing_else(open_slack: Open) -> None:
    with receiving() as receiver:
        open_slack(receiver.url + PATH).send(NOTICE)
    (request,) = receiver.requests
    assert (request.method, request.target) == ("POST", PATH)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("iter8-gitops/")
    assert request.json == {"text": "shop/checkout: version one-page is ready (signature 6344342b, revision 1a2b3c4)"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a & b <https://evil.example|here> c", "a &amp; b &lt;https://evil.example|here&gt; c"),
        ("&lt;", "&amp;lt;"),
        ("<!channel> @here @Everyone someone@allied.example", None),
        ("x" * LONGEST, "x" * LONGEST),
        ("x" * (LONGEST + 1), "x" * (LONGEST - 1) + "…"),
        ("&" * 1000, "&amp;" * 399 + "…"),
    ],
)
def test_texts_are_shown_as_they_are_and_cut_between_escapes(text: str, shown: str | None) -> None:
    found = message(text)
    if shown is None:
        assert found.replace("\u200b", "|") == "&lt;!channel&gt; @|here @|Everyone someone@allied.example"
    else:
        assert found == shown
    assert len(found) <= LONGEST


def test_every_status_of_success_is_one(open_slack: Open) -> None:
    with receiving(Reply(204), Reply(201), Reply(200, body="ok")) as receiver:
        notifier = open_slack(receiver.url)
        for _ in range(3):
            notifier.send(NOTICE)
    assert len(receiver.requests) == 3


@pytest.mark.parametrize(
    ("reply", "wait"),
    [
        (Reply(429, {"Retry-After": "7"}), 7.0),
        (Reply(429, {"Retry-After": "0.35"}), 0.35),
        (Reply(429), 0.0),
        (Reply(429, {"Retry-After": "soon"}), 0.0),
        (Reply(429, {"Retry-After": "-5"}), 0.0),
        (Reply(429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), 0.0),
        (Reply(429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3"}), 3.0),
        (Reply(429, {"X-RateLimit-Remaining": "4", "X-RateLimit-Reset": "3"}), 0.0),
        (Reply(403, {"Retry-After": "60"}), 60.0),
        (Reply(408), 0.0),
        (Reply(500), 0.0),
        (Reply(503, {"Retry-After": "2"}), 2.0),
    ],
)
def test_what_may_pass_is_to_be_tried_again_after_the_time_that_the_receiver_asks_for(
    reply: Reply, wait: float, open_slack: Open
) -> None:
    with receiving(reply) as receiver:
        error = failure(open_slack(receiver.url + PATH))
    assert (error.retry, error.retry_after) == (True, wait)
    assert str(error) == f"{receiver.url} answered {reply.status}"


def test_a_date_to_try_again_at_is_a_time_to_wait(open_slack: Open) -> None:
    with receiving(Reply(503, {"Retry-After": formatdate(time.time() + 90, usegmt=True)})) as receiver:
        error = failure(open_slack(receiver.url + PATH))
    assert error.retry_after == pytest.approx(90, abs=5)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(404, body="no_service"), "answered 404 no_service: the webhook or its channel is gone"),
        (Reply(410, body="channel_is_archived"), "answered 410 channel_is_archived: the webhook or its channel is"),
        (Reply(403, body="<p>Cannot POST s3cr3tpath</p>"), "answered 403: the webhook or its channel is gone"),
        (Reply(400, body="invalid_payload"), "answered 400 invalid_payload: it does not take messages as Slack does"),
        (Reply(404, body="services"), "answered 404: the webhook"),
    ],
)
def test_a_refusal_is_final_and_says_what_to_do(reply: Reply, said: str, open_slack: Open) -> None:
    with receiving(reply) as receiver:
        error = failure(open_slack(receiver.url + PATH))
    assert not error.retry
    assert str(error).startswith(f"{receiver.url} {said}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(status: int, open_slack: Open) -> None:
    with receiving() as elsewhere, receiving(Reply(status, {"Location": f"{elsewhere.url}/s3cr3tpath"})) as receiver:
        error = failure(open_slack(receiver.url + PATH))
    assert elsewhere.requests == []
    assert not error.retry
    assert str(error) == (
        f"{receiver.url} answered {status}, a redirect to {elsewhere.url}, which is not followed: "
        "configure the address that is meant"
    )


def test_a_redirect_on_the_same_host_is_followed_but_not_for_ever(open_slack: Open) -> None:
    with receiving(Reply(307, {"Location": "/new?s3cr3t"}), Reply(308, {"Location": "newer"}), Reply()) as receiver:
        open_slack(receiver.url + PATH).send(NOTICE)
        assert [request.target for request in receiver.requests] == [PATH, "/new?s3cr3t", "/newer"]
        assert receiver.texts[0] == receiver.texts[2]
    with receiving(Reply(307, {"Location": "/again"})) as receiver:
        assert not failure(open_slack(receiver.url + PATH)).retry
        assert len(receiver.requests) == 4


@pytest.mark.parametrize("location", ["http://[", "//user:s3cr3t@127.0.0.1/", "http://\x7f/", "http://a b/"])
def test_a_redirect_to_nowhere_is_a_refusal(location: str, open_slack: Open) -> None:
    with receiving(Reply(307, {"Location": location})) as receiver:
        error = failure(open_slack(receiver.url + PATH))
    assert "a redirect to another address" in str(error)


def test_a_receiver_that_is_away_is_to_be_tried_again(open_slack: Open) -> None:
    url = f"http://127.0.0.1:{unused_port()}"
    error = failure(open_slack(url + PATH))
    assert error.retry
    assert str(error) == f"{url} cannot be reached: connection refused"


def test_a_name_that_does_not_exist_is_told(open_slack: Open) -> None:
    error = failure(open_slack(f"https://hooks.invalid{PATH}"))
    assert error.retry
    assert str(error) == "https://hooks.invalid cannot be reached: its name cannot be resolved"


def test_a_receiver_that_hangs_is_given_up(open_slack: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    soon = urllib3.Timeout(connect=0.2, read=0.2)
    monkeypatch.setattr("iter8_gitops_plugins.webhooks.connections._TIMEOUT", soon)
    with hang() as port:
        error = failure(open_slack(f"http://127.0.0.1:{port}{PATH}"))
    assert error.retry
    assert str(error) == f"http://127.0.0.1:{port} cannot be reached: no answer within 10 s"


def test_what_speaks_no_http_is_told(open_slack: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        notifier = open_slack(f"http://127.0.0.1:{port}{PATH}")
        listener.close()
    assert failure(notifier).retry
    with receiving() as receiver:
        error = failure(open_slack(f"https://127.0.0.1:{receiver.port}{PATH}"))
    assert error.retry
    assert "no trusted TLS connection" in str(error)


def test_a_certificate_must_be_trusted(open_slack: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(tls=True) as receiver:
        error = failure(open_slack(receiver.url + PATH))
        assert error.retry
        assert re.match(f"{receiver.url} cannot be reached: no trusted TLS connection: self.signed", str(error))
        assert receiver.requests == []
        monkeypatch.setenv("SSL_CERT_FILE", str(LOCALHOST))
        open_slack(receiver.url + PATH).send(NOTICE)
        assert [request.target for request in receiver.requests] == [PATH]


def test_a_proxy_of_the_environment_is_used_except_for_hosts_that_need_none(
    open_slack: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as proxy, receiving() as receiver:
        monkeypatch.setenv("HTTP_PROXY", f"http://user:word@127.0.0.1:{proxy.port}")
        open_slack(f"http://hooks.invalid{PATH}").send(NOTICE)
        (request,) = proxy.requests
        assert request.target == f"http://hooks.invalid{PATH}"
        assert request.headers["proxy-authorization"] == "Basic dXNlcjp3b3Jk"
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        open_slack(receiver.url).send(NOTICE)
        assert len(receiver.requests) == 1
        assert len(proxy.requests) == 1


def test_a_proxy_that_is_away_or_refuses_is_told_without_its_password(
    open_slack: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:s3cr3t@127.0.0.1:{unused_port()}")
    error = failure(open_slack(f"https://hooks.invalid{PATH}"))
    assert str(error) == (
        "https://hooks.invalid cannot be reached: the proxy that the environment names cannot be used"
    )
    monkeypatch.setenv("HTTPS_PROXY", "socks5://user:s3cr3t@127.0.0.1:1080")
    with pytest.raises(ConfigurationError, match=r"^the proxy that the environment names for https://hooks.invalid"):
        open_slack(f"https://hooks.invalid{PATH}")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3cr3t",
        "hooks.slack.com/s3cr3t",
        "ftp://hooks.example/s3cr3t",
        "https:///s3cr3t",
        "https://user:s3cr3t@hooks.example/",
        "https://hooks.example/s3cr3t#here",
        "https://hooks.example:99999/s3cr3t",
        "https://[s3cr3t/",
        "https://hooks.example/s3cr3t\nX: y",
        "https://hööks.example/s3cr3t",
        "https://hooks.example/ s3cr3t",
        f"https://{'a' * 70}.example/%zzs3cr3t:\\",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str, plugins: Plugins) -> None:
    with pytest.raises(ConfigurationError) as caught:
        plugins.open_notifier(settings(secrets={"url": url})).send(NOTICE)
    assert str(caught.value).startswith("url is no address to post to: write https://HOST/PATH")
    assert_hidden(*everything_said(caught.value))


@pytest.mark.parametrize(
    ("options", "secrets", "said"),
    [
        (
            {"url": "https://hooks.example/s3cr3t"},
            {},
            "url is a secret, which must not stand here: write url: {fromEnv: NAME} or {fromFile: PATH}",
        ),
        ({}, {}, "url is missing: write url: {fromEnv: NAME} or {fromFile: PATH}"),
        (
            {"channel": "#shop"},
            {"url": "https://hooks.example/"},
            "channel is an unknown option (valid options: url)",
        ),
        ({}, {"urll": "s3cr3t"}, "urll is an unknown option (did you mean `url`? valid options: url)"),
    ],
)
def test_mistakes_in_the_configuration_are_told(
    options: dict[str, str], secrets: dict[str, str], said: str, plugins: Plugins
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        plugins.open_notifier(settings(options, secrets))
    assert str(caught.value) == said
    assert_hidden(*everything_said(caught.value))


def test_no_log_line_holds_the_address_while_others_still_log(
    open_slack: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    broken = {"Bad Header\r\n :": "x"}
    with receiving(Reply(), Reply(200, broken), Reply(404), Reply(307, {"Location": PATH}), Reply()) as receiver:
        notifier = open_slack(receiver.url + PATH)
        notifier.send(NOTICE)
        notifier.send(NOTICE)
        failure(notifier)
        notifier.send(NOTICE)
        notifier.close()
        failure(open_slack(f"http://127.0.0.1:{unused_port()}{PATH}"))
        assert_hidden(caplog.text)
        with urllib3.PoolManager() as others:
            others.request("GET", f"{receiver.url}/of-others")
    assert "/of-others" in caplog.text


def test_nothing_shows_the_address(open_slack: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    notifier = open_slack(f"https://hooks.invalid{PATH}")
    assert_hidden(repr(notifier), str(notifier), repr(settings(secrets={"url": PATH})), caplog.text)


def test_other_types_are_not_for_this_plugin() -> None:
    plugins = Plugins.load()
    with pytest.raises(ConfigurationError, match="no plugin knows notifiers of the type 'teams'"):
        plugins.open_notifier(NotifierSettings("teams", "x"))


def test_a_receiver_may_go_and_come_back(open_slack: Open) -> None:
    receiver = Receiver()
    receiver.start()
    notifier = open_slack(receiver.url + PATH)
    notifier.send(NOTICE)
    receiver.stop()
    assert failure(notifier).retry
    receiver.start()
    notifier.send(NOTICE)
    receiver.stop()
    assert len(receiver.requests) == 2
