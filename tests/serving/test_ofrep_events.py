"""The events of OFREP under real gunicorn."""

from __future__ import annotations

import signal
import time
from typing import Any

import httpx
import pytest
from falcon.asgi import Response, SSEvent

from iter8_gitops.errors import UnavailableError
from iter8_gitops.serving.http.streams import BoardStreams
from tests.serving.event_streams import Events, stream

pytestmark = pytest.mark.slow
BODY = {"context": {"targetingKey": "u"}}


def stream_of(server: Any) -> str:
    """The stream that an answer names."""
    (named,) = httpx.post(f"{server.url}/ofrep/v1/evaluate/flags", json=BODY).json()["eventStreams"]
    return f"{server.url}{named['endpoint']['requestUri']}"


def test_the_present_state_is_told_at_once_and_every_change_of_what_users_get(
    http: Any, publisher: Any, make_state: Any
) -> None:
    with stream(stream_of(http)) as events:
        etags = [told(http, events)]
        for weights in ((50, 50), (10, 90)):
            publisher.publish({"prod/backend": make_state("prod/backend", weights)}, (), None, time.time())
            etags.append(told(http, events))

    assert len(set(etags)) == 3


def told(server: Any, events: Events) -> str:
    """What the next event says, which only a caller who names the same state may rely on."""
    event: dict[str, str] = events.until("message")
    assert event == {"type": "refetchEvaluation", "etag": f'"{events.id}"'}
    url = f"{server.url}/ofrep/v1/evaluate/flags"
    had = {"If-None-Match": httpx.post(url, json=BODY).headers["ETag"]}
    same, another = (
        httpx.post(url, params={"flagConfigEtag": etag}, json=BODY, headers=had).status_code
        for etag in (event["etag"], '"another"')
    )
    assert (same, another) == (304, 200)
    return event["etag"]


def test_a_heartbeat_of_the_controller_is_no_change(http: Any, publisher: Any) -> None:
    with stream(stream_of(http)) as events:
        assert events.next()[0] == "message"
        publisher.heartbeat(time.time())
        assert events.next()[0] == "comment"


def test_whoever_comes_back_is_told_only_of_another_state(http: Any, publisher: Any, make_state: Any) -> None:
    url = stream_of(http)
    with stream(url) as events:
        events.next()
        seen = events.id

    with stream(url, **{"Last-Event-ID": seen}) as events:
        assert events.next()[0] == "comment"
        publisher.publish({"prod/backend": make_state("prod/backend", (1, 1))}, (), None, time.time())
        events.until("message")
        assert events.id != seen
    with stream(url, **{"Last-Event-ID": seen}) as events:
        assert events.next()[0] == "message"


def test_streams_end_with_the_server(start: Any, state: Any, wait_until_ready: Any) -> None:
    server = start("serve_http", state, http_port=0, workers=1)
    wait_until_ready(server)
    with stream(stream_of(server)) as events:
        events.next()
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(EOFError):
            events.until("never")
        assert server.process.wait(20) == 0
    assert "Traceback" not in server.log.read_text()


def test_all_streams_of_a_process_share_one_bound(bench: Any) -> None:
    streams = BoardStreams(bench.experiments, limit=0)

    with pytest.raises(UnavailableError, match="ask for /ofrep/v1/evaluate/flags instead"):
        streams.open(Response(), SSEvent, "/ofrep/v1/evaluate/flags")
