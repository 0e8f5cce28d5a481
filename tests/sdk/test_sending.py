"""What a client did reaches the server: once, in order, and whatever happens on the way."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from iter8_gitops.sdk import (
    Client,
    ClientClosedError,
    ConfigurationError,
    InvalidArgumentError,
    NotFoundError,
    OutboxFullError,
    UnavailableError,
)
from iter8_gitops.sdk.backoff import Backoff
from iter8_gitops.spec.state_folder import StateFolder
from tests.sdk.conftest import LossyProxy, Scripted, board, end, eventually
from tests.serving.servers import Server

JSON = {"Content-Type": "application/json"}


def stored(server: Server, application: str = "backend", namespace: str = "prod") -> dict[str, dict[int, int]]:
    """Metric -> version -> how many values the server has."""
    url = f"{server.url}/abnDashboard"
    tables = httpx.get(url, params={"namespace": namespace, "application": application}, timeout=20).json()
    return {
        name: {row["Version"]: row["Count"] for row in table["SummaryOverTransactions"]}
        for name, table in tables.items()
    }


def exposed(server: Server) -> dict[int, int]:
    versions = httpx.get(f"{server.url}/v1/routemaps/prod/backend", timeout=20).json()["versions"]
    return {version["index"]: version["exposedUsers"] for version in versions}


def sent(scripted: Scripted, kind: str) -> list[list[dict[str, Any]]]:
    """The batches of `exposures` or `values` that the scripted server was sent."""
    return [json.loads(body)[kind] for path, body in scripted.script.posted if kind in json.loads(body)]


def problem(status: int, field: str | None, description: str = "cannot be used") -> tuple[int, dict[str, str], bytes]:
    return status, JSON, json.dumps({"title": "Refused", "description": description, "field": field}).encode()


@pytest.mark.slow
def test_exposures_and_values_arrive_and_are_credited_to_what_was_given(
    server: Server, connect: Callable[..., Client]
) -> None:
    client = connect(server.url)
    client.wait_until_ready()
    given: dict[int, int] = {0: 0, 1: 0}
    for number in range(300):
        found = client.lookup("prod/backend", f"user-{number}")
        given[found.version_number] += 1
        client.write_metric("prod/backend", f"user-{number}", "revenue", number)
    client.write_metric("shop", "u", "visits", 1)

    assert client.flush(20)
    assert exposed(server) == given
    assert stored(server) == {"revenue": given}
    assert stored(server, "shop-routemap", "default") == {"visits": {0: 1}}
    status = client.status
    assert (status.waiting, status.trouble, status.refused, status.dropped_exposures) == (0, "", 0, 0)


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_when_answers_are_lost(
    server: Server, lossy: LossyProxy, connect: Callable[..., Client]
) -> None:
    client = connect(lossy.url, streaming=False)
    client.wait_until_ready()
    for number in range(50):
        client.lookup("prod/backend", f"user-{number}")
        client.write_metric("prod/backend", f"user-{number}", "revenue", 1)

    assert client.flush(30)

    assert lossy.lost == 3
    assert sum(exposed(server).values()) == 50
    assert sum(stored(server)["revenue"].values()) == 50


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_when_the_server_is_killed_again_and_again(
    start: Callable[..., Server], state: StateFolder, connect: Callable[..., Client]
) -> None:
    server = start(state)
    client = connect(server.url, flush_seconds=0.01)
    client.wait_until_ready()
    written = 0
    for _ in range(3):
        for _ in range(200):
            client.write_metric("prod/backend", f"user-{written}", "revenue", 1)
            written += 1
        end(server)
        for _ in range(50):
            client.write_metric("prod/backend", f"user-{written}", "revenue", 1)
            written += 1
        server = start(state, http_port=server.port)

    assert client.flush(60)
    assert sum(stored(server)["revenue"].values()) == written


@pytest.mark.slow
def test_a_value_with_a_transaction_of_the_caller_counts_once(server: Server, connect: Callable[..., Client]) -> None:
    clients = [connect(server.url) for _ in range(2)]
    for client in clients:
        client.wait_until_ready()
        for _ in range(3):
            assert client.write_metric("prod/backend", "u", "revenue", 5, transaction="order-1") == "order-1"
        assert client.flush(20)

    assert sum(stored(server)["revenue"].values()) == 1


def test_the_same_is_sent_again_after_an_error_with_the_same_transactions(
    scripted: Scripted, connect: Callable[..., Client]
) -> None:
    client = connect(scripted.url)
    client.wait_until_ready()
    assert client._sender is not None
    client._sender._backoff = Backoff(0.01, 0.05)
    scripted.script.refusals = [
        (500, {}, b"<h1>oops</h1>"),
        (503, {"Retry-After": "0"}, b""),
        (404, {}, b"<h1>no such page</h1>"),
        (401, {}, b""),
        problem(400, None),
        problem(400, "values[99].user"),
        (200 + 4, {}, b""),
    ]
    identities = [client.write_metric("shop/web", f"u{number}", "m", number) for number in range(3)]

    assert client.flush(30)

    batches = sent(scripted, "values")
    assert len(batches) == 8
    assert all(batch == batches[0] for batch in batches)
    assert [value["transaction"] for value in batches[0]] == identities
    assert all(re.fullmatch("[0-9a-f]{32}", identity) for identity in identities)
    assert client.status.refused == 0


def test_what_the_server_refuses_by_name_is_dropped_and_counted_and_the_rest_is_sent(
    scripted: Scripted, connect: Callable[..., Client]
) -> None:
    scripted.script.snapshot = board(7, web=(1, 1), cart=(1, 1))
    client = connect(scripted.url)
    client.wait_until_ready()
    scripted.script.refusals = [
        problem(400, "values[1].user", "values[1].user: is wrong"),
        problem(404, "values[2].application", "no application 'shop/cart'"),
    ]
    for number, application in enumerate(["shop/web", "shop/web", "shop/web", "shop/cart", "shop/cart"]):
        client.write_metric(application, f"u{number}", "m", 1)

    assert client.flush(20)

    assert [[value["user"] for value in batch] for batch in sent(scripted, "values")] == [
        ["u0", "u1", "u2", "u3", "u4"],
        ["u0", "u2", "u3", "u4"],
        ["u0", "u2"],
    ]
    assert (client.status.refused, client.status.refusal) == (3, "no application 'shop/cart'")


def test_exposures_say_all_that_they_are_credited_by_and_only_once_per_user(
    scripted: Scripted, connect: Callable[..., Client]
) -> None:
    client = connect(scripted.url)
    client.wait_until_ready()
    found = [client.lookup("shop/web", user) for user in ("anna", "ben", "anna", "anna")]

    assert client.flush(20)

    state = scripted.script.snapshot.routemaps["shop/web"]
    (batch,) = sent(scripted, "exposures")
    assert batch == [
        {
            "application": "shop/web",
            "user": user,
            "version": answer.version_number,
            "signature": answer.signature,
            "epoch": state.epoch,
            "experiment": state.experiment,
            "cohort": "",
        }
        for user, answer in (("anna", found[0]), ("ben", found[1]))
    ]


def test_a_user_who_gets_another_version_is_exposed_again_and_so_are_all_in_a_new_epoch(
    scripted: Scripted, connect: Callable[..., Client]
) -> None:
    scripted.script.snapshot = board(7, web=(1, 0))
    client = connect(scripted.url)
    client.wait_until_ready()
    client.lookup("shop/web", "anna")
    for sequence, weights in ((8, (0, 1)), (9, (1, 0))):
        scripted.script.snapshot = board(sequence, web=weights)
        eventually(lambda s=sequence: client.status.sequence == s)  # type: ignore[misc]
        client.lookup("shop/web", "anna")
        client.lookup("shop/web", "anna")
    assert client.flush(20)

    assert [one["version"] for batch in sent(scripted, "exposures") for one in batch] == [0, 1, 0]


def test_a_value_is_sent_after_the_exposure_before_it_and_before_the_one_after_it(
    scripted: Scripted, connect: Callable[..., Client]
) -> None:
    scripted.script.snapshot = board(7, web=(1, 0))
    client = connect(scripted.url, flush_seconds=30)
    client.wait_until_ready()
    client.lookup("shop/web", "anna")
    client.write_metric("shop/web", "anna", "m", 1)
    scripted.script.snapshot = board(8, web=(0, 1))
    eventually(lambda: client.status.sequence == 8)
    client.lookup("shop/web", "anna")
    client.write_metric("shop/web", "anna", "m", 2)
    assert client.flush(20)

    order = [(path, json.loads(body)) for path, body in scripted.script.posted]
    assert [
        [one.get("version", one.get("value")) for one in document.get("exposures", document.get("values"))]
        for _, document in order
    ] == [[0], [1.0], [1], [2.0]]


def test_when_too_much_waits_values_are_refused_and_exposures_dropped_and_counted(
    connect: Callable[..., Client], scripted: Scripted
) -> None:
    client = connect(scripted.url, capacity=10, flush_seconds=30)
    client.wait_until_ready()
    for number in range(8):
        client.lookup("shop/web", f"u{number}")
    assert client.status.dropped_exposures == 3
    for number in range(5):
        client.write_metric("shop/web", f"u{number}", "m", 1)
    with pytest.raises(OutboxFullError, match="10 exposures and values wait"):
        client.write_metric("shop/web", "u", "m", 1)
    assert issubclass(OutboxFullError, UnavailableError)

    assert client.flush(20)
    client.write_metric("shop/web", "u", "m", 1)
    client.lookup("shop/web", "u7")
    assert client.flush(20)
    assert len([one for batch in sent(scripted, "values") for one in batch]) == 6
    assert len([one for batch in sent(scripted, "exposures") for one in batch]) == 6


def test_values_are_taken_before_there_is_a_board(scripted: Scripted, connect: Callable[..., Client]) -> None:
    scripted.script.faults = [(500, {}, b"")]
    client = connect(scripted.url)

    client.write_metric("web", "u", "m", 1)

    assert client.flush(20)
    assert sent(scripted, "values")[0][0]["application"] == "web"


@pytest.mark.parametrize(
    ("arguments", "error", "field"),
    [
        (("shop/nobody", "u", "m", 1), NotFoundError, "application"),
        ((None, "u", "m", 1), InvalidArgumentError, "application"),
        (("a/b/c", "u", "m", 1), InvalidArgumentError, "application"),
        (("shop/web", "", "m", 1), InvalidArgumentError, "user"),
        (("shop/web", 5, "m", 1), InvalidArgumentError, "user"),
        (("shop/web", "u", "", 1), InvalidArgumentError, "name"),
        (("shop/web", "u", None, 1), InvalidArgumentError, "name"),
        (("shop/web", "u", "m", "1"), InvalidArgumentError, "value"),
        (("shop/web", "u", "m", True), InvalidArgumentError, "value"),
        (("shop/web", "u", "m", None), InvalidArgumentError, "value"),
        (("shop/web", "u", "m", float("nan")), InvalidArgumentError, "value"),
        (("shop/web", "u", "m", float("inf")), InvalidArgumentError, "value"),
        (("shop/web", "u", "m", 1e101), InvalidArgumentError, "value"),
        (("shop/web", "u", "m", 10**400), InvalidArgumentError, "value"),
        (("shop/web", "u", "m", 1j), InvalidArgumentError, "value"),
        (("shop/web", "u", "m", 1, "t" * 257), InvalidArgumentError, "transaction"),
        (("shop/web", "u", "m", 1, "\0"), InvalidArgumentError, "transaction"),
        (("shop/web", "u", "m", 1, 5), InvalidArgumentError, "transaction"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_at_once_by_name(
    scripted: Scripted, connect: Callable[..., Client], arguments: tuple[Any, ...], error: type[Any], field: str
) -> None:
    client = connect(scripted.url)
    client.wait_until_ready()

    with pytest.raises(error) as refused:
        client.write_metric(*arguments)
    assert refused.value.field == field
    assert client.status.waiting == 0


def test_closing_sends_what_waits_and_lookups_go_on(scripted: Scripted, connect: Callable[..., Client]) -> None:
    client = connect(scripted.url, flush_seconds=30)
    client.wait_until_ready()
    client.lookup("shop/web", "u")
    client.write_metric("shop/web", "u", "m", 1)

    assert client.close(20)

    assert [len(sent(scripted, kind)) for kind in ("exposures", "values")] == [1, 1]
    assert client.lookup("shop/web", "another").application == "shop/web"
    assert client.status.waiting == 0
    with pytest.raises(ClientClosedError):
        client.write_metric("shop/web", "u", "m", 1)
    assert client.close()


def test_closing_gives_up_in_time_and_says_so(scripted: Scripted, connect: Callable[..., Client]) -> None:
    client = connect(scripted.url, flush_seconds=30)
    client.wait_until_ready()
    scripted.script.refusals = [(500, {}, b"")] * 1000
    client.write_metric("shop/web", "u", "m", 1)

    assert not client.close(0.5)
    assert client.status.waiting == 1


def test_reports_may_go_to_another_server(scripted: Scripted, connect: Callable[..., Client], tmp_path: Any) -> None:
    path = tmp_path / "board.json"
    path.write_bytes(scripted.script.get("/v1/snapshot", {})[2])
    client = connect(f"file:{path}", report_to=scripted.url)
    client.lookup("shop/web", "u")
    client.write_metric("shop/web", "u", "m", 1)
    assert client.flush(20)
    assert [path for path, _ in scripted.script.posted] == ["/v1/exposures", "/v1/metrics"]


def test_a_file_alone_takes_no_values(scripted: Scripted, connect: Callable[..., Client], tmp_path: Any) -> None:
    path = tmp_path / "board.json"
    path.write_bytes(scripted.script.get("/v1/snapshot", {})[2])
    client = connect(f"file:{path}")

    client.lookup("shop/web", "u")
    with pytest.raises(ConfigurationError, match="report_to"):
        client.write_metric("shop/web", "u", "m", 1)
    assert (client.status.waiting, client.status.dropped_exposures) == (0, 0)
