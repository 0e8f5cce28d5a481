"""What a client makes of answers and silences that are not what it asked for."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.errors import (
    FieldConflict,
    KubeConflictError,
    KubeError,
    KubeForbiddenError,
    KubeGoneError,
    KubeInvalidError,
    KubeNotFoundError,
    KubeUnreachableError,
)
from iter8_gitops.kube.streams import WatchStream
from tests.kube.fake_api import (
    Answer,
    FakeApi,
    Request,
    answer,
    config_map,
    config_map_list,
    event,
    fake_api,
    status_answer,
    write_kubeconfig,
)

_CONFIG_MAPS = "/api/v1/configmaps"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FakeApi]:
    with fake_api(tmp_path, lambda _: answer({})) as api:
        yield api


def _says(api: FakeApi, said: Answer) -> None:
    api.handler = lambda _: said


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (400, KubeInvalidError),
        (401, KubeForbiddenError),
        (403, KubeForbiddenError),
        (404, KubeNotFoundError),
        (409, KubeConflictError),
        (410, KubeGoneError),
        (413, KubeInvalidError),
        (415, KubeInvalidError),
        (418, KubeError),
        (422, KubeInvalidError),
        (429, KubeUnreachableError),
        (500, KubeUnreachableError),
        (504, KubeUnreachableError),
    ],
)
def test_a_status_becomes_an_error_with_its_words(api: FakeApi, code: int, expected: type[KubeError]) -> None:
    _says(api, status_answer(code, "SomeReason", "what is wrong"))

    with pytest.raises(KubeError) as caught:
        api.client().get("/api/v1/pods/a")

    assert type(caught.value) is expected
    assert (caught.value.status, caught.value.reason, caught.value.message) == (code, "SomeReason", "what is wrong")


def test_a_patch_that_does_not_fit_its_type_is_invalid_whatever_its_status(api: FakeApi) -> None:
    message = "failed to create typed patch object: .spec.x: field not declared in schema"
    _says(api, status_answer(500, "InternalError", message))

    with pytest.raises(KubeInvalidError, match="field not declared"):
        api.client().apply("/api/v1/namespaces/a/configmaps/b", {}, field_manager="m")


def test_a_page_of_html_is_not_repeated(api: FakeApi) -> None:
    _says(api, Answer(502, b"<html><body><h1>Bad Gateway</h1></body></html>", {"Content-Type": "text/html"}))

    with pytest.raises(KubeUnreachableError) as caught:
        api.client().get("/api")

    assert caught.value.message == "the server answered 502 Bad Gateway"
    assert caught.value.status == 502


def test_a_short_text_is_repeated_and_a_long_one_cut(api: FakeApi) -> None:
    _says(api, Answer(500, b"database\nis on fire" + b"!" * 5000))

    with pytest.raises(KubeUnreachableError, match="500 Internal Server Error: database is on fire!!") as caught:
        api.client().get("/api")

    assert len(caught.value.message) < 400


@pytest.mark.parametrize("body", [b"", b'{"kind": "ConfigMap", "da', b"<html>", b"[1, 2]", b"null", b"\xff\xfe"])
def test_a_success_that_is_no_json_object_is_not_taken(api: FakeApi, body: bytes) -> None:
    _says(api, Answer(200, body))

    with pytest.raises(KubeUnreachableError, match="did not answer with JSON"):
        api.client().get("/api")


@pytest.mark.parametrize("status", [404, 500])
@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b'{"kind": "Status"', b'{"kind": "Status"}', b"[]"])
def test_a_failure_without_a_readable_body_is_still_that_failure(api: FakeApi, status: int, body: bytes) -> None:
    _says(api, Answer(status, body))

    with pytest.raises(KubeError, match=str(status)) as caught:
        api.client().get("/api")

    assert caught.value.status == status


def test_a_body_shorter_than_announced_is_a_cut_connection(api: FakeApi) -> None:
    _says(api, Answer(200, b'{"kind"', {"Content-Length": "1000"}, cut=True))

    with pytest.raises(KubeUnreachableError, match="cannot reach"):
        api.client().get("/api")


def test_retry_after_is_passed_on(api: FakeApi) -> None:
    _says(api, Answer(429, b"slow down", {"Retry-After": "7"}))

    with pytest.raises(KubeUnreachableError) as caught:
        api.client().get("/api")

    assert caught.value.retry_after == 7.0


def test_nothing_is_tried_again(api: FakeApi) -> None:
    _says(api, Answer(429, b"", {"Retry-After": "0"}))
    client = api.client()

    for call in (client.get, client.list):
        with pytest.raises(KubeUnreachableError):
            call("/api/v1/pods")

    assert len(api.requests) == 2


def test_a_redirect_is_not_followed(api: FakeApi) -> None:
    _says(api, Answer(302, b"", {"Location": f"{api.url}/login"}))

    with pytest.raises(KubeError, match="302 Found"):
        api.client().get("/api")

    assert api.paths() == ["/api"]


def test_conflicting_fields_are_named_with_their_managers(api: FakeApi) -> None:
    def cause(field: str, message: str, reason: str = "FieldManagerConflict") -> dict[str, str]:
        return {"reason": reason, "field": field, "message": message}

    causes = [
        cause(".spec.replicas", 'conflict with "kubectl-edit" using apps/v1 at 2021-01-01T00:00:00Z'),
        cause(".data.x", r'conflict with "a \"quoted\" one"'),
        cause(".data.y", 'conflict with "hpa" with subresource "scale" using autoscaling/v1'),
        cause(".data.z", "in words that nobody foresaw"),
        cause(".data", "something else", "FieldValueInvalid"),
    ]
    body = {"kind": "Status", "message": "conflicts", "reason": "Conflict", "details": {"causes": causes}}
    _says(api, answer(body, 409))

    with pytest.raises(KubeConflictError) as caught:
        api.client().apply("/api/v1/namespaces/a/configmaps/b", {}, field_manager="m")

    assert caught.value.conflicts == (
        FieldConflict(".spec.replicas", "kubectl-edit", "Update"),
        FieldConflict(".data.x", 'a "quoted" one', "Apply"),
        FieldConflict(".data.y", "hpa", "Update"),
        FieldConflict(".data.z", "", "Apply"),
    )


def test_a_refused_connection_is_said_in_words(tmp_path: Path) -> None:
    with fake_api(tmp_path, lambda _: answer({})) as api:
        client = api.client()

    late = api.client()
    with pytest.raises(KubeUnreachableError) as caught:
        late.get("/api")
    with pytest.raises(KubeUnreachableError, match="closed"):
        client.get("/api")
    late.close()

    assert caught.value.message == f"cannot reach {api.url}: connection refused"
    assert caught.value.status == 0


def test_a_silent_server_is_given_up_after_the_timeout(api: FakeApi) -> None:
    done = threading.Event()
    api.handler = lambda _: answer({"waited": done.wait(10)})
    began = time.monotonic()

    with pytest.raises(KubeUnreachableError, match="no answer in time"):
        api.client().get("/api", timeout=0.3)

    done.set()
    assert time.monotonic() - began < 3


def test_a_server_that_drips_is_given_up_after_the_timeout(api: FakeApi) -> None:
    def drip() -> Iterator[bytes]:
        for _ in range(100):
            time.sleep(0.05)
            yield b" "

    api.handler = lambda _: Answer(chunks=drip())
    began = time.monotonic()

    with pytest.raises(KubeUnreachableError, match="no answer in time"):
        api.client().get("/api", timeout=0.4)

    assert time.monotonic() - began < 3


def test_what_is_not_http_is_no_answer(tmp_path: Path) -> None:

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")

        server = threading.Thread(target=serve)
        server.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client = KubeClient.connect(kubeconfig=str(write_kubeconfig(tmp_path, url)))
        with pytest.raises(KubeUnreachableError, match="cannot reach"):
            client.get("/api", timeout=3)
        server.join()
        client.close()


def test_a_list_that_is_too_old_between_two_pages_begins_again_without_pages(api: FakeApi) -> None:
    first = {
        "kind": "ConfigMapList",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "5", "continue": "token"},
        "items": [config_map("a", 1)],
    }

    def handler(request: Request) -> Answer:
        params = request.params
        if "continue" in params:
            return status_answer(410, "Expired", "too old")
        return answer(first) if "limit" in params else config_map_list(9, config_map("a", 1), config_map("b", 7))

    api.handler = handler

    listing = api.client().list(_CONFIG_MAPS, {"labelSelector": "x=y"})

    assert [each["metadata"]["name"] for each in listing.objects] == ["a", "b"]
    assert listing.resource_version == "9"
    assert all(request.params["labelSelector"] == "x=y" for request in api.requests)


def test_kind_and_version_are_filled_in_only_where_they_lack(api: FakeApi) -> None:
    bare = {"metadata": {"name": "a"}}
    whole = {"kind": "Other", "apiVersion": "x/v2", "metadata": {"name": "b"}}
    _says(api, answer({"kind": "ThingList", "apiVersion": "x/v1", "metadata": {}, "items": [bare, whole]}))

    objects = api.client().list("/apis/x/v1/things").objects

    assert [(each["apiVersion"], each["kind"]) for each in objects] == [("x/v1", "Thing"), ("x/v2", "Other")]


@pytest.mark.parametrize("items", [5, {"a": 1}, ["text"], [None]])
def test_a_list_of_what_are_no_objects_is_an_error(api: FakeApi, items: object) -> None:
    _says(api, answer({"kind": "ThingList", "apiVersion": "x/v1", "metadata": {}, "items": items}))

    with pytest.raises(KubeUnreachableError, match="no list"):
        api.client().list("/apis/x/v1/things")


def test_a_list_of_null_is_empty(api: FakeApi) -> None:
    _says(api, answer({"kind": "ThingList", "apiVersion": "x/v1", "metadata": {"resourceVersion": "1"}, "items": None}))

    assert api.client().list("/apis/x/v1/things").objects == []


def test_events_may_come_in_pieces_of_any_size(api: FakeApi) -> None:
    text = event("ADDED", config_map("a", 1, text="ä" * 50)) + event("BOOKMARK", {"metadata": {"resourceVersion": "2"}})
    chunks = [text[at : at + 7] for at in range(0, len(text), 7)]
    _says(api, Answer(chunks=chunks))

    with api.client().watch(_CONFIG_MAPS, read_timeout=5) as stream:
        events = list(stream)

    assert [each.type for each in events] == ["ADDED", "BOOKMARK"]
    assert events[0].object["data"] == {"text": "ä" * 50}
    assert api.requests[0].params["watch"] == "true"


def test_an_error_event_is_the_error_that_it_holds(api: FakeApi) -> None:
    gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
    _says(api, Answer(chunks=[event("ADDED", config_map("a", 1)), event("ERROR", gone)]))

    seen: list[str] = []

    with (
        api.client().watch(_CONFIG_MAPS, read_timeout=5) as stream,
        pytest.raises(KubeGoneError, match="too old resource version"),
    ):
        seen.extend(each.type for each in stream)

    assert seen == ["ADDED"]


@pytest.mark.parametrize(
    "chunk",
    [
        b"{]\n",
        b'"text"\n',
        b"\xff\n",
        b'{"type": "ADDED"}\n',
        b'{"type": "ADDED", "object": {}}\n',
        b'{"type": "ADDED", "object": 5}\n',
        b'{"type": "ADDED", "object": {"metadata": 1}}\n',
        b'{"type": "ERROR", "object": "x"}\n',
    ],
)
def test_what_is_no_event_is_an_error(api: FakeApi, chunk: bytes) -> None:
    _says(api, Answer(chunks=[chunk]))

    with api.client().watch(_CONFIG_MAPS, read_timeout=5) as stream, pytest.raises(KubeError):
        list(stream)


@pytest.mark.parametrize("rest", [b"", b'{"type": "ADDED", "obj'])
def test_a_watch_that_is_cut_is_unreachable(api: FakeApi, rest: bytes) -> None:
    chunks = [event("ADDED", config_map("a", 1)), rest] if rest else [event("ADDED", config_map("a", 1))]
    _says(api, Answer(chunks=chunks, cut=True))
    seen: list[str] = []

    with api.client().watch(_CONFIG_MAPS, read_timeout=5) as stream, pytest.raises(KubeUnreachableError) as caught:
        seen.extend(each.type for each in stream)

    assert seen == ["ADDED"]
    assert "literal" not in caught.value.message, "it says what happened, not what Python makes of it"


def test_a_watch_that_ends_within_an_event_was_cut(api: FakeApi) -> None:
    _says(api, Answer(chunks=[json.dumps({"type": "ADDED"}).encode()]))

    with (
        api.client().watch(_CONFIG_MAPS, read_timeout=5) as stream,
        pytest.raises(KubeUnreachableError, match="cut short"),
    ):
        list(stream)


def test_a_silent_watch_is_given_up(api: FakeApi) -> None:
    done = threading.Event()

    def wait() -> Iterator[bytes]:
        yield event("ADDED", config_map("a", 1))
        done.wait(10)

    api.handler = lambda _: Answer(chunks=wait())

    with (
        api.client().watch(_CONFIG_MAPS, read_timeout=0.3) as stream,
        pytest.raises(KubeUnreachableError, match="no answer in time"),
    ):
        list(stream)
    done.set()


@pytest.mark.parametrize(("talks", "ends"), [(False, True), (True, False)])
def test_a_watch_is_given_up_that_is_as_silent_as_a_request_without_answer(
    api: FakeApi, talks: bool, ends: bool
) -> None:
    done = threading.Event()

    def speak() -> Iterator[bytes]:
        yield event("ADDED", config_map("a", 1))
        while not done.wait(0.05):
            if talks:
                yield event("MODIFIED", config_map("a", 1))

    def hang() -> Iterator[bytes]:
        done.wait(10)
        yield b"{}"

    api.handler = lambda request: Answer(chunks=speak() if "watch" in request.params else hang())
    client = api.client()
    seen: list[object] = []
    with client.watch(_CONFIG_MAPS, read_timeout=30) as stream:
        reader = threading.Thread(target=_read, args=(stream, seen))
        reader.start()
        with pytest.raises(KubeUnreachableError, match="no answer in time"):
            client.get("/version", timeout=0.5)
        reader.join(0.5)
        assert reader.is_alive() is not ends
        stream.close()
        reader.join()
    done.set()
    assert isinstance(seen[-1], KubeUnreachableError) is ends


def _read(stream: WatchStream, seen: list[object]) -> None:
    try:
        seen.extend(stream)
    except KubeError as error:
        seen.append(error)


def test_closing_a_watch_ends_it_in_another_thread_without_an_error(api: FakeApi) -> None:
    done = threading.Event()

    def wait() -> Iterator[bytes]:
        yield event("ADDED", config_map("a", 1))
        done.wait(10)

    api.handler = lambda _: Answer(chunks=wait())
    stream = api.client().watch(_CONFIG_MAPS, read_timeout=30)
    closer = threading.Timer(0.3, stream.close)
    closer.start()
    began = time.monotonic()

    assert len(list(stream)) == 1

    assert time.monotonic() - began < 3
    assert list(stream) == []
    closer.join()
    done.set()


def test_a_watch_that_nobody_reads_can_be_closed(api: FakeApi) -> None:
    _says(api, Answer(chunks=[event("ADDED", config_map("a", 1))]))

    stream = api.client().watch(_CONFIG_MAPS, read_timeout=5)
    stream.close()
    stream.close()

    assert list(stream) == []


@pytest.mark.parametrize("name", ["", ".", "..", "../../secrets/x", "a//b"])
def test_a_name_cannot_lead_to_another_object(api: FakeApi, name: str) -> None:
    with pytest.raises(KubeInvalidError, match="not the path of an object"):
        api.client().get(f"/api/v1/namespaces/a/configmaps/{name}")

    assert api.requests == []


def test_a_name_is_quoted(api: FakeApi) -> None:
    api.client().get("/api/v1/namespaces/a/configmaps/x?y=1#z %2e ü")

    assert api.paths() == ["/api/v1/namespaces/a/configmaps/x%3Fy=1%23z%20%252e%20%C3%BC"]
    assert api.requests[0].params == {}


def test_an_object_that_is_no_json_is_invalid(api: FakeApi) -> None:
    with pytest.raises(KubeInvalidError, match="cannot be written as JSON"):
        api.client().create(_CONFIG_MAPS, {"data": {"day": dt.date(2020, 1, 1)}})


def test_the_token_is_sent_and_never_told(api: FakeApi) -> None:
    _says(api, Answer(401, b"Unauthorized"))

    with pytest.raises(KubeForbiddenError) as caught:
        api.client().get("/api")

    assert api.requests[0].headers["Authorization"] == "Bearer secret-token"
    assert api.requests[0].headers["User-Agent"].startswith("iter8-gitops/")
    assert "secret-token" not in str(caught.value)


@pytest.mark.parametrize(("status", "ready"), [(200, True), (500, False), (429, False), (403, True), (404, True)])
def test_readiness_is_what_the_server_says_if_it_says_anything(api: FakeApi, status: int, ready: bool) -> None:
    _says(api, Answer(status, b"ok"))

    assert api.client().is_ready() is ready
