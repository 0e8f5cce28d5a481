"""A client answers what the server answers: for any user and application, before and after changes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.sdk import Client, InvalidArgumentError, NotFoundError
from iter8_gitops.spec.routemap import Rule, Targeting
from tests.sdk.conftest import eventually
from tests.serving.boards import make_state
from tests.serving.servers import Server

ALPHABET = "abcXYZ019 -_./@äßλ中😀"
NAMES = ("prod/backend", "shop", "default/shop", "shop-routemap", "prod/aimed", "prod/nobody", "prod/new")
ATTRIBUTES: tuple[dict[str, Any], ...] = (
    {},
    {"group": "staff"},
    {"group": "staff", "age": 30},
    {"age": 30.0},
    {"beta": True},
    {"group": "else"},
)
TARGETING = Targeting(
    overrides=(("anna", 1), ("ben", 0)),
    holdout=0.5,
    rules=(
        Rule("staff", (("age", ("30",)), ("group", ("staff",))), 1),
        Rule("beta", (("beta", ("true",)),), 1),
    ),
)


def users(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    made = ["".join(chance.choices(ALPHABET, k=chance.randint(1, 40))) for _ in range(count)]
    return [*made, "anna", "ben"]


class Answers:
    """Asks both, and compares what they say."""

    def __init__(self, server: Server, client: Client) -> None:
        self._http = httpx.Client(base_url=server.url, timeout=20)
        self._client = client

    def of_the_server(self, application: str, user: str, attributes: Any) -> tuple[Any, ...]:
        body = {"application": application, "user": user, "attributes": attributes}
        answer = self._http.post("/v1/lookup", json=body)
        found = answer.json()
        if answer.status_code != 200:
            return (answer.status_code, found["field"], found["description"])
        keys = ("application", "versionNumber", "versionName", "signature", "stale", "reason")
        return (200, *(found[key] for key in keys), found.get("rule") or "")

    def of_the_client(self, application: str, user: str, attributes: Any) -> tuple[Any, ...]:
        try:
            found = self._client.lookup(application, user, attributes)
        except InvalidArgumentError as error:
            return (400, error.field, str(error))
        except NotFoundError as error:
            return (404, error.field, error.message)
        return (
            200,
            found.application,
            found.version_number,
            found.version_name,
            found.signature,
            found.stale,
            found.reason.value,
            found.rule,
        )

    def agree(self, seed: int) -> set[tuple[Any, ...]]:
        """Compare many lookups. Returns the different answers."""
        given = set()
        chance = random.Random(seed)
        for user in users(seed, 60):
            question = (chance.choice(NAMES), user, chance.choice(ATTRIBUTES))
            answer = self.of_the_client(*question)
            assert answer == self.of_the_server(*question), question
            given.add(answer)
        return given

    def close(self) -> None:
        self._http.close()


@pytest.mark.slow
def test_client_and_server_give_the_same_answers_before_and_after_changes(
    server: Server, publisher: BoardPublisher, connect: Callable[..., Client]
) -> None:
    client = connect(server.url)
    client.wait_until_ready()
    answers = Answers(server, client)

    def published(changed: dict[str, Any], removed: tuple[str, ...] = ()) -> None:
        sequence = publisher.publish(changed, removed, None, time.time())
        # The server first: it passes on what it has seen.
        eventually(lambda: client.status.sequence == sequence)

    assert {answer[0] for answer in answers.agree(1)} == {200, 404}

    aimed = replace(make_state("prod/aimed", (60, 40)), targeting=TARGETING)
    published({"prod/aimed": aimed})
    publisher.heartbeat(time.time())
    assert {answer[6] for answer in answers.agree(2) if answer[0] == 200} == {"random", "override", "holdout", "rule"}

    published({"prod/backend": make_state("prod/backend", (10, 90)), "prod/aimed": replace(aimed, salt="new")})
    answers.agree(3)

    published({"prod/new": make_state("prod/new", (0, 1))}, ("default/shop-routemap",))
    answers.agree(4)

    for application, user in (
        ("", "u"),
        ("a/b/c", "u"),
        ("prod/backend", ""),
        ("prod/backend", "x" * 513),
        ("shop", "\0"),
    ):
        assert answers.of_the_client(application, user, {}) == answers.of_the_server(application, user, {})
    answers.close()


@pytest.mark.slow
def test_both_say_at_the_same_time_that_an_answer_is_stale(
    server: Server, publisher: BoardPublisher, connect: Callable[..., Client]
) -> None:
    client = connect(server.url)
    client.wait_until_ready()
    answers = Answers(server, client)
    question: tuple[str, str, dict[str, Any]] = ("prod/backend", "u", {})
    assert answers.of_the_client(*question)[5] is answers.of_the_server(*question)[5] is False

    publisher.heartbeat(time.time() - 60)

    eventually(lambda: answers.of_the_server(*question)[5])
    eventually(lambda: answers.of_the_client(*question)[5])
    assert "the controller has not been heard of for" in client.status.reason
    answers.close()


def test_an_answer_cannot_be_changed(scripted: Any, connect: Callable[..., Client]) -> None:
    client = connect(scripted.url)
    client.wait_until_ready()

    with pytest.raises(AttributeError):
        client.lookup("shop/web", "u").version_number = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((None, "u"), "application"),
        ((5, "u"), "application"),
        (([], "u"), "application"),
        ((b"shop/web", "u"), "application"),
        (("shop/web", None), "user"),
        (("shop/web", 5), "user"),
        (("shop/web", "u", [1]), "attributes"),
        (("shop/web", "u", "text"), "attributes"),
        (("shop/web", "u", {5: "x"}), "attributes"),
        (("shop/web", "u", {"a": None}), "attributes.a"),
        (("shop/web", "\ud800"), "user"),
    ],
)
def test_what_is_no_text_is_refused_by_name(
    scripted: Any, connect: Callable[..., Client], arguments: tuple[Any, ...], field: str
) -> None:
    client = connect(scripted.url)
    client.wait_until_ready()

    with pytest.raises(InvalidArgumentError) as refused:
        client.lookup(*arguments)
    assert refused.value.field == field
